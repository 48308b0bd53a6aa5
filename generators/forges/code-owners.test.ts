import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isolateGit, withGit } from '../git/testing/git-fixture.ts'
import { ownersOf } from '../text/index.ts'
import { codeOwners } from './code-owners.ts'

isolateGit()

const PIN = 'environments/production/pins/fraud-scorer.yaml'

const cases: [line: string, file: string, matches: boolean][] = [
  ['* @a', PIN, true],
  ['*.yaml @a', PIN, true],
  ['*.ts @a', PIN, false],
  ['/environments/production/ @a', PIN, true],
  ['/environments/staging/ @a', PIN, false],
  ['pins/ @a', PIN, true],
  ['production/pins/ @a', PIN, false],
  ['/environments/* @a', PIN, false],
  ['/environments/*/pins/*.yaml @a', PIN, true],
  ['environments/**/fraud-*.yaml @a', PIN, true],
  ['**/pins @a', PIN, true],
  ['/environments/** @a', PIN, true],
  ['fraud-scorer.yam? @a', PIN, true],
  ['fraud-scorer @a', PIN, false],
  ['models/fraud.scorer @a', 'models/fraudXscorer', false],
  ['a\\ b.txt @a', 'a b.txt', false],
]

for (const [line, file, matches] of cases) {
  test(`"${line}" ${matches ? 'owns' : 'does not own'} ${file}`, () => {
    assert.equal(ownersOf(line, [file]), matches ? ['@a'] : [])
  })
}

test('the last line that matches counts, also one without owners; comments are no owners', () => {
  const text = '* @everyone\n# all else\n/environments/production/ @risk/reviewers ada@example.com # both\n/dist/\n'
  assert.equal(ownersOf(text, [PIN]), ['@risk/reviewers', 'ada@example.com'])
  assert.equal(ownersOf(text, ['dist/production/a.yaml']), [])
  assert.equal(ownersOf(text, ['README.md', PIN]), ['@everyone', '@risk/reviewers', 'ada@example.com'])
})

test('the file of the base commit counts, and teams of another organisation are left out', async () => {
  await withGit(async ({ repository, commit, write }) => {
    const base = commit('.github/CODEOWNERS', '* @ada @Example/risk @other/team\n', 'Owners')
    write('.github/CODEOWNERS', '* @eve\n')
    assert.equal(await codeOwners(repository, base, [PIN], 'example'), { users: ['ada'], teams: ['risk'] })
    assert.equal(await codeOwners(repository, `${base}~1`, [PIN], 'example'), { users: [], teams: [] })
  })
})

test.run()
