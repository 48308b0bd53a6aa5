import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundleFiles } from '../gates/index.ts'
import { requireEnvironment, requirePinned } from '../pins/index.ts'
import { prepareLocalPod } from '../registry/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'
import { useStoresAt, withExampleClone } from '../testing/example-repository.ts'
import { startLocalServer } from './local-server.ts'
import { runCommand } from './testing/command.ts'
import { isolateGit, pushToMain } from './testing/proposals.ts'

const test = suite('status, verify, doctor and diff --since')

const MODEL = 'diabetes-progression'
const PIN = `environments/staging/pins/${MODEL}.yaml`

test.before(() => {
  isolateGit()
  // Whatever cluster the machine of the test knows is none of ours.
  process.env['KUBECONFIG'] = '/dev/null'
})

test('verify follows a release from the base branch to what its server answers; what cannot be asked is unknown', async () => {
  await withExampleClone(async (clone) => {
    const model = requirePinned(requireEnvironment(resolvePlan(await loadRepository(clone.root)), 'staging'), MODEL)
    const pod = await prepareLocalPod(await loadRepository(clone.root), model, join(clone.root, 'pod'))
    const server = await startLocalServer({ ...pod, port: 0 })
    const verify = async (...more: string[]) => {
      const args = [
        '--env',
        'staging',
        '--address',
        server.address,
        '--prometheus',
        'http://127.0.0.1:1',
        '--json',
        ...more,
      ]
      const { code, stdout } = await runCommand(clone, 'verify', MODEL, ...args)
      const { steps } = JSON.parse(stdout) as { steps: { step: string; result: string; detail: string }[] }
      return {
        code,
        results: steps.map(({ step, result }) => [step, result]),
        details: steps.map(({ detail }) => detail),
      }
    }
    try {
      const good = await verify()
      assert.equal(good.results, [
        ['merged', 'pass'],
        ['synced', 'unknown'],
        ['loaded', 'unknown'],
        ['golden samples', 'pass'],
      ])
      assert.is(good.code, 2)
      assert.match(good.details[3] ?? '', /^24 of 24 through http/)

      // The pin moves on, and neither the base nor the server has followed yet.
      clone.edit(PIN, clone.pinned('staging', MODEL), clone.pinned('production', MODEL))
      const early = await verify()
      assert.equal(
        [early.results[0], early.results[3], early.code],
        [['merged', 'waiting'], ['golden samples', 'waiting'], 1],
      )
      assert.is(early.details[3], '1.1.0 answered, Git names 1.0.0')
      const lost = await verify('--base', 'origin/nowhere')
      assert.equal(lost.results[0], ['merged', 'unknown'])
      assert.match(
        lost.details[0] ?? '',
        /^origin\/nowhere is not known here: .* --base, or baseBranch in modelyard\.yaml$/,
      )
    } finally {
      await server.close()
    }
  })
})

test('status has a column for each source, and diff --since says what a branch lets run', async () => {
  await withExampleClone(async (clone) => {
    const { stdout } = await runCommand(clone, 'status', '--env', 'production')
    const [heading, ...rows] = stdout.split('\n')
    assert.match(heading ?? '', /^ENVIRONMENT +MODEL +GIT +ARGO +LOADED +NEXT$/)
    assert.match(rows.join('\n'), /production +diabetes-progression +1\.0\.0 +unknown +unknown +1\.1\.0\n/)
    assert.match(rows.join('\n'), /production +house-price +1\.0\.0 \+ 1\.1\.0 canary 10 % +unknown +unknown +-\n/)
    assert.match(rows.join('\n'), 'production, loaded: no Prometheus address is known')

    const same = await runCommand(clone, 'diff', '--since', 'main')
    assert.match(same.stdout, /^every environment runs what it did at \w{7}\n$/)
    clone.edit(PIN, clone.pinned('staging', MODEL), clone.pinned('production', MODEL))
    const { stdout: changed } = await runCommand(clone, 'diff', '--since', 'main', '--text')
    assert.match(changed, /^staging\/diabetes-progression: version 1\.1\.0 -> 1\.0\.0\n/)
    assert.match(changed, '\n+++ b/dist/staging/models/diabetes-progression/deployment.yaml\n')
  })
})

test('doctor names what is missing with its repair, and tells what it could not see from what is wrong', async () => {
  await withExampleClone(async (clone) => {
    const look = async (...args: string[]) => {
      const { code, stdout } = await runCommand(clone, 'doctor', '--json', ...args)
      const found = JSON.parse(stdout) as { what: string; result: string; detail: string; fix?: string }[]
      return { code, of: (what: string) => found.find((diagnosis) => diagnosis.what === what) }
    }
    const good = await look()
    assert.is(good.code, 0)
    assert.equal(
      ['Node.js', 'Git history', 'origin/main', 'definitions'].map((what) => good.of(what)?.result),
      ['ok', 'ok', 'ok', 'ok'],
    )
    assert.equal([good.of('forge token')?.result, good.of('Argo CD of staging')?.result], ['unknown', 'unknown'])
    clone.edit('models/house-price/model.ts', "owner: 'valuation'", "ownr: 'valuation'")
    const bad = await look('--base', 'trunk')
    assert.equal([bad.code, bad.of('origin/trunk')?.result, bad.of('definitions')?.result], [1, 'wrong', 'wrong'])
  })
})

test('doctor asks the store for every file of every pin, candidates included, and names those that are missing', async () => {
  await withExampleClone(async (clone) => {
    const store = join(clone.root, '..', 'store')
    clone.edit(
      'environments/shared.ts',
      "https('https://models.example.com')",
      `files('${store}', { claim: 'models' })`,
    )
    clone.edit('environments/shared.ts', 'https', 'files')
    const look = async () => {
      const { stdout } = await runCommand(clone, 'doctor', '--json')
      const found = JSON.parse(stdout) as { what: string; result: string; detail: string }[]
      return found.find(({ what }) => what === 'artifacts of production')
    }
    const { models } = requireEnvironment(resolvePlan(await loadRepository(clone.root)), 'production')
    const versions = models.flatMap(({ stable, candidate }) => [stable, ...(candidate ? [candidate.version] : [])])
    const wanted = new Set(versions.flatMap(({ facts }) => bundleFiles(facts).map(({ file }) => file.sha256)))
    assert.is((await look())?.detail, `${wanted.size} files not asked for: ${store} is a volume of its pods`)
    mkdirSync(join(store, 'sha256'), { recursive: true })
    for (const sha256 of wanted) writeFileSync(join(store, 'sha256', sha256), '')
    assert.is((await look())?.detail, `asked ${store} for ${wanted.size} files: all there`)

    const house = versions.find(({ facts }) => facts.model === 'house-price' && facts.version === '1.1.0')?.facts
    const { sha256 = '' } = house?.bundle.goldenSamples ?? {}
    rmSync(join(store, 'sha256', sha256))
    const missing = await look()
    assert.is(missing?.result, 'wrong')
    assert.is(
      missing?.detail,
      `asked ${store} for ${wanted.size} files, 1 missing: house-price 1.1.0 goldenSamples ${sha256.slice(0, 12)}`,
    )
  })
})

test('doctor asks S3, OCI registries and MLflow as pods do, with credentials for what the base branch names alone', async () => {
  const missing = new Set<string>()
  const asked = new Map<string, number>()
  const server = createServer(({ url = '' }, response) => {
    const digest = /[0-9a-f]{64}$/.exec(url)?.[0] ?? ''
    asked.set(url.split('/')[1] ?? '', (asked.get(url.split('/')[1] ?? '') ?? 0) + 1)
    if (missing.has(digest)) response.writeHead(404).end()
    else response.writeHead(200, {}).end('x')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const variables = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', MLFLOW_TRACKING_TOKEN: 'token' }
  Object.assign(process.env, variables)
  try {
    await withExampleClone(async (clone) => {
      const names = useStoresAt(host, clone)
      const look = async () => {
        const { stdout } = await runCommand(clone, 'doctor', '--json')
        const found = JSON.parse(stdout) as { what: string; result: string; detail: string }[]
        return new Map(found.map((one) => [one.what, one]))
      }
      const before = await look()
      for (const name of names) {
        assert.is(before.get(`artifacts of ${name}`)?.result, 'unknown')
        assert.match(before.get(`artifacts of ${name}`)?.detail ?? '', 'origin/main does not name this store')
      }
      assert.is(asked.size, 0)

      await pushToMain(clone, 'Stores')
      const digest =
        /goldenSamples:\n.*\n +sha256: (\w+)/.exec(clone.read('models/voice-activity/versions/1.0.0.yaml'))?.[1] ?? ''
      missing.add(digest)
      const after = await look()
      for (const name of names) {
        const { result, detail = '' } = after.get(`artifacts of ${name}`) ?? {}
        assert.is(result, 'wrong', detail)
        assert.match(detail, new RegExp(`, 1 missing: voice-activity 1\\.0\\.0 goldenSamples ${digest.slice(0, 12)}$`))
      }
      assert.equal([...asked.keys()].sort(), ['api', 'bucket', 'v2'])
    })
  } finally {
    server.close()
    for (const name of Object.keys(variables)) delete process.env[name]
  }
})

test.run()
