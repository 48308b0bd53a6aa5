import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createContentCache } from 'modelyard-serving/artifact'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ExampleClone, useStoresAt, withExampleClone } from '../testing/example-repository.ts'
import { runCommand } from './testing/command.ts'
import { isolateGit, pushToMain } from './testing/proposals.ts'

const test = suite('artifact')

test.before(isolateGit)

interface FileLine {
  model: string
  version: string
  name: string
  sha256: string
  size: number
  address: string
  result: string
  reason?: string
  fix?: string
}

interface EnvironmentLine {
  environment: string
  store: string
  files: FileLine[]
  lists: { model: string; version: string; result: string; reference: string }[]
  refused?: { reason: string; fix: string }
}

async function artifact(clone: ExampleClone, ...args: string[]) {
  const { code, stdout } = await runCommand(clone, 'artifact', ...args, '--json')
  const reports = JSON.parse(stdout) as EnvironmentLine[]
  const files = reports.flatMap((report) => report.files)
  return { code, reports, files, results: countBy(files.map(({ result }) => result)) }
}

const countBy = (names: readonly string[]) =>
  Object.fromEntries([...new Set(names)].sort().map((name) => [name, names.filter((one) => one === name).length]))

/** Every environment keeps its files in a volume. */
function useVolume(clone: ExampleClone): string {
  clone.edit('environments/shared.ts', "https('https://models.example.com')", "files('/models', { claim: 'models' })")
  clone.edit('environments/shared.ts', 'https', 'files')
  const folder = join(clone.root, '..', 'volume')
  mkdirSync(folder)
  return folder
}

test('push fills a volume with what the pins lead to, uploads nothing twice, and the server fetches equal bytes', async () => {
  await withExampleClone(async (clone) => {
    const folder = useVolume(clone)
    const elsewhere = await artifact(clone, 'push', 'production')
    assert.is(elsewhere.code, 2)
    assert.equal(elsewhere.reports[0]?.refused, {
      reason: '/models is not a folder of this machine: pods mount a volume there',
      fix: 'Mount the volume, and name its folder: --directory <path>',
    })
    const before = await artifact(clone, 'verify', 'production', '--directory', folder)
    assert.equal([before.code, before.results], [1, { missing: before.files.length }])
    const listed = await runCommand(clone, 'artifact', 'list', 'production', '--directory', folder)
    assert.is(listed.code, 0)
    const [heading = '', first = ''] = listed.stdout.split('\n')
    assert.match(heading, /^ENVIRONMENT +VERSION +FILE +SIZE +SHA256 +STORE$/)
    assert.match(first, /^production +breast-biopsy 1\.0\.0 +model +913 B +[0-9a-f]{64} +missing$/)

    const pushed = await artifact(clone, 'push', 'production', '--directory', folder)
    assert.equal([pushed.code, pushed.results], [0, { uploaded: before.files.length }])
    assert.equal(readdirSync(join(folder, 'sha256')).sort(), pushed.files.map(({ sha256 }) => sha256).sort())
    const again = await artifact(clone, 'push', 'production', '--directory', folder)
    assert.equal([again.code, again.results], [0, { present: before.files.length }])
    const verified = await artifact(clone, 'verify', 'production', '--full', '--directory', folder)
    assert.equal([verified.code, verified.results], [0, { verified: before.files.length }])

    const cache = createContentCache(join(clone.root, '..', 'cache'))
    for (const { model, version, name, address, sha256, size } of pushed.files) {
      const fetched = readFileSync(await cache.resolve({ address, sha256, size }))
      if (name !== 'model' || model === 'voice-activity') continue
      assert.equal(fetched, readFileSync(join(clone.root, `models/${model}/artifacts/${version}/model.onnx`)))
    }

    // The files of another environment's pins, before a promotion names them here.
    const ahead = await artifact(clone, 'push', 'production', '--pins', 'staging', '--directory', folder)
    const staging = await artifact(clone, 'verify', 'staging', '--directory', folder)
    assert.equal(
      ahead.files.map(({ sha256 }) => sha256),
      staging.files.map(({ sha256 }) => sha256),
    )
    assert.equal([ahead.code, staging.results], [0, { present: staging.files.length }])
  })
})

test('push names each file that it cannot take from here, uploads the others, and repairs one that was cut', async () => {
  await withExampleClone(async (clone) => {
    const folder = useVolume(clone)
    const house = 'models/house-price/artifacts/1.1.0'
    rmSync(join(clone.root, house, 'baseline.json'))
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 9\n`
    writeFileSync(join(clone.root, house, 'model.onnx'), pointer)
    writeFileSync(join(clone.root, house, 'samples.json'), '{}')
    const { code, files } = await artifact(clone, 'push', 'staging', '--directory', folder)
    const problems = files.filter(({ result }) => result !== 'uploaded')
    assert.is(code, 1)
    assert.equal(
      problems.map(({ name, result }) => [name, result]),
      [
        ['model', 'missing'],
        ['goldenSamples', 'missing'],
        ['baseline', 'missing'],
      ],
    )
    const [model, samples, baseline] = problems
    assert.is(model?.reason, `${house}/model.onnx is a Git LFS pointer`)
    assert.is(model?.fix, `Fetch its content: git lfs pull --include "${house}/model.onnx"`)
    assert.match(
      samples?.reason ?? '',
      new RegExp(`^${house}/samples.json has sha256 .* \\(2 bytes\\), and the version names`),
    )
    assert.is(baseline?.reason, `${house}/baseline.json cannot be read (ENOENT)`)
    assert.equal(readdirSync(join(folder, 'sha256')).length, files.length - 3)

    // What is in the store already is not needed here.
    const [whole] = files.filter(({ model: name, result }) => name === 'diabetes-progression' && result === 'uploaded')
    const stored = join(folder, 'sha256', whole?.sha256 ?? '')
    writeFileSync(stored, 'cut')
    const damaged = await artifact(clone, 'verify', 'staging', '--directory', folder)
    assert.equal([damaged.code, damaged.results['damaged']], [1, 1])
    const repaired = await artifact(clone, 'push', 'staging', '--directory', folder)
    assert.equal([repaired.results['uploaded'], repaired.results['missing']], [1, 3])
    assert.is(readFileSync(stored).length, whole?.size)
    const { stdout } = await runCommand(clone, 'artifact', 'push', 'staging', '--directory', folder)
    const lines = stdout.trimEnd().split('\n')
    assert.is(lines[0], `staging, ${folder}`)
    assert.match(stdout, /^ {2}present {3}[0-9a-f]{12} +244 KB {2}diabetes-progression 1\.1\.0 model$/m)
    assert.match(
      stdout,
      new RegExp(`^ {2}missing .*house-price 1\\.1\\.0 model\n {12}${house}/model.onnx is a Git LFS pointer\n`, 'm'),
    )
    assert.is(lines.at(-1), `  ${files.length} files: ${files.length - 3} present, 3 missing`)

    // The size is right and a byte is not: only --full sees it.
    const bytes = readFileSync(stored)
    writeFileSync(stored, bytes.fill(0, 0, 1))
    assert.is((await artifact(clone, 'verify', 'staging', '--directory', folder)).results['damaged'], undefined)
    const full = await artifact(clone, 'verify', 'staging', '--full', '--directory', folder)
    assert.equal([full.code, full.results['damaged']], [1, 1])
  })
})

test('credentials go to stores that the base branch names; S3, a registry and MLflow are filled, and a registry lists each version', async () => {
  const content = new Map<string, Buffer>()
  const methods: string[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', url = '' } = request
    const { pathname, searchParams } = new URL(url, 'http://x')
    methods.push(method)
    const path = pathname.replace(/uploads\/$/, searchParams.get('digest') ?? '')
    if (method === 'POST') response.writeHead(202, { location: pathname }).end()
    else if (method === 'PUT') {
      content.set(path, Buffer.concat(chunks))
      response.writeHead(201).end()
    } else response.writeHead(content.has(path) ? 200 : 404).end(content.get(path))
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const variables = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', MLFLOW_TRACKING_TOKEN: 'token' }
  Object.assign(process.env, variables)
  try {
    await withExampleClone(async (clone) => {
      useStoresAt(host, clone)
      const untrusted = await artifact(clone, 'push')
      assert.is(untrusted.code, 2)
      for (const { refused } of untrusted.reports) {
        assert.match(refused?.reason ?? '', /^origin\/main does not name .*, which would get the credentials/)
      }
      assert.equal(methods, [])

      await pushToMain(clone, 'Stores')
      const pushed = await artifact(clone, 'push')
      assert.equal([pushed.code, pushed.results], [0, { uploaded: pushed.files.length }])
      const staging = pushed.reports.find(({ environment }) => environment === 'staging')
      assert.equal(
        staging?.lists.map(({ reference }) => reference),
        [...new Set(staging?.files.map(({ model, version }) => `oci://${host}/models:${model}-${version}`))],
      )
      const manifest = JSON.parse(content.get('/v2/models/manifests/house-price-1.1.0')?.toString() ?? '')
      const paths = ['model.onnx', 'samples.json', 'baseline.json']
      const titles = manifest.layers.map((layer: { annotations: Record<string, string> }) => {
        return layer.annotations['org.opencontainers.image.title']
      })
      assert.equal(titles, paths)

      methods.length = 0
      const again = await artifact(clone, 'push')
      assert.equal([again.code, again.results], [0, { present: pushed.files.length }])
      assert.equal(countBy(methods), { GET: methods.length })
      const [first] = staging?.files ?? []
      content.delete(`/v2/models/blobs/sha256:${first?.sha256}`)
      const verified = await artifact(clone, 'verify', '--full')
      assert.equal([verified.code, verified.results], [1, { missing: 1, verified: pushed.files.length - 1 }])
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      const unanswered = await artifact(clone, 'verify', 'staging')
      assert.equal([unanswered.code, unanswered.results], [2, { failed: staging?.files.length ?? 0 }])
      assert.not.match(JSON.stringify([pushed, verified, unanswered]), /secret|"token"/)
    })
  } finally {
    server.close()
    for (const name of Object.keys(variables)) delete process.env[name]
  }
})

test.run()
