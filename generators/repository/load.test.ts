import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure, type Finding } from '../findings/index.ts'
import {
  environmentText,
  FILES,
  IMAGE,
  type Overrides,
  R1,
  type RepositoryFixture,
  V1,
  WINE,
  withRepository,
} from '../testing/repository-fixture.ts'
import { formatYaml } from '../yaml/index.ts'
import { loadRepository } from './load.ts'

/** The findings of the fixture with these files changed, and the fixture to ask for lines. */
async function findingsWith(
  overrides: Overrides,
  look: (findings: Finding[], fixture: RepositoryFixture) => void,
): Promise<void> {
  await withRepository(overrides, async (fixture) => {
    look((await fixture.load()).findings, fixture)
  })
}

const brief = (findings: Finding[]) => findings.map(({ rule, file, line }) => [rule, file, line])

test('the fixture has no findings, and everything in it is loaded', async () => {
  await withRepository({}, async ({ load }) => {
    const { repository, findings } = await load()
    assert.equal(findings, [])
    assert.equal([...repository.models.keys()], ['wine'])
    assert.equal([...repository.environments.keys()], ['development', 'production', 'staging'])
    const wine = repository.models.get('wine')
    assert.equal([...(wine?.versions.keys() ?? [])], ['1.0.0', '1.1.0'])
    assert.is(wine?.releases.get(R1.name)?.value.version, '1.0.0')
    assert.equal(wine?.versions.get('1.0.0')?.value, V1)
    assert.is(wine?.definition?.value.owner, 'cellar')
    assert.is(wine?.definition?.text, WINE)
  })
})

test('a folder without environments is no repository', async () => {
  const without = { [FILES.development]: undefined, [FILES.staging]: undefined, [FILES.production]: undefined }
  await withRepository(without, async ({ root }) => {
    try {
      await loadRepository(root)
      assert.unreachable()
    } catch (error) {
      assert.instance(error, Failure)
      assert.match((error as Failure).message, /is not a Modelyard repository/)
    }
  })
})

test('a file where a folder belongs is not taken for an empty one', async () => {
  const pins = 'environments/development/pins'
  await findingsWith({ [FILES.developmentPin]: undefined, [pins]: 'x' }, (findings) => {
    assert.ok(
      findings.some(({ rule, severity, file }) => rule === 'path-outside' && severity === 'error' && file === pins),
    )
  })
})

test('a syntax error in a definition is found at its line and column', async () => {
  await findingsWith({ [FILES.model]: WINE.replace("owner: 'cellar',", "owner: 'cellar'") }, (findings, { lineOf }) => {
    const own = findings.filter(({ rule }) => rule === 'definition-unreadable')
    assert.is(own.length, 1)
    assert.is(own[0]?.file, FILES.model)
    assert.is(own[0]?.line, lineOf(FILES.model, 'inputs: {'))
    assert.is(own[0]?.column, 3)
    assert.is(own[0]?.message, 'Expected "}" but found "inputs"')
  })
})

test('a name that modelyard does not export is found where it is imported', async () => {
  const text = WINE.replaceAll('tensor', 'tensr')
  await findingsWith({ [FILES.model]: text }, (findings) => {
    assert.equal(brief(findings), [['definition-unreadable', FILES.model, 1]])
    assert.match(findings[0]?.message ?? '', /No matching export in "package:modelyard" for import "tensr"/)
  })
})

test('an import that leads nowhere is found on its line', async () => {
  const text = environmentText('production', { promotesFrom: 'staging', imports: ["import x from '../nowhere.ts'"] })
  await findingsWith({ [FILES.production]: `${text}console.log(x)\n` }, (findings) => {
    assert.equal(brief(findings), [['definition-unreadable', FILES.production, 3]])
    assert.match(findings[0]?.message ?? '', /Could not resolve "\.\.\/nowhere\.ts"/)
  })
})

test('an error while a definition runs is found at the innermost line of the repository', async () => {
  const model = `import { limit } from '../limits.ts'\n${WINE.replace('max: 15', "max: limit('alcohol')")}`
  const limits = [
    'const limits: Record<string, number> = {}',
    'export function limit(name: string): number {',
    '  if (!(name in limits)) throw new RangeError("no limit of " + name)',
    '  return limits[name] ?? 0',
    '}',
    '',
  ].join('\n')
  await findingsWith({ [FILES.model]: model, 'models/limits.ts': limits }, (findings) => {
    assert.is(findings[0]?.message, 'fails when it is evaluated: RangeError: no limit of alcohol')
    assert.equal(brief(findings), [['definition-unreadable', 'models/limits.ts', 3]])
  })
})

test('a module that several definitions import is reported once', async () => {
  const imports = ["import '../shared.ts'"]
  const overrides = {
    'environments/shared.ts': 'export const broken = null as unknown as { a: number }\nbroken.a.toFixed()\n',
    [FILES.development]: environmentText('development', { imports }),
    [FILES.staging]: environmentText('staging', { promotesFrom: 'development', imports }),
  }
  await findingsWith(overrides, (findings) => {
    assert.equal(brief(findings), [['definition-unreadable', 'environments/shared.ts', 2]])
  })
})

test('a definition exports what its define call returns', async () => {
  for (const text of ['export const x = 1\n', 'export default { name: "wine" }\n', 'export default undefined\n']) {
    await findingsWith({ [FILES.model]: text }, (findings) => {
      assert.equal(brief(findings), [['definition-unreadable', FILES.model, 1]])
      assert.is(findings[0]?.message, 'has no default export made by defineModel({...})')
      assert.is(findings[0]?.fix, 'Write `export default defineModel({ ... })`.')
    })
  }
})

test('an environment where a model should be is refused', async () => {
  const text = "import { defineEnvironment } from 'modelyard'\nexport default defineEnvironment({} as never)\n"
  await findingsWith({ [FILES.model]: text }, (findings) => {
    assert.equal(brief(findings), [['definition-unreadable', FILES.model, 1]])
  })
})

test('a typo in a definition is found on its line, with the name that was meant', async () => {
  await findingsWith({ [FILES.model]: WINE.replace('maxSize', 'maxSzie') }, (findings, { lineOf }) => {
    const typo = findings.find(({ path }) => path === 'serving.batching.maxSzie')
    assert.is(typo?.rule, 'definition-invalid')
    assert.is(typo?.message, 'serving.batching.maxSzie: unknown field; did you mean "maxSize"?')
    assert.is(typo?.line, lineOf(FILES.model, 'maxSzie'))
    assert.is(
      findings.find(({ path }) => path === 'serving.batching.maxSize')?.message,
      'serving.batching.maxSize: is required',
    )
  })
})

test('units are checked again where no type holds them back', async () => {
  const wrong: [string, string, string][] = [
    ["cpu: '200m'", "cpu: '200 m' as '200m'", 'serving.resources.cpu'],
    ["memory: '256Mi'", "memory: '256MB' as '256Mi'", 'serving.resources.memory'],
    ["maxDelay: '2ms'", "maxDelay: '2 min' as '2m'", 'serving.batching.maxDelay'],
    ["latencyP99: '40ms'", 'latencyP99: 40 as never', 'slo.latencyP99'],
    ['availability: 0.99', 'availability: 99', 'slo.availability'],
    ["['batch', 1]", "['batch', -1]", 'outputs.quality.shape[1]'],
    ['{ red: 0, white: 1 }', "{ red: '0' as never, white: 1 }", 'inputs.features.features.colour.categories.red'],
  ]
  for (const [from, to, path] of wrong) {
    await findingsWith({ [FILES.model]: WINE.replace(from, to) }, (findings, { lineOf }) => {
      assert.equal(brief(findings), [['definition-invalid', FILES.model, lineOf(FILES.model, to)]], to)
      assert.is(findings[0]?.path, path)
    })
  }
})

test('version, release and pin files are checked, each by its own rule', async () => {
  const overrides = {
    [FILES.v1]: formatYaml(V1).replace('opset:', 'opsets:'),
    [FILES.r1]: R1.text.replace('cpuLimit', 'cpuLimt'),
    [FILES.stagingPin]: 'stable: "1.10"\n',
    [FILES.productionPin]: `stable: ${R1.name}\ncandidate:\n  release: ${R1.name}\n  mode: canary\n  wieght: 5\n`,
  }
  await findingsWith(overrides, (findings, { lineOf }) => {
    const of = (rule: string) =>
      findings.filter((finding) => finding.rule === rule).map(({ path, line }) => [path, line])
    assert.equal(of('version-invalid'), [
      ['runtime.opset', lineOf(FILES.v1, 'runtime:')],
      ['runtime.opsets', lineOf(FILES.v1, 'opsets')],
    ])
    assert.equal(of('release-invalid'), [
      ['settings.resources.cpuLimit', lineOf(FILES.r1, 'resources')],
      ['settings.resources.cpuLimt', lineOf(FILES.r1, 'cpuLimt')],
    ])
    assert.equal(of('pin-invalid'), [
      ['candidate.weight', 2],
      ['candidate.wieght', 5],
      ['stable', 1],
    ])
    assert.is(
      findings.find(({ file }) => file === FILES.stagingPin)?.message,
      'stable: "1.10" is not a version such as 1.5.0 or a release such as 1.5.0-8f3c2a9d@sha256:<64 hexadecimal digits>',
    )
  })
})

test('a file that is not YAML, and an empty one, are found with a line', async () => {
  const overrides = { [FILES.stagingPin]: 'stable: [1\n', [FILES.productionPin]: '' }
  await findingsWith(overrides, (findings) => {
    assert.equal(brief(findings), [
      ['pin-invalid', FILES.productionPin, 1],
      ['yaml-syntax', FILES.stagingPin, 2],
    ])
  })
})

test('all findings come at once, whatever else is broken', async () => {
  const overrides = {
    // Cannot even be parsed: the others are read all the same.
    'models/beer/model.ts': 'export default defineModel({',
    'models/cider/model.ts': 'throw new Error("boom")\n',
    [FILES.model]: WINE.replace('owner', 'ownr'),
    [FILES.development]: environmentText('development', { properties: ['trafic: 1'] }),
    [FILES.v1]: 'a: [\n',
    [FILES.r2]: 'model: wine\n',
    [FILES.productionPin]: 'stabel: 1.0.0\n',
  }
  await findingsWith(overrides, (findings) => {
    const seen = new Set(findings.map(({ rule, file }) => `${rule} ${file}`))
    for (const expected of [
      'definition-unreadable models/beer/model.ts',
      'definition-unreadable models/cider/model.ts',
      `definition-invalid ${FILES.model}`,
      `definition-invalid ${FILES.development}`,
      `yaml-syntax ${FILES.v1}`,
      `release-invalid ${FILES.r2}`,
      `pin-invalid ${FILES.productionPin}`,
    ]) {
      assert.ok(seen.has(expected), expected)
    }
    for (const { file, line, fix, message } of findings) assert.ok(file && line && fix && message, message)
  })
})

test('what a broken definition takes with it is not reported as missing', async () => {
  const overrides = {
    [FILES.model]: WINE.replace("name: 'wine',", ''),
    'environments/helper.ts': 'export const x = (\n',
    [FILES.staging]: `import '../helper.ts'\n${environmentText('staging', { promotesFrom: 'development' })}`,
  }
  await findingsWith(overrides, (findings) => {
    assert.equal(
      findings.map(({ rule, file }) => [rule, file]),
      [
        ['definition-unreadable', 'environments/helper.ts'],
        ['definition-invalid', FILES.model],
      ],
    )
  })
})

test('an environment promotes from the environment of that name, whatever its own file makes of it', async () => {
  const overrides = {
    [FILES.staging]: environmentText('staging', { promotesFrom: 'development' }).replace(
      'promotesFrom: development',
      "promotesFrom: { ...development, prometheus: 'http://elsewhere.example.com' }",
    ),
  }
  await withRepository(overrides, async ({ load }) => {
    const { repository, findings } = await load()
    assert.equal(findings, [])
    const [development, production, staging] = [...repository.environments.values()].map(
      ({ definition }) => definition.value,
    )
    assert.is(staging?.promotesFrom, development)
    assert.is(production?.promotesFrom, staging)
    assert.is(staging?.promotesFrom?.prometheus, undefined)
  })
})

test('a definition may import packages, CommonJS ones that name Node modules too', async () => {
  const overrides = {
    'node_modules/company-limits/package.json': '{"name":"company-limits","version":"1.0.0","main":"index.js"}',
    'node_modules/company-limits/index.js': "require('path')\nexports.limit = 15\n",
    'node_modules/@company/owner/package.json': '{"name":"@company/owner","type":"module","exports":"./owner.js"}',
    'node_modules/@company/owner/owner.js': "export default 'cellar-two'\n",
    [FILES.model]: `import owner from '@company/owner'\nimport { limit } from 'company-limits'\n${WINE.replace(
      'max: 15',
      'max: limit',
    ).replace("owner: 'cellar'", 'owner')}`,
  }
  await withRepository(overrides, async ({ load }) => {
    const { repository, findings } = await load()
    assert.equal(findings, [])
    const model = repository.models.get('wine')?.definition?.value
    assert.is(model?.owner, 'cellar-two')
    assert.match(JSON.stringify(model?.inputs), '"max":15,')
  })
})

test('packages that the root has not installed come from the packages root', async () => {
  const installed = {
    'node_modules/company-owner/package.json': '{"name":"company-owner","type":"module","exports":"./owner.js"}',
    'node_modules/company-owner/owner.js': "export default 'cellar-two'\n",
  }
  const model = `import owner from 'company-owner'\n${WINE.replace("owner: 'cellar'", 'owner')}`
  await withRepository(installed, async ({ root: packagesRoot }) => {
    await withRepository({ [FILES.model]: model }, async ({ root }) => {
      const repository = await loadRepository(root, { packagesRoot })
      assert.equal(repository.findings, [])
      assert.is(repository.models.get('wine')?.definition?.value.owner, 'cellar-two')
    })
  })
})

test('an edited definition is read anew by the same process', async () => {
  await withRepository({}, async ({ load, edit }) => {
    await load()
    edit(FILES.model, "'cellar'", "'tasting'")
    const { repository } = await load()
    assert.is(repository.models.get('wine')?.definition?.value.owner, 'tasting')
    assert.is(repository.environments.get('development')?.definition.value.servingImage, IMAGE)
  })
})

test('a folder where a file belongs, and a file where a folder belongs, are findings', async () => {
  const places: [path: string, make: (path: string) => void][] = [
    [FILES.productionPin, (path) => mkdirSync(path)],
    ['models/wine/versions/9.0.0.yaml', (path) => mkdirSync(path)],
    ['models/wine/model.ts', (path) => mkdirSync(path)],
    ['models/wine/releases', (path) => writeFileSync(path, '')],
  ]
  for (const [path, make] of places) {
    await withRepository({}, async ({ root, load }) => {
      rmSync(join(root, path), { recursive: true, force: true })
      make(join(root, path))
      const { findings } = await load()
      assert.ok(
        findings.some(({ rule, file }) => rule === 'path-outside' && file === path),
        `${path}: ${JSON.stringify(brief(findings))}`,
      )
    })
  }
})

test.run()
