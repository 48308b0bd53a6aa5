import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import type { PinFile } from '../definitions/index.ts'
import {
  environmentText,
  FILES,
  pinText,
  R1,
  R2,
  type RepositoryFixture,
  versionFile,
  WINE,
  withRepository,
} from '../testing/repository-fixture.ts'
import { synthesize } from '../testing/synthesis.ts'
import { formatYaml } from '../yaml/index.ts'
import { HEADER } from './render.ts'

/** The files of dist/ that differ after `change`. */
async function changedBy(fixture: RepositoryFixture, change: () => void, selection = {}): Promise<string[]> {
  await synthesize(fixture)
  const before = fixture.tree('dist')
  change()
  await synthesize(fixture, selection)
  const after = fixture.tree('dist')
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((path) => before[path] !== after[path])
    .sort()
}

const MODEL_FILES = [
  'boot-config-map.yaml',
  'deployment.yaml',
  'horizontal-pod-autoscaler.yaml',
  'network-policy.yaml',
  'pod-disruption-budget.yaml',
  'routing-config-map.yaml',
  'service-account.yaml',
  'service.yaml',
]

function beer(pins: Record<string, string>): Record<string, string> {
  const files = {
    'models/beer/model.ts': WINE.replace("'wine'", "'beer'"),
    'models/beer/versions/1.0.0.yaml': formatYaml(versionFile('1.0.0', { model: 'beer' })),
  }
  const pinFiles = Object.entries(pins).map(([environment, stable]) => [
    `environments/${environment}/pins/beer.yaml`,
    pinText({ stable }),
  ])
  return { ...files, ...Object.fromEntries(pinFiles) }
}

test('one file an object, named after what the object is for, in a folder for each model', async () => {
  await withRepository({}, async (fixture) => {
    await synthesize(fixture)
    const files = Object.keys(fixture.tree('dist')).filter((path) => path.startsWith('dist/staging/'))
    assert.equal(files, [
      'dist/staging/argocd/app-project.yaml',
      'dist/staging/argocd/staging-environment.yaml',
      'dist/staging/argocd/staging-model-wine.yaml',
      'dist/staging/bootstrap/app-project.yaml',
      'dist/staging/bootstrap/staging-root.yaml',
      'dist/staging/environment/namespace.yaml',
      ...MODEL_FILES.map((name) => `dist/staging/models/wine/${name}`).sort(),
    ])
  })
})

test('each file begins with our header and holds one object, with what it is first', async () => {
  await withRepository({}, async (fixture) => {
    await synthesize(fixture)
    for (const [path, text] of Object.entries(fixture.tree('dist'))) {
      assert.ok(text.startsWith(HEADER), path)
      assert.equal(Object.keys(parse(text)).slice(0, 3), ['apiVersion', 'kind', 'metadata'], path)
    }
  })
})

test('twice changes nothing', async () => {
  await withRepository({}, async (fixture) => {
    assert.ok((await synthesize(fixture)).every(({ before }) => before === undefined))
    const tree = fixture.tree('dist')
    assert.equal(await synthesize(fixture), [])
    assert.equal(fixture.tree('dist'), tree)
  })
})

test('an edit of model.ts changes the first environment alone', async () => {
  await withRepository({}, async (fixture) => {
    assert.equal(await changedBy(fixture, () => fixture.edit(FILES.model, 'max: 6', 'max: 9')), [
      'dist/development/models/wine/horizontal-pod-autoscaler.yaml',
    ])
    assert.equal(await changedBy(fixture, () => fixture.edit(FILES.model, 'maxSize: 16', 'maxSize: 17')), [
      'dist/development/models/wine/boot-config-map.yaml',
      'dist/development/models/wine/deployment.yaml',
    ])
    const owner = await changedBy(fixture, () => fixture.edit(FILES.model, "'cellar'", "'tasting'"))
    assert.equal(
      owner,
      MODEL_FILES.map((name) => `dist/development/models/wine/${name}`),
    )
  })
})

test('an edit that only documents changes nothing', async () => {
  await withRepository({}, async (fixture) => {
    const comment = () => fixture.edit(FILES.model, "  name: 'wine',", "  // Red and white.\n  name: 'wine',")
    assert.equal(await changedBy(fixture, comment), [])
  })
})

test('a changed pin changes the files of its model in its environment', async () => {
  await withRepository({}, async (fixture) => {
    assert.equal(await changedBy(fixture, () => fixture.edit(FILES.productionPin, R1.reference, R2.reference)), [
      'dist/production/models/wine/boot-config-map.yaml',
      'dist/production/models/wine/deployment.yaml',
    ])
    const back = fixture.tree('dist')
    await changedBy(fixture, () => fixture.edit(FILES.productionPin, R2.reference, R1.reference))
    await changedBy(fixture, () => fixture.edit(FILES.productionPin, R1.reference, R2.reference))
    assert.equal(fixture.tree('dist'), back, 'back and forth gives the same bytes')
  })
})

test('a wider candidate changes the routing configuration alone', async () => {
  const candidate: PinFile['candidate'] = { release: R2.name, mode: 'canary', weight: 10 }
  await withRepository({ [FILES.productionPin]: pinText({ stable: R1.name, candidate }) }, async (fixture) => {
    const routing = ['dist/production/models/wine/routing-config-map.yaml']
    assert.equal(await changedBy(fixture, () => fixture.edit(FILES.productionPin, 'weight: 10', 'weight: 50')), routing)
    assert.equal(await changedBy(fixture, () => fixture.edit(FILES.productionPin, 'canary', 'shadow')), routing)
  })
})

test('a model more adds its files and its Application, and changes no others', async () => {
  await withRepository({}, async (fixture) => {
    const add = () => {
      for (const [file, text] of Object.entries(beer({ development: '1.0.0' }))) fixture.write(file, text)
    }
    assert.equal(await changedBy(fixture, add), [
      'dist/development/argocd/development-model-beer.yaml',
      ...MODEL_FILES.map((name) => `dist/development/models/beer/${name}`),
    ])
  })
})

test('a model that is pinned no more takes its files and its Application along, folders too', async () => {
  await withRepository(beer({ development: '1.0.0' }), async (fixture) => {
    const retire = () => fixture.remove('environments/development/pins/beer.yaml')
    assert.equal(await changedBy(fixture, retire), [
      'dist/development/argocd/development-model-beer.yaml',
      ...MODEL_FILES.map((name) => `dist/development/models/beer/${name}`),
    ])
    assert.not.throws(() => fixture.write('dist/development/models/beer', 'the folder is gone'))
  })
})

test('an environment that is removed takes its folder along', async () => {
  await withRepository({}, async (fixture) => {
    await synthesize(fixture)
    fixture.remove('environments/production')
    await synthesize(fixture)
    assert.equal(
      [...new Set(Object.keys(fixture.tree('dist')).map((path) => path.split('/')[1]))],
      ['development', 'staging'],
    )
    assert.not.throws(() => fixture.write('dist/production', 'the folder is gone'))
  })
})

test('only what Modelyard wrote is removed: a file of somebody else stays, and its folder', async () => {
  const foreign = {
    'dist/production/models/wine/extra.yaml': 'kind: ConfigMap\n',
    'dist/production/models/wine/notes.md': `${HEADER}not YAML\n`,
    'dist/other/quoted.yaml': `# a note\n${HEADER}kind: X\n`,
  }
  await withRepository(foreign, async (fixture) => {
    await synthesize(fixture)
    fixture.remove('environments/production')
    await synthesize(fixture)
    const left = Object.entries(fixture.tree('dist')).filter(([path]) => !/^dist\/(development|staging)\//.test(path))
    assert.equal(Object.fromEntries(left), foreign)
  })
})

test('a file of ours that no object has any more is removed wherever it lies in dist/', async () => {
  const stale = {
    'dist/staging/models/wine/horizontal-pod-autoscaler-old.yaml': `${HEADER}kind: X\n`,
    'dist/long/gone/x.yaml': `${HEADER}kind: X\n`,
  }
  await withRepository(stale, async (fixture) => {
    const removed = (await synthesize(fixture)).filter(({ after }) => after === undefined)
    assert.equal(
      removed.map(({ path }) => path),
      Object.keys(stale).sort(),
    )
  })
})

test('a selected environment is written alone, and the others stay', async () => {
  await withRepository({}, async (fixture) => {
    const everywhere = () => {
      fixture.edit(FILES.productionPin, R1.reference, R2.reference)
      fixture.edit(FILES.model, 'max: 6', 'max: 9')
    }
    assert.equal(await changedBy(fixture, everywhere, { environment: 'production' }), [
      'dist/production/models/wine/boot-config-map.yaml',
      'dist/production/models/wine/deployment.yaml',
    ])
  })
})

test('a selected model is written alone, and the others stay', async () => {
  await withRepository(beer({ development: '1.0.0' }), async (fixture) => {
    const both = () => {
      fixture.edit(FILES.model, 'max: 6', 'max: 9')
      fixture.edit('models/beer/model.ts', 'max: 6', 'max: 8')
      fixture.write('dist/development/argocd/stale.yaml', `${HEADER}kind: X\n`)
      fixture.write('dist/development/models/wine/stale.yaml', `${HEADER}kind: X\n`)
      fixture.write('dist/development/models/beer/stale.yaml', `${HEADER}kind: X\n`)
    }
    const changed = await changedBy(fixture, both, { model: 'beer' })
    assert.equal(
      changed.filter((path) => !path.endsWith('stale.yaml')),
      ['dist/development/models/beer/horizontal-pod-autoscaler.yaml'],
    )
    const stale = Object.keys(fixture.tree('dist')).filter((path) => path.endsWith('stale.yaml'))
    assert.equal(stale, ['dist/development/argocd/stale.yaml', 'dist/development/models/wine/stale.yaml'])
  })
})

test('a selected model in a selected environment is written alone, with its Application', async () => {
  await withRepository({}, async (fixture) => {
    const changes = await synthesize(fixture, { environment: 'staging', model: 'wine' })
    assert.equal(
      changes.map(({ path }) => path),
      [
        'dist/staging/argocd/staging-model-wine.yaml',
        ...MODEL_FILES.map((name) => `dist/staging/models/wine/${name}`).sort(),
      ],
    )
  })
})

test('a fixed number of pods takes the autoscaler away', async () => {
  await withRepository({}, async (fixture) => {
    assert.equal(await changedBy(fixture, () => fixture.edit(FILES.model, 'max: 6', 'max: 2')), [
      'dist/development/models/wine/deployment.yaml',
      'dist/development/models/wine/horizontal-pod-autoscaler.yaml',
    ])
  })
})

test('an environment is renamed with its folder of dist/', async () => {
  await withRepository({}, async (fixture) => {
    await synthesize(fixture)
    fixture.write('environments/live/environment.ts', environmentText('live', { promotesFrom: 'staging' }))
    fixture.write('environments/live/pins/wine.yaml', fixture.read(FILES.productionPin))
    fixture.remove('environments/production')
    const changes = await synthesize(fixture)
    const added = changes.filter(({ before }) => before === undefined).map(({ path }) => path)
    const removed = changes.filter(({ after }) => after === undefined).map(({ path }) => path)
    assert.ok(added.every((path) => path.startsWith('dist/live/')))
    assert.equal(
      removed.map((path) => path.replaceAll('production', 'live')),
      added,
    )
  })
})

test.run()
