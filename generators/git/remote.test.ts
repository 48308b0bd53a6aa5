import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forAll } from '../testing/random.ts'
import { checkName, forgeRepository, parseForgeRepository, remoteUrl } from './remote.ts'
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

/** An ssh that reads a configuration of its own, and says so whenever it is called. */
function fakeSsh(root: string, hosts: Record<string, string>): { command: string; calls: () => string[] } {
  const command = join(root, 'ssh.sh')
  const log = join(root, 'ssh.log')
  const cases = Object.entries(hosts).map(([alias, host]) => `${alias}) echo "hostname ${host}" ;;`)
  const lines = [`echo "$@" >> '${log}'`, 'echo user git', 'case "$2" in', ...cases, '*) echo "hostname $2" ;;', 'esac']
  writeFileSync(command, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 })
  return { command, calls: () => readFileSync(log, 'utf8').trim().split('\n') }
}

test('aliases of ssh are resolved as Git would call ssh, without connecting; web addresses are not asked about', async () => {
  await withGit(async ({ repository, root, git }) => {
    const { command, calls } = fakeSsh(root, { work: 'github.com', tunnel: 'ssh.github.com' })
    const of = async (address: string) => {
      git('remote', 'set-url', 'origin', address)
      return await forgeRepository(repository, 'origin')
    }
    git('config', 'core.sshCommand', `'${command}'`)
    for (const address of ['work:example/models.git', 'git@work:example/models', 'ssh://git@work/example/models.git']) {
      assert.equal(await of(address), expected, address)
    }
    assert.equal(await of('git@tunnel:example/models.git'), expected)
    assert.equal(await of('git@github.com:example/models.git'), expected)
    assert.ok(
      calls().every((call) => /^-G [\w.]+$/.test(call)),
      calls().join(', '),
    )
    const asked = calls().length
    assert.equal(await of('https://work/example/models.git'), { ...expected, host: 'work' })
    assert.is(await of('/srv/git/models.git'), undefined)
    assert.is(calls().length, asked)
    // The environment goes before the configuration, as for Git.
    process.env['GIT_SSH_COMMAND'] = '/nowhere/ssh'
    assert.equal(await of('work:example/models.git'), { ...expected, host: 'work' })
    delete process.env['GIT_SSH_COMMAND']
  })
})

test('what insteadOf writes for an address is what the remote is', async () => {
  await withGit(async ({ repository, git }) => {
    git('config', 'url.https://github.com/.insteadOf', 'gh:')
    git('config', 'url.https://github.com/example/.pushInsteadOf', 'unrelated:')
    git('remote', 'set-url', 'origin', 'gh:example/models.git')
    assert.equal(await forgeRepository(repository, 'origin'), expected)
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
