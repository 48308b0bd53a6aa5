import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FILES, type RepositoryFixture, withRepository } from '../testing/repository-fixture.ts'
import { ownersOf } from '../text/index.ts'
import { compareCodeOwners } from './code-owners.ts'

const FILE = '.github/CODEOWNERS'
const ASKED = '# modelyard owners: @example/{owner}'

async function synthesized({ load, write }: RepositoryFixture): Promise<string | undefined> {
  const [change, ...others] = await compareCodeOwners((await load()).repository)
  assert.equal(others, [])
  if (change?.after !== undefined) write(change.path, change.after)
  return change?.after
}

test('one line of CODEOWNERS asks for the owners of intent, pins and dist/; what a person wrote stays', async () => {
  const before = `* @example/all\n${ASKED}\n/docs/ @example/writers\n`
  await withRepository({ [FILE]: before }, async (fixture) => {
    fixture.edit(FILES.production, '  revision: 1', "  owner: 'platform',\n  revision: 1")
    const text = (await synthesized(fixture)) ?? ''
    assert.ok(text.startsWith(`* @example/all\n${ASKED}\n`))
    assert.ok(text.endsWith('# modelyard end\n/docs/ @example/writers\n'))
    const of = (file: string) => ownersOf(text, [file]).join(' ')
    assert.is(of(FILES.model), '@example/cellar')
    assert.is(of(FILES.v1), '@example/cellar')
    assert.is(of(FILES.stagingPin), '@example/cellar')
    assert.is(of('dist/staging/models/wine/service.yaml'), '@example/cellar')
    assert.is(of(FILES.staging), '@example/all')
    assert.is(of(FILES.production), '@example/platform')
    assert.is(of(FILES.productionPin), '@example/cellar @example/platform')
    assert.is(of('dist/production/models/wine/service.yaml'), '@example/cellar @example/platform')
    assert.is(of('dist/production/argocd/app-project.yaml'), '@example/platform')
    assert.is(await synthesized(fixture), undefined, 'twice changes nothing')
  })
})

test('a promotion changes nothing of it, a new owner does', async () => {
  await withRepository({ [FILE]: `${ASKED}\r\n` }, async (fixture) => {
    assert.ok((await synthesized(fixture))?.split('\n').every((line) => line === '' || line.endsWith('\r')))
    fixture.remove(FILES.productionPin)
    assert.is(await synthesized(fixture), undefined)
    fixture.edit(FILES.model, "'cellar'", "'tasting'")
    assert.match((await synthesized(fixture)) ?? '', '/models/wine/ @example/tasting')
  })
})

test('nobody who does not ask gets anything', async () => {
  await withRepository({}, async (fixture) => assert.is(await synthesized(fixture), undefined))
  const text = '# modelyard owners: @example/all\n* @example/all\n'
  await withRepository({ [FILE]: text }, async (fixture) => assert.is(await synthesized(fixture), undefined))
})

test.run()
