import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forAll } from '../testing/random.ts'
import { checkName, parseForgeRepository, remoteUrl } from './remote.ts'
import { failureOf, isolateGit, withGit } from './testing/git-fixture.ts'

isolateGit()
const expected = { host: 'github.com', owner: 'example', repo: 'models' }

for (const address of [
  'https://github.com/example/models',
  'https://github.com/example/models.git',
  'https://ada:secret@github.com/example/models.git/',
  'ssh://git@github.com/example/models.git',
  'ssh://git@ssh.github.com:443/example/models.git',
  'git@github.com:example/models.git',
  'github.com:example/models',
  '[git@github.com:2222]:example/models.git',
  'git@[github.com]:example/models.git',
  '[github.com]:example/models',
  'ssh+git://git@github.com:2222/example/models.git',
  'git+ssh://git@github.com/example/models.git',
]) {
  test(`${address} is the repository models of example`, () => {
    assert.equal(parseForgeRepository(address), expected)
  })
}

test('ports of web addresses and nested groups are kept', () => {
  assert.equal(parseForgeRepository('https://forge.example.com:8443/a/b/c.git'), {
    host: 'forge.example.com:8443',
    owner: 'a/b',
    repo: 'c',
  })
})

for (const address of [
  '/srv/git/models.git',
  'file:///srv/models.git',
  'C:\\git\\models',
  'C:/git/models',
  '../x',
  'https://github.com/models',
]) {
  test(`${address} is on no forge`, () => {
    assert.is(parseForgeRepository(address), undefined)
  })
}

test("a remote's address is given without credentials", async () => {
  await withGit(async ({ repository, git }) => {
    git('remote', 'add', 'other', 'https://ada:secret@example.com/a/b.git')
    assert.is(await remoteUrl(repository, 'other'), 'https://example.com/a/b.git')
  })
})

test('an unknown remote is named, with those that there are', async () => {
  await withGit(async ({ repository }) => {
    const failure = await failureOf(() => remoteUrl(repository, 'upstream'))
    assert.match(failure.message, 'no remote named "upstream"')
    assert.match(failure.fix ?? '', 'origin')
  })
})

test('names that git would read as options or ranges are refused', () => {
  for (const name of ['--upload-pack=evil', 'a..b', '', 'a b', 'a:b', '.git', 'x/', 'a.lock']) {
    assert.throws(() => checkName('branch', name), /is not a name for a branch/)
  }
  assert.is(checkName('branch', 'promote/fraud-scorer/production'), 'promote/fraud-scorer/production')
})

test('a name of a branch or a remote has no character that Git, a terminal or a reader takes for another', () => {
  const parts = [
    'a',
    'promote/',
    '-',
    '--force',
    '\n',
    '\r',
    '\u202e',
    '\u2028',
    '\u001b',
    ' ',
    '~',
    '^',
    ':',
    '@{',
    '..',
    '.lock',
    '/',
    '$(id)',
  ]
  forAll(500, (random) => {
    const name = random.list(5, () => random.pick(parts)).join('')
    let accepted = true
    try {
      checkName('branch', name)
    } catch {
      accepted = false
    }
    assert.ok(!accepted || (/^[\w./+=-]+$/.test(name) && !/^[-/.]|\.\.|\/$|\n/.test(name)), JSON.stringify(name))
  })
})

test.run()
