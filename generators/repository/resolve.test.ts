import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ReleaseFile } from '../definitions/index.ts'
import type { Finding } from '../findings/index.ts'
import {
  EVIL_TWIN,
  environmentText,
  FILES,
  IMAGE,
  type Overrides,
  pinText,
  R1,
  R2,
  type RepositoryFixture,
  release,
  SETTINGS,
  TWIN,
  V1,
  V2,
  versionFile,
  WINE,
  withRepository,
} from '../testing/repository-fixture.ts'
import { formatYaml, parseYaml } from '../yaml/index.ts'
import { loadPlan } from './load-plan.ts'

async function oneFinding(
  overrides: Overrides,
  look: (finding: Finding, fixture: RepositoryFixture) => void,
): Promise<void> {
  await withRepository(overrides, async (fixture) => {
    const [finding, ...others] = (await fixture.load()).findings
    assert.equal(others, [])
    if (!finding) throw new Error('expected a finding')
    assert.is(finding.severity, 'error')
    assert.ok(finding.fix)
    look(finding, fixture)
  })
}

test('environments come in the order of promotion, not of their names', async () => {
  await withRepository({}, async ({ load }) => {
    const { plan } = await load()
    assert.equal(
      plan.environments.map(({ definition }) => definition.name),
      ['development', 'staging', 'production'],
    )
  })
})

test('a first environment runs the version with what model.ts says, others what their release seals', async () => {
  await withRepository({ [FILES.model]: WINE.replace('maxSize: 16', 'maxSize: 99') }, async ({ planned }) => {
    const development = await planned('development')
    assert.is(development.stable.reference, '1.1.0')
    assert.is(development.stable.release, undefined)
    assert.is(development.stable.servingImage, IMAGE)
    assert.is(development.effectiveSettings.batching.maxSize, 99)
    const production = await planned('production')
    assert.is(production.stable.release, R1.name)
    assert.equal(production.stable.facts, V1)
    assert.equal(production.effectiveSettings, SETTINGS)
  })
})

test('a release seals its own image, whatever the first environment names now', async () => {
  const image = IMAGE.replaceAll('a'.repeat(64), 'b'.repeat(64))
  await withRepository(
    { [FILES.development]: environmentText('development').replace(IMAGE, image) },
    async (fixture) => {
      assert.is((await fixture.planned('development')).stable.servingImage, image)
      assert.is((await fixture.planned('staging')).stable.servingImage, IMAGE)
    },
  )
})

test('what is pinned by release runs without model.ts', async () => {
  await withRepository({ [FILES.model]: undefined, [FILES.developmentPin]: undefined }, async ({ planned }) => {
    assert.equal((await planned('production')).effectiveSettings, SETTINGS)
  })
})

test('a model without a pin does not run', async () => {
  await withRepository({ [FILES.stagingPin]: undefined }, async ({ load }) => {
    const { plan, findings } = await load()
    assert.equal(findings, [])
    assert.equal(
      plan.environments.map(({ models }) => models.length),
      [1, 0, 1],
    )
  })
})

test('a candidate runs beside the stable version, with its mode and weight', async () => {
  const candidate = { release: R2.name, mode: 'ab', weight: 12.5, header: 'x-user' } as const
  await withRepository({ [FILES.productionPin]: pinText({ stable: R1.name, candidate }) }, async ({ planned }) => {
    const { candidate: planned_, stable } = await planned('production')
    assert.is(stable.facts.version, '1.0.0')
    const { version, effectiveSettings: _, ...routing } = planned_ ?? {}
    assert.equal(routing, { mode: 'ab', weight: 12.5, header: 'x-user' })
    assert.is(version?.release, R2.name)
    assert.equal(version?.facts, V2)
  })
})

test('a pin of a model that does not exist is found, with the model that was meant', async () => {
  const file = 'environments/production/pins/wien.yaml'
  await oneFinding({ [file]: `# new\nstable: ${R1.name}\n` }, (finding) => {
    assert.is(finding.rule, 'pin-unknown-model')
    assert.is(finding.message, 'pins a model that does not exist: wien; did you mean "wine"?')
    assert.is(finding.file, file)
    assert.is(finding.line, 2)
  })
})

test('a version cannot run where model.ts is gone: it is not silently left out', async () => {
  await oneFinding({ [FILES.model]: undefined }, (finding) => {
    assert.is(finding.rule, 'pin-unknown-model')
    assert.is(finding.message, `pins 1.1.0 of wine, and without ${FILES.model} nothing says how to run it`)
    assert.is(finding.file, FILES.developmentPin)
    assert.is(finding.line, 1)
  })
})

test('a version that does not exist is found, with those that do', async () => {
  await oneFinding({ [FILES.developmentPin]: '# next\nstable: 1.2.0\n' }, (finding) => {
    assert.is(finding.rule, 'pin-unknown-version')
    assert.is(finding.message, 'version 1.2.0 of wine does not exist (models/wine/versions/1.2.0.yaml)')
    assert.is(finding.fix, 'Name one of 1.0.0, 1.1.0.')
    assert.is(finding.file, FILES.developmentPin)
    assert.is(finding.line, 2)
  })
})

test('without any version the repair is to register one', async () => {
  const none = {
    [FILES.v1]: undefined,
    [FILES.v2]: undefined,
    [FILES.stagingPin]: undefined,
    [FILES.productionPin]: undefined,
  }
  await oneFinding(none, (finding) => {
    assert.is(finding.rule, 'pin-unknown-version')
    assert.is(finding.fix, 'Register one: modelyard register wine ...')
  })
})

test('a release that does not exist is found', async () => {
  await oneFinding({ [FILES.productionPin]: 'stable: 1.0.0-deadbeef\n' }, (finding) => {
    assert.is(finding.rule, 'pin-unknown-release')
    assert.is(
      finding.message,
      'release 1.0.0-deadbeef of wine does not exist (models/wine/releases/1.0.0-deadbeef.yaml)',
    )
    assert.is(finding.fix, `Name one of ${[R1.name, R2.name].sort().join(', ')}.`)
    assert.is(finding.line, 1)
  })
})

test('a candidate that does not exist is found on its line, and the stable version is still planned', async () => {
  const pin = `stable: ${R1.reference}\ncandidate:\n  mode: canary\n  release: 1.1.0-deadbeef\n  weight: 5\n`
  await withRepository({ [FILES.productionPin]: pin }, async ({ load }) => {
    const { plan, findings } = await load()
    assert.equal(
      findings.map(({ rule, file, line }) => [rule, file, line]),
      [['pin-unknown-release', FILES.productionPin, 4]],
    )
    assert.is(plan.environments[2]?.models[0]?.stable.release, R1.name)
    assert.is(plan.environments[2]?.models[0]?.candidate, undefined)
  })
})

test('a release whose version file is gone is found at the pin', async () => {
  await oneFinding({ [FILES.v1]: undefined }, (finding) => {
    assert.is(finding.rule, 'pin-unknown-version')
    assert.is(finding.message, `release ${R1.name} seals version 1.0.0, whose file is gone`)
    assert.is(finding.file, FILES.productionPin)
  })
})

test('a release whose file is wrong is named as such, beside its own finding', async () => {
  await withRepository({ [FILES.r1]: 'model: [\n' }, async ({ load }) => {
    const { findings } = await load()
    assert.equal(
      findings.map(({ rule, file }) => [rule, file]),
      [
        ['pin-unknown-release', FILES.productionPin],
        ['yaml-syntax', FILES.r1],
      ],
    )
    assert.is(findings[0]?.message, `release ${R1.name} cannot be used`)
    assert.is(findings[0]?.fix, `Fix ${FILES.r1}.`)
  })
})

test('an environment that takes promotions pins no bare version', async () => {
  await oneFinding({ [FILES.stagingPin]: 'stable: 1.1.0\n' }, (finding) => {
    assert.is(finding.rule, 'pin-not-a-release')
    assert.is(finding.message, 'staging takes sealed releases, and 1.1.0 is a bare version')
    assert.is(finding.fix, 'Run modelyard promote wine --from development --to staging.')
    assert.is(finding.file, FILES.stagingPin)
    assert.is(finding.line, 1)
  })
})

test('an environment that promotes from an unknown one is found', async () => {
  const text = [
    "import { defineEnvironment, https } from 'modelyard'",
    "import development from '../development/environment.ts'",
    'export default defineEnvironment({',
    "  name: 'staging', revision: 1, namespace: 'models-staging',",
    "  promotesFrom: { ...development, name: 'qa' },",
    "  cluster: { name: 'staging', server: 'https://staging.example.com' },",
    "  artifacts: https('https://store.example.com'),",
    "  argocd: { repoURL: 'https://git.example.com/models.git' },",
    '})',
    '',
  ].join('\n')
  await oneFinding({ [FILES.staging]: text }, (finding) => {
    assert.is(finding.rule, 'environment-source')
    assert.is(finding.message, 'promotes from "qa", which is no environment of this repository')
    assert.is(finding.file, FILES.staging)
    assert.is(finding.line, 5)
  })
})

test('an environment that promotes from itself is found once, near or far', async () => {
  const looped = (name: string) =>
    environmentText('staging', { promotesFrom: 'development' }).replace(
      'promotesFrom: development',
      `promotesFrom: { ...development, name: '${name}' }`,
    )
  await withRepository({ [FILES.staging]: looped('staging') }, async ({ load }) => {
    const { plan, findings } = await load()
    assert.equal(
      findings.map(({ rule, message }) => [rule, message]),
      [['environment-source', 'staging promotes from itself']],
    )
    assert.is(plan.environments.length, 3)
  })
  await withRepository({ [FILES.staging]: looped('production') }, async ({ load }) => {
    const { plan, findings } = await load()
    assert.equal(
      findings.map(({ rule, message }) => [rule, message]),
      [['environment-source', 'staging promotes from itself by way of production']],
    )
    assert.is(plan.environments.length, 3)
  })
})

test('an override of an unknown model is found on its line', async () => {
  const properties = ["overrides: [\n    { model: 'beer', replicas: { min: 1, max: 2 } },\n  ]"]
  const text = environmentText('production', { promotesFrom: 'staging', properties })
  await oneFinding({ [FILES.production]: text }, (finding, { lineOf }) => {
    assert.is(finding.rule, 'override-unknown-model')
    assert.is(finding.message, 'overrides settings of "beer", which is no model of this repository')
    assert.is(finding.file, FILES.production)
    assert.is(finding.line, lineOf(FILES.production, 'beer'))
  })
})

test('where each owner has a namespace, a model runs in its own, and without one it does not run', async () => {
  await withRepository({}, async (fixture) => {
    const from = "namespace: 'models-production'"
    fixture.edit(FILES.production, from, "namespace: { byOwner: { kitchen: 'food', cellar: 'wines' } }")
    assert.is((await fixture.planned('production')).namespace, 'wines')
    assert.is((await fixture.planned('staging')).namespace, 'models-staging')
    fixture.edit(FILES.production, ", cellar: 'wines'", '')
    const { plan, findings } = await fixture.load()
    assert.equal(
      findings.map(({ rule, file, line, message }) => [rule, file, line, message]),
      [
        [
          'owner-namespace-missing',
          FILES.productionPin,
          1,
          'wine belongs to cellar, which has no namespace in production',
        ],
      ],
    )
    assert.equal(plan.environments.at(-1)?.models, [])
  })
})

test('an override changes what it names in its environment, and nothing else', async () => {
  const imports = ["import wine from '../../models/wine/model.ts'"]
  const properties = ["overrides: [override(wine, { resources: { cpu: '1500m', memory: '1Gi' } })]"]
  const text = environmentText('production', { promotesFrom: 'staging', imports, properties })
  await withRepository({ [FILES.production]: text }, async ({ planned }) => {
    assert.equal((await planned('production')).effectiveSettings, {
      ...SETTINGS,
      resources: { cpu: '1500m', memory: '1Gi', cpuLimit: '1500m' },
    })
    assert.equal((await planned('production')).stable.sealedSettings, SETTINGS)
    assert.equal((await planned('staging')).effectiveSettings, SETTINGS)
  })
})

test('a candidate of the same version, or in another image, cannot share the pods', async () => {
  const again = release(V1, { settings: { ...SETTINGS, strict: true } })
  const image = release(V2, { servingImage: IMAGE.replaceAll('a'.repeat(64), 'b'.repeat(64)) })
  for (const [candidate, message] of [
    [again, 'the candidate is version 1.0.0, which is the stable version too'],
    [image, "the candidate's release seals another serving image than the stable release, and both share one pod"],
  ] as const) {
    const pin = pinText({ stable: R1.name, candidate: { release: candidate.name, mode: 'canary', weight: 10 } })
    const overrides = { [FILES.productionPin]: pin, [`models/wine/releases/${candidate.name}.yaml`]: candidate.text }
    await oneFinding(overrides, (finding) => {
      assert.is(finding.rule, 'candidate-not-servable')
      assert.is(finding.message, message)
      assert.is(finding.file, FILES.productionPin)
      assert.is(finding.line, 3)
    })
  }
})

test('what decides an A/B test is one thing, that requests have, and nothing else has it', async () => {
  const base = { release: R2.name, weight: 10 }
  for (const [candidate, field, message] of [
    [
      { ...base, mode: 'ab', feature: 'color' },
      'feature',
      'version 1.0.0 has no feature "color"; did you mean "colour"?',
    ],
    [
      { ...base, mode: 'ab', header: 'x-user', feature: 'colour' },
      'feature',
      'both header and feature are named, and one of them decides',
    ],
    [
      { ...base, mode: 'canary', header: 'x-user' },
      'header',
      'header decides who gets an A/B candidate, and this one is a canary',
    ],
  ] as const) {
    const pin = pinText({ stable: R1.name, candidate })
    await oneFinding({ [FILES.productionPin]: pin }, (finding) => {
      assert.is(finding.rule, 'pin-invalid')
      assert.is(finding.message, message)
      assert.is(finding.line, pin.split('\n').findIndex((line) => line.includes(`${field}:`)) + 1)
    })
  }
  const pin = pinText({ stable: R1.name, candidate: { ...base, mode: 'ab', feature: 'colour', salt: 'autumn' } })
  await withRepository({ [FILES.productionPin]: pin }, async ({ planned }) => {
    const { candidate } = await planned('production')
    assert.equal([candidate?.mode, candidate?.feature, candidate?.salt], ['ab', 'colour', 'autumn'])
  })
})

test('a first environment may run a bare candidate', async () => {
  const pin = pinText({ stable: '1.0.0', candidate: { release: '1.1.0', mode: 'shadow', weight: 100 } })
  await withRepository({ [FILES.developmentPin]: pin }, async ({ planned }) => {
    const { candidate } = await planned('development')
    assert.is(candidate?.version.reference, '1.1.0')
    assert.is(candidate?.version.servingImage, IMAGE)
  })
})

test('a release is named by its content', () => {
  assert.match(R1.name, /^1\.0\.0-[0-9a-f]{8}$/)
  assert.is(release(versionFile('1.0.0')).name, R1.name)
  assert.is.not(release(V1, { settings: { ...SETTINGS, strict: true } }).name, R1.name)
  assert.is.not(release(versionFile('1.0.0', { lineage: { run: 'run-2' } })).name, R1.name)
})

test('a plan for cdk8s programs fails with every finding', async () => {
  const overrides = { [FILES.developmentPin]: 'stable: 9.9.9\n', [FILES.stagingPin]: 'stable: 1.1.0\n' }
  await withRepository(overrides, async ({ root }) => {
    try {
      await loadPlan(root)
      assert.unreachable()
    } catch (error) {
      const { name, findings } = error as Error & { findings: Finding[] }
      assert.is(name, 'Failure')
      assert.equal(
        findings.map(({ rule }) => rule),
        ['pin-unknown-version', 'pin-not-a-release'],
      )
    }
  })
  await withRepository({}, async ({ root }) => assert.is((await loadPlan(root)).environments.length, 3))
})

test('two models are planned in the order of their names', async () => {
  const beer = versionFile('1.0.0', { model: 'beer' })
  const overrides = {
    'models/beer/model.ts': WINE.replace("'wine'", "'beer'"),
    'models/beer/versions/1.0.0.yaml': formatYaml(beer),
    'environments/development/pins/beer.yaml': 'stable: 1.0.0\n',
  }
  await withRepository(overrides, async ({ load }) => {
    const { plan, findings } = await load()
    assert.equal(findings, [])
    assert.equal(
      plan.environments[0]?.models.map(({ name }) => name),
      ['beer', 'wine'],
    )
  })
})

test('the digest decides which release a pin means: another of the same short name is refused', async () => {
  assert.is(TWIN.name, EVIL_TWIN.name)
  assert.is.not(TWIN.reference, EVIL_TWIN.reference)
  const file = `models/wine/releases/${TWIN.name}.yaml`
  await withRepository({ [FILES.productionPin]: `stable: ${TWIN.reference}\n`, [file]: TWIN.text }, async (fixture) => {
    assert.equal((await fixture.load()).findings, [])
    fixture.write(file, EVIL_TWIN.text)
    const { findings } = await fixture.load()
    assert.equal(
      findings.map((finding) => [finding.rule, finding.severity, finding.file, finding.line]),
      [['release-edited', 'error', FILES.productionPin, 1]],
    )
  })
})

test('a pin of an environment that takes releases names them with their digest', async () => {
  await withRepository({ [FILES.productionPin]: `stable: ${R1.name}\n` }, async ({ load }) => {
    const { findings } = await load()
    assert.equal(
      findings.map(({ rule, severity, file, line, fix }) => [rule, severity, file, line, fix]),
      [
        [
          'pin-without-digest',
          'error',
          FILES.productionPin,
          1,
          `Write ${R1.reference}, or run modelyard validate --fix.`,
        ],
      ],
    )
  })
})

test('images come from the registries that an environment names, by whole parts of their names', async () => {
  const findingsFor = async (registry: string) => {
    const production = environmentText('production', {
      promotesFrom: 'staging',
      properties: [`imageRegistries: ['${registry}']`],
    })
    let rules: string[] = []
    await withRepository({ [FILES.production]: production }, async ({ load }) => {
      rules = (await load()).findings.map(({ rule, file }) => `${rule} ${file}`)
    })
    return rules
  }
  for (const registry of ['registry.example.com', 'registry.example.com/serving'])
    assert.equal(await findingsFor(registry), [], registry)
  for (const registry of ['registry.example.co', 'registry.example.com/serv', 'example.com', 'other.example.com'])
    assert.equal(await findingsFor(registry), [`serving-image-registry ${FILES.productionPin}`], registry)
})

test('a release has no number whose last digits could be varied, and no image that is no image', async () => {
  const release = parseYaml('release', R1.text).document?.value as ReleaseFile
  const { settings } = release
  const wrong: Partial<ReleaseFile>[] = [
    { settings: { ...settings, slo: { ...settings.slo, availability: 0.9900000000001 } } },
    { settings: { ...settings, slo: { ...settings.slo, latencyP99Ms: 40.0000001 } } },
    { settings: { ...settings, slo: { ...settings.slo, latencyP99Ms: 1e300 } } },
    { settings: { ...settings, batching: { ...settings.batching, maxDelayMs: -0 } } },
    { settings: { ...settings, batching: { ...settings.batching, maxSize: 1e9 } } },
    { settings: { ...settings, resources: { ...settings.resources, cpu: `0.2${'0'.repeat(20)}1` } } },
    { settings: { ...settings, resources: { ...settings.resources, memory: `${'0'.repeat(20)}256Mi` } } },
    { servingImage: `registry.example.com/../evil@sha256:${'a'.repeat(64)}` },
    { servingImage: `registry.example.com@evil/x@sha256:${'a'.repeat(64)}` },
  ]
  const files = wrong.map((changes, index): [string, string] => [
    `models/wine/releases/1.0.0-0000000${index}.yaml`,
    formatYaml({ ...release, ...changes }),
  ])
  await withRepository(Object.fromEntries(files), async ({ load }) => {
    const { findings } = await load()
    assert.equal(
      findings.map(({ rule, file }) => [rule, file]),
      files.map(([file]) => ['release-invalid', file]),
    )
  })
})

test.run()
