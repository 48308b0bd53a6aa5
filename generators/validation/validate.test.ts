import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Finding } from '../findings/index.ts'
import { type ExampleRepository, REPOSITORY, withExample } from '../testing/example-repository.ts'
import { validateRepository } from './validate.ts'

const test = suite('validate')

type Expected = Pick<Finding, 'rule' | 'file' | 'line'> & { message: string; fix?: string }

/** Validates a copy after one change: these findings there must be, and no other beside what the example is said to be: open, with a placeholder for its image. */
async function findings(
  options: { offline?: boolean },
  change: (example: ExampleRepository) => Expected[],
): Promise<void> {
  await withExample(async (example) => {
    const expected = change(example)
    const { findings } = await validateRepository(example.root, options)
    const found = findings.filter(({ rule }) => !['image-placeholder', 'ingress-open'].includes(rule))
    assert.equal(
      found.map(({ rule, file, line, message, fix }, index) =>
        expected[index]?.fix === undefined ? { rule, file, line, message } : { rule, file, line, message, fix },
      ),
      expected,
    )
  })
}

const OFFLINE = { offline: true }
const VERSION = 'models/house-price/versions/1.1.0.yaml'

test('the repository is valid, and says that its image is a placeholder at the line that names it', async () => {
  await withExample(async ({ root, lineOf }) => {
    const { findings, counts, artifactsChecked } = await validateRepository(root)
    const file = 'environments/development/environment.ts'
    const open = findings.filter(({ rule }) => rule === 'ingress-open')
    assert.equal(
      open.map(({ severity, file: where, line }) => [severity, where, line]),
      ['development', 'production', 'staging'].map((name) => {
        const environment = `environments/${name}/environment.ts`
        return ['info', environment, lineOf(environment, '  network')]
      }),
    )
    assert.equal(
      findings.filter((finding) => !open.includes(finding)),
      [
        {
          rule: 'image-placeholder',
          severity: 'warning',
          message: 'servingImage has a digest of zeros: no cluster can pull it',
          file,
          line: lineOf(file, 'servingImage:'),
          fix: 'Publish an image of modelyard-serving and name it by its digest.',
        },
      ],
    )
    assert.ok(artifactsChecked)
    assert.ok(counts.environments >= 3 && counts.models >= 4 && counts.versions >= 7 && counts.objects > 100)
  })
})

test('dist/ of this repository is what synth writes', async () => {
  const { findings } = await validateRepository(REPOSITORY, OFFLINE)
  assert.equal(
    findings.filter(({ rule }) => rule === 'dist-stale').map(({ file }) => file),
    [],
  )
})

test('an edit in dist/ is stale at the line that differs', () =>
  findings(OFFLINE, ({ edit, lineOf }) => {
    const file = 'dist/production/models/house-price/deployment.yaml'
    edit(file, 'revisionHistoryLimit: 3', 'revisionHistoryLimit: 5')
    const message = 'differs from what synth writes'
    return [{ rule: 'dist-stale', file, line: lineOf(file, 'revisionHistoryLimit: 5'), message }]
  }))

test('an object of another hand in dist/ is found in every folder that Argo CD reads, and with definitions that cannot be read too', async () => {
  const files = [
    'dist/production/.hidden/role.yml',
    'dist/production/argocd/takeover.yaml',
    'dist/production/node_modules/x/role.json',
  ]
  const role = '{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"all"},"ruels":[]}'
  await withExample(async ({ root, write, edit }) => {
    for (const file of files) write(file, role)
    for (const isBroken of [false, true]) {
      if (isBroken) edit('models/house-price/model.ts', 'name:', 'nam:')
      const { findings } = await validateRepository(root, OFFLINE)
      for (const rule of ['dist-foreign', 'schema-invalid'] as const) {
        const found = findings.filter((finding) => finding.rule === rule).map(({ file }) => file)
        assert.equal(found.sort(), files, `${rule} ${isBroken}`)
      }
    }
  })
})

test('a file that is missing in dist/, and one that is not wanted any more, are stale', () =>
  findings(OFFLINE, ({ read, write, remove, lineOf }) => {
    const gone = 'dist/staging/models/house-price/pod-disruption-budget.yaml'
    const extra = 'dist/staging/models/house-price/service-account-two.yaml'
    const text = read('dist/staging/models/house-price/service-account.yaml')
    write(extra, text.replace(/^ {2}name: .*$/m, '  name: left-over'))
    remove(gone)
    const deployment = 'dist/staging/models/house-price/deployment.yaml'
    const unprotected = 'a drain may take all pods at once: no PodDisruptionBudget selects them'
    return [
      { rule: 'disruption-budget-missing', file: deployment, line: lineOf(deployment, 'spec:'), message: unprotected },
      { rule: 'dist-stale', file: gone, line: 1, message: 'is missing' },
      { rule: 'dist-stale', file: extra, line: 1, message: 'is no longer wanted' },
    ]
  }))

test('a file of dist/ that is no YAML is named with its line', async () => {
  await withExample(async ({ root, write }) => {
    write('dist/staging/ours.yaml', 'apiVersion: v1\nkind: ConfigMap\n  name: x\n')
    const { findings } = await validateRepository(root, OFFLINE)
    const found = findings.find(({ rule }) => rule === 'yaml-syntax')
    assert.equal([found?.file, found?.line], ['dist/staging/ours.yaml', 2])
  })
})

test('a misspelt property of a definition is found at its line, with what was meant', () =>
  findings(OFFLINE, ({ edit, lineOf }) => {
    const file = 'models/diabetes-progression/model.ts'
    edit(file, 'replicas: { min', 'replcas: { min')
    const message = 'serving.replcas: unknown field; did you mean "replicas"?'
    return [{ rule: 'definition-invalid', file, line: lineOf(file, 'replcas'), message, fix: 'Rename it to replicas.' }]
  }))

test('a pin to a version that does not exist names those that do', () =>
  findings(OFFLINE, ({ write }) => {
    const file = 'environments/development/pins/diabetes-progression.yaml'
    write(file, '# a comment\nstable: 9.9.9\n')
    const path = 'models/diabetes-progression/versions/9.9.9.yaml'
    const message = `version 9.9.9 of diabetes-progression does not exist (${path})`
    return [{ rule: 'pin-unknown-version', file, line: 2, message, fix: 'Name one of 1.0.0, 1.1.0.' }]
  }))

test('a pin to a release that does not exist is found at its line', () =>
  findings(OFFLINE, ({ edit, lineOf, stable }) => {
    const file = 'environments/production/pins/diabetes-progression.yaml'
    edit(file, stable('production', 'diabetes-progression'), '1.0.0-deadbeef')
    const path = 'models/diabetes-progression/releases/1.0.0-deadbeef.yaml'
    const message = `release 1.0.0-deadbeef of diabetes-progression does not exist (${path})`
    return [{ rule: 'pin-unknown-release', file, line: lineOf(file, 'stable:'), message }]
  }))

test('an edited release does not carry its name any more', async () => {
  await withExample(async ({ root, edit, stable }) => {
    const file = `models/house-price/releases/${stable('staging', 'house-price')}.yaml`
    edit(file, 'memory: 256Mi', 'memory: 64Mi')
    const { findings } = await validateRepository(root, OFFLINE)
    const found = findings.find((finding) => finding.rule === 'release-edited' && finding.file === file)
    assert.equal([found?.severity, found?.file, found?.line], ['error', file, 1])
    assert.match(
      found?.message ?? '',
      /^was edited after it was sealed: its content is that of house-price 1\.1\.0-[0-9a-f]{8}$/,
    )
    // Each pin that names it says so too, by the digest.
    const pins = findings.filter(
      ({ rule, file: of }) => rule === 'release-edited' && of?.endsWith('pins/house-price.yaml'),
    )
    assert.is(pins.length, 2)
  })
})

test('a version that was changed under a release is found at the digest that the release seals', () =>
  findings(OFFLINE, ({ edit, lineOf, stable }) => {
    const file = `models/house-price/releases/${stable('staging', 'house-price')}.yaml`
    // Not rendered anywhere: dist/ stays as it is, and only the seal tells.
    edit(VERSION, 'onnxruntime: 1.', 'onnxruntime: 2.')
    const line = lineOf(file, 'versionDigest:')
    const message = `seals version 1.1.0 with another content than ${VERSION} has now`
    return [{ rule: 'release-version-changed', file, line, message }]
  }))

test('a version file that is gone is missed where its release is pinned', async () => {
  await withExample(async ({ root, remove, stable }) => {
    const release = stable('production', 'diabetes-progression')
    remove('models/diabetes-progression/versions/1.0.0.yaml')
    const { findings } = await validateRepository(root, OFFLINE)
    const found = findings
      .filter(({ rule }) => rule === 'pin-unknown-version')
      .map(({ file, message }) => ({ file, message }))
    const message = `release ${release} seals version 1.0.0, whose file is gone`
    assert.equal(found, [{ file: 'environments/production/pins/diabetes-progression.yaml', message }])
  })
})

test('a version file under the name of another is misplaced', () =>
  findings(OFFLINE, ({ read, write }) => {
    const file = 'models/house-price/versions/2.0.0.yaml'
    write(file, read(VERSION))
    const message = 'says it is house-price 1.1.0, and its path says house-price 2.0.0'
    return [{ rule: 'version-misplaced', file, line: 1, message, fix: `Move it to ${VERSION}.` }]
  }))

test('two environments in one namespace are found at the second', async () => {
  await withExample(async ({ root, edit, lineOf }) => {
    const file = 'environments/production/environment.ts'
    edit(
      file,
      "server: 'https://production.kubernetes.example.com'",
      "server: 'https://staging.kubernetes.example.com'",
    )
    edit(file, "namespace: 'models'", "namespace: 'models-staging'")
    const { findings } = await validateRepository(root, OFFLINE)
    const found = findings.find(({ rule }) => rule === 'namespace-two-owners')
    assert.equal([found?.file, found?.line], [file, lineOf(file, 'namespace:')])
    const owner =
      'namespace models-staging of https://staging.kubernetes.example.com belongs to environment staging already'
    assert.is(found?.message, owner)
  })
})

test('an environment whose models every pod may call without a key is named, and how much somebody wanted that', async () => {
  const file = 'environments/production/environment.ts'
  const cases: [network: string, server: string, revision: number, severity: string | undefined][] = [
    ['', '', 1, 'info'],
    ['', '', 2, 'info'],
    // From revision 3 on nobody gets in whom the environment does not name.
    ['', '', 3, undefined],
    ["from: 'cluster'", '', 1, 'warning'],
    ["from: 'cluster'", '', 3, 'warning'],
    ["from: [{ namespace: 'web' }]", '', 1, undefined],
    ["from: 'cluster'", "apiKeys: 'keys'", 3, undefined],
    ['', "apiKeys: 'keys'", 1, undefined],
  ]
  await withExample(async ({ root, read, write }) => {
    const text = read(file)
    for (const [network, server, revision, severity] of cases) {
      const more = `network: { to: ['10.0.0.0/8'], ${network} }, ${server === '' ? '' : `server: { ${server} },`}`
      write(file, text.replace(/^ {2}network,$/m, `  ${more}`).replace('revision: 1', `revision: ${revision}`))
      const { findings } = await validateRepository(root, OFFLINE)
      const found = findings.find((finding) => finding.rule === 'ingress-open' && finding.file === file)
      assert.is(found?.severity, severity, `${more} ${revision}: ${JSON.stringify(findings.slice(0, 2))}`)
    }
  })
})

test('a login for a store that is not reached over HTTPS is refused: its pods would not send it', () =>
  withExample(async ({ root, edit, read, write }) => {
    const file = 'environments/production/environment.ts'
    write(file, `import { mlflow } from 'modelyard'\n${read(file)}`)
    edit(file, '\n  artifacts,', "\n  artifacts: mlflow('http://mlflow.mlflow.svc:5000', { secret: 'mlflow' }),")
    const { findings } = await validateRepository(root, OFFLINE)
    assert.match(
      findings.map(({ message }) => message).join('\n'),
      /artifacts: have a secret, and the server is not reached over HTTPS/,
    )
  }))

test.run()
