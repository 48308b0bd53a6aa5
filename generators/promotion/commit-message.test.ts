import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isolateGit, runGitWithInput, withGit } from '../git/testing/git-fixture.ts'
import { commitMessage, lastChangeOf } from './commit-message.ts'

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

test.run()
