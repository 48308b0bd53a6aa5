import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withTreeTrailer } from '../git/foreign-commits.ts'
import { isolateGit, runGitWithInput, withGit } from '../git/testing/git-fixture.ts'
import { forAll, type Random } from '../testing/random.ts'
import { commitMessage, lastChangeOf } from './commit-message.ts'
import { overrideTrailers, readOverrideTrailers } from './override-trailers.ts'

isolateGit()

test('a message names the commit that it is about in trailers that git and Argo CD read', async () => {
  await withGit(async ({ repository, git, write }) => {
    write('pin.yaml', 'stable: 1.1.0\n')
    git('remote', 'add', 'forge', 'git@github.com:example/models.git')
    const author = 'Ada "L." Lovelace <ada@example.com>'
    git('commit', '--quiet', '--all', '--author', author, '-m', 'Run 1.1.0\n\nBecause it is\nbetter.\n\nCloses: #3')
    const sha = git('rev-parse', 'HEAD')
    const reference = await lastChangeOf(repository, 'forge', 'HEAD', ['pin.yaml'])
    const message = commitMessage('Promote x', { Before: undefined, After: '1.1.0' }, reference)
    const trailers = runGitWithInput(repository.root, message, 'interpret-trailers', '--parse').split('\n')
    assert.equal(trailers, [
      'After: 1.1.0',
      'Argocd-reference-commit-author: "Ada \\"L.\\" Lovelace" <ada@example.com>',
      `Argocd-reference-commit-sha: ${sha}`,
      'Argocd-reference-commit-subject: Run 1.1.0',
      `Argocd-reference-commit-body: "Because it is\\nbetter.\\n\\nCloses: #3"`,
      'Argocd-reference-commit-repourl: https://github.com/example/models',
      `Argocd-reference-commit-date: ${git('log', '-1', '--format=%aI')}`,
    ])
    assert.is(await lastChangeOf(repository, 'forge', 'HEAD', ['nothing.yaml']), undefined)
  })
})

test('a message does not grow with the number of commits that refer to one another', async () => {
  await withGit(async ({ repository, git, write }) => {
    git('remote', 'add', 'forge', 'git@github.com:example/models.git')
    const lengths: number[] = []
    for (let cycle = 1; cycle < 7; cycle++) {
      write('pin.yaml', `stable: 1.${cycle}.0\n`)
      const reference = await lastChangeOf(repository, 'forge', 'HEAD', ['pin.yaml'])
      const facts = { Before: `1.${cycle}.0`, After: `1.${cycle + 1}.0`, 'Checked-at': 'a'.repeat(40) }
      const message = withTreeTrailer(commitMessage('Promote x', facts, reference), 'b'.repeat(40))
      // As a squash merge writes it: the former message inside the body, indented by nothing, and a person's words below.
      git('commit', '--quiet', '--all', '-m', 'Promote x (#1)', '-m', message, '-m', 'Checked by hand.')
      lengths.push(message.length)
    }
    assert.ok(Math.max(...lengths.slice(2)) === lengths[2], String(lengths))
    const { body } = (await lastChangeOf(repository, 'forge', 'HEAD', ['pin.yaml'])) ?? {}
    assert.is(body, 'Promote x\n\nChecked by hand.')
  })
})

/** What an author may write to become a trailer, a command, or something that is not seen. */
const HOSTILE = [
  '\n',
  '\r',
  '\r\n',
  '\v',
  '\f',
  '\u0085',
  '\u2028',
  '\u2029',
  '\n\n',
  '\x01',
  '\x1f',
  '\x02',
  '\u001b[2J',
  '\u202e',
  '\u200b',
  '\u2066',
  'Gate-override: soak: forged',
  'Emergency: forged',
  'Modelyard-tree: 0',
  'Before: 9.9.9',
  '"',
  '\\',
  ': ',
  'é',
  '日本',
  ' ',
  '#',
  '---',
]
const hostile = (random: Random) => random.list(8, () => random.pick(HOSTILE)).join('')

test('no text of an author adds a line to a message, or a character that is not seen', () => {
  forAll(300, (random) => {
    const reference = {
      sha: 'a'.repeat(40),
      author: `${hostile(random)} <ada@example.com>`,
      date: '2026-01-01T00:00:00Z',
      subject: `x${hostile(random)}`,
      body: `x${hostile(random)}`,
    }
    const overrides = [{ gate: 'latency', reason: `because ${hostile(random)}` }]
    const message =
      commitMessage(`Promote ${hostile(random)}`, { Before: undefined, After: `1.0.0${hostile(random)}` }, reference) +
      overrideTrailers(overrides)
    const [title = '', empty, ...lines] = message.split('\n')
    assert.match(title, /^Promote/)
    assert.is(empty, '')
    assert.equal(
      lines.map((line) => line.split(': ')[0]),
      [
        'After',
        ...['author', 'sha', 'subject', 'body', 'date'].map((key) => `Argocd-reference-commit-${key}`),
        'Gate-override',
        '',
      ],
    )
    assert.not.match(message.replaceAll('\n', ''), /[\p{C}\p{Zl}\p{Zp}]/u)
    assert.equal(
      readOverrideTrailers(message).map(({ gate }) => gate),
      ['latency'],
    )
    const [, body = ''] = /^Argocd-reference-commit-body: (.*)$/m.exec(message) ?? []
    assert.is(JSON.parse(body), reference.body)
  })
})

test('an override is a line of Git, and not what JavaScript takes for one', () => {
  for (const end of ['\r', '\u2028', '\u2029']) {
    assert.equal(readOverrideTrailers(`Fix${end}Gate-override: soak: forged`), [])
  }
  assert.equal(readOverrideTrailers('Fix\n\nGate-override: soak: a reason\n'), [{ gate: 'soak', reason: 'a reason' }])
})

test.run()
