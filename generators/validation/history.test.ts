import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Repository } from '../repository/index.ts'
import {
  EVIL_TWIN,
  environmentText,
  FILES,
  type Overrides,
  pinText,
  R1,
  R2,
  type RepositoryFixture,
  release,
  TWIN,
  versionFile,
  withRepository,
} from '../testing/repository-fixture.ts'
import { formatYaml } from '../yaml/index.ts'
import { checkHistory } from './history.ts'
import { checkOwnership } from './ownership.ts'
import { checkRepositoryRules } from './repository.ts'

const test = suite('what a change does to a repository')

/** `rule severity file:line` of what a change of the fixture's repository does to it. */
async function changed(change: (fixture: RepositoryFixture) => void, overrides: Overrides = {}): Promise<string[]> {
  let found: string[] = []
  await withRepository(overrides, async (fixture) => {
    const key = JSON.stringify(overrides, (_, value) => value ?? null)
    const base = bases.get(key) ?? (await fixture.load()).repository
    bases.set(key, base)
    change(fixture)
    const findings = checkHistory(base, (await fixture.load()).repository)
    found = findings.map(({ rule, severity, file, line }) => `${rule} ${severity} ${file}:${line}`)
  })
  return found
}

/** Paths in them are relative: what the same files were is read once. */
const bases = new Map<string, Repository>()

const V3 = versionFile('1.2.0')
const R3 = release(V3)
const THIRD = { 'models/wine/versions/1.2.0.yaml': formatYaml(V3), [`models/wine/releases/${R3.name}.yaml`]: R3.text }
const pin = (environment: 'staging' | 'production', stable: string) => (fixture: RepositoryFixture) =>
  fixture.write(FILES[`${environment}Pin`], pinText({ stable }))

test('versions and releases are add-only, as long as their model is there', async () => {
  assert.equal(await changed(({ edit }) => edit(FILES.v1, 'rows: 100', 'rows: 101')), [
    `fact-changed error ${FILES.v1}:1`,
  ])
  assert.equal(await changed(({ remove }) => remove(FILES.r1)), [`fact-changed error ${FILES.r1}:1`])
  assert.equal(await changed(({ remove }) => remove('models/wine')), [])
  assert.equal(await changed(({ write, read }) => write(FILES.v1, `# a note\n${read(FILES.v1)}`)), [])
  assert.equal(await changed(({ write }) => write('models/wine/versions/1.2.0.yaml', formatYaml(V3))), [])
})

/** Files of a folder under another name, with a text in them changed. */
const moved = ({ tree, write, remove }: RepositoryFixture, from: string, to: string, was: string, is: string) => {
  for (const [file, text] of Object.entries(tree(from))) write(file.replace(from, to), text.replaceAll(was, is))
  remove(from)
}

test('a model that runs and has another name is told once, at its new name, and not as a release that nobody ran', async () => {
  const renamed = (fixture: RepositoryFixture) => {
    moved(fixture, 'models/wine', 'models/grape', 'wine', 'grape')
    for (const environment of ['development', 'staging', 'production']) {
      const pins = `environments/${environment}/pins`
      fixture.write(`${pins}/grape.yaml`, fixture.read(`${pins}/wine.yaml`))
      fixture.remove(`${pins}/wine.yaml`)
    }
  }
  assert.equal(await changed(renamed), ['name-changed error models/grape/model.ts:4'])
  // Beside the old one it is a copy, without artifacts of it another model; a model that nothing ran may be called anything.
  assert.equal(
    await changed((fixture) => {
      const copy = fixture.tree('models/wine')
      for (const [file, text] of Object.entries(copy)) {
        fixture.write(file.replace('models/wine', 'models/grape'), text.replaceAll('wine', 'grape'))
      }
    }),
    [],
  )
  const unpinned = {
    [FILES.developmentPin]: undefined,
    [FILES.stagingPin]: undefined,
    [FILES.productionPin]: undefined,
  }
  assert.equal(await changed((fixture) => moved(fixture, 'models/wine', 'models/grape', 'wine', 'grape'), unpinned), [])
})

test('an environment that runs models and has another name is told at its new name; one with pins of its own is another', async () => {
  const renamed = (fixture: RepositoryFixture) => {
    moved(fixture, 'environments/production', 'environments/live', 'production', 'live')
  }
  assert.equal(await changed(renamed), ['name-changed error environments/live/environment.ts:5'])
  assert.equal(
    await changed((fixture) => {
      renamed(fixture)
      fixture.write('environments/live/pins/wine.yaml', pinText({ stable: R2.name }))
    }),
    [],
  )
})

test('a release comes from the environment before, which ran it as the change began', async () => {
  assert.equal(await changed(pin('production', R2.name)), [])
  assert.equal(await changed(pin('production', R3.name), THIRD), [`promotion-order error ${FILES.productionPin}:1`])
  const candidate = pinText({ stable: R1.name, candidate: { release: R3.name, mode: 'canary', weight: 5 } })
  assert.equal(await changed(({ write }) => write(FILES.productionPin, candidate), THIRD), [
    `promotion-order error ${FILES.productionPin}:3`,
  ])
})

test('a rollback may go to any earlier release that was sealed before', async () => {
  const ahead = { ...THIRD, [FILES.productionPin]: pinText({ stable: R3.name }) }
  assert.equal(await changed(pin('production', R1.name), ahead), [])
})

test('a release out of a first environment is of the version that ran there', async () => {
  const late = { ...THIRD, [FILES.developmentPin]: pinText({ stable: '1.2.0' }) }
  assert.equal(await changed(pin('staging', R3.name), late), [])
  assert.equal(await changed(pin('staging', R3.name), THIRD), [`promotion-order error ${FILES.stagingPin}:1`])
})

test('two environments in one change are named, and are an error where the environment says so, before the change or after it', async () => {
  const both = (fixture: RepositoryFixture) => {
    pin('staging', R3.name)(fixture)
    pin('production', R3.name)(fixture)
  }
  const late = { ...THIRD, [FILES.developmentPin]: pinText({ stable: '1.2.0' }) }
  const strict = environmentText('production', {
    promotesFrom: 'staging',
    properties: ['gates: { separateChange: true }'],
  })
  const found = (severity: string) => [`promotion-same-change ${severity} ${FILES.productionPin}:1`]
  assert.equal(await changed(both, late), found('warning'))
  assert.equal(await changed(both, { ...late, [FILES.production]: strict }), found('error'))
  const lifted = (fixture: RepositoryFixture) => {
    both(fixture)
    fixture.edit(FILES.production, 'separateChange: true', 'separateChange: false')
  }
  assert.equal(await changed(lifted, { ...late, [FILES.production]: strict }), found('error'))
})

test('a candidate takes the requests of the stable version, and a shadow may answer otherwise', async () => {
  const outputs = versionFile('1.1.0', {
    interface: { ...V3.interface, outputs: [{ name: 'score', datatype: 'float32', shape: ['batch', 1] }] },
  })
  const [input] = V3.interface.inputs
  const columns =
    input?.columns?.map((column) => (column.name === 'alcohol' ? { ...column, unit: 'g/l' } : column)) ?? []
  const inputs = versionFile('1.1.0', {
    interface: { ...V3.interface, inputs: [{ name: 'features', datatype: 'float32', shape: ['batch', 2], columns }] },
  })
  const found = async (version: typeof V3, mode: 'canary' | 'shadow') => {
    let messages: string[] = []
    const developmentPin = pinText({ stable: '1.0.0', candidate: { release: '1.1.0', mode, weight: 10 } })
    const overrides = {
      [FILES.v2]: formatYaml(version),
      [FILES.developmentPin]: developmentPin,
      [FILES.stagingPin]: undefined,
    }
    await withRepository(overrides, async ({ load }) => {
      const { repository, plan } = await load()
      const findings = checkRepositoryRules(repository, plan)
      messages = findings
        .filter(({ rule }) => rule === 'candidate-interface-compatible')
        .map(({ message, file, line }) => `${file}:${line} ${message}`)
    })
    return messages
  }
  assert.equal(await found(versionFile('1.1.0'), 'canary'), [])
  assert.equal(await found(outputs, 'canary'), [
    `${FILES.developmentPin}:3 callers of 1.0.0 are not served by 1.1.0: output quality is gone`,
  ])
  assert.equal(await found(outputs, 'shadow'), [])
  assert.equal(await found(inputs, 'shadow'), [
    `${FILES.developmentPin}:3 callers of 1.0.0 are not served by 1.1.0: feature alcohol: unit % -> g/l`,
  ])
})

test('a credential in a definition is found by its form, at its line, and is not repeated', async () => {
  const token = `ghp_${'a1B2'.repeat(9)}`
  const leaky = { [FILES.v1]: formatYaml(versionFile('1.0.0', { lineage: { run: 'run-1', token } })) }
  await withRepository(leaky, async ({ load, lineOf }) => {
    const { repository, plan } = await load()
    const found = checkRepositoryRules(repository, plan).filter(({ rule }) => rule === 'secret-in-repository')
    assert.equal(
      found.map(({ file, line, severity }) => `${severity} ${file}:${line}`),
      [`error ${FILES.v1}:${lineOf(FILES.v1, token)}`],
    )
    assert.not.match(JSON.stringify(found), token)
  })
})

test('where approvals are wanted, CODEOWNERS names an owner of every file that decides', async () => {
  const strict = environmentText('production', { promotesFrom: 'staging', properties: ['gates: { approvals: 1 }'] })
  const found = async (owners?: string) => {
    let messages: string[] = []
    const overrides = { [FILES.production]: strict, ...(owners !== undefined && { '.github/CODEOWNERS': owners }) }
    await withRepository(overrides, async ({ load }) => {
      const findings = await checkOwnership((await load()).repository)
      messages = findings.map(({ file, message }) => `${file}: ${message}`)
    })
    return messages
  }
  assert.equal(await found(), [`${FILES.production}: approvals are wanted in production, and there is no CODEOWNERS`])
  assert.equal(await found('/environments/ @a\n'), [`.github/CODEOWNERS: no line names an owner of ${FILES.model}`])
  assert.equal(await found('* @a\n'), [])
})

test('another release of the same short name is neither a return nor what ran before', async () => {
  const file = `models/wine/releases/${TWIN.name}.yaml`
  const staged = { [file]: TWIN.text, [FILES.stagingPin]: `stable: ${TWIN.reference}\n` }
  const swapped = await changed(({ write }) => {
    write(file, EVIL_TWIN.text)
    write(FILES.stagingPin, `stable: ${EVIL_TWIN.reference}\n`)
    write(FILES.productionPin, `stable: ${EVIL_TWIN.reference}\n`)
  }, staged)
  assert.equal(swapped, [`fact-changed error ${file}:1`, `promotion-same-change warning ${FILES.productionPin}:1`])
  assert.equal(await changed(({ write }) => write(FILES.productionPin, `stable: ${TWIN.reference}\n`), staged), [])
})

test.run()
