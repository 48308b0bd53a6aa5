// Many promotions at once: of different models, which never conflict, and of one model, which synthesis resolves.
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { VersionFile } from '../../generators/definitions/index.ts'
import type { GitRepository } from '../../generators/git/index.ts'
import { runGit } from '../../generators/git/testing/git-fixture.ts'
import { applyChanges, compareWithDist, renderManifests, writeAtomically } from '../../generators/manifests/index.ts'
import { promotableModels, promote } from '../../generators/promotion/index.ts'
import { loadRepository, paths, resolvePlan } from '../../generators/repository/index.ts'
import { createManyModels, manyModelName } from '../../generators/testing/many-models.ts'
import { pinText, release, SETTINGS } from '../../generators/testing/repository-fixture.ts'
import type { Case } from './case.ts'
import { type Hosted, host } from './hosted.ts'

const STEP = { from: 'staging', to: 'production' }

interface Fleet extends Hosted {
  root: string
  /** For what speaks to the remote, which this process serves: a command that it waits for would get no answer. */
  git: GitRepository['git']
}

async function withFleet(count: number, test: (fleet: Fleet) => Promise<void>): Promise<void> {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'forge-tier-')))
  try {
    const { git, remote } = await createManyModels(top, count)
    await host(git.root, join(dirname(git.root), basename(remote)), (hosted) =>
      test({ ...hosted, root: git.root, git: git.git }),
    )
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
}

const optionsOf = ({ root, forge }: Fleet) => ({
  ...{ root, forge, remote: 'origin', baseBranch: 'main', push: true, dryRun: false, offline: true },
})

/** Merges as the button does; false where Git finds a conflict. */
function merge(root: string, branch: string): boolean {
  try {
    runGit(root, 'merge', '--quiet', '--no-ff', '--message', `Merge ${branch}`, `origin/${branch}`)
    return true
  } catch {
    runGit(root, 'merge', '--abort')
    return false
  }
}

async function staleFiles(root: string): Promise<string[]> {
  const plan = resolvePlan(await loadRepository(root))
  assert.equal(plan.findings, [])
  return (await compareWithDist(root, renderManifests(plan), {})).map(({ path }) => path)
}

export const fleet: Case[] = [
  [
    '50 models promoted at once to one environment merge in any order, with no conflict, and come out as synth writes them',
    () =>
      withFleet(50, async (hosted) => {
        const { root, endpoint, git } = hosted
        const options = optionsOf(hosted)
        const models = await promotableModels(STEP, options)
        assert.is(models.length, 50)
        for (const model of models) await promote({ model, ...STEP }, options)
        assert.is(endpoint.forge.pullRequests.length, 50)
        await git(['fetch', '--quiet', 'origin'])
        // Another order each time it runs; which one it was is told when it fails.
        const order = models.map((model) => ({ model, at: Math.random() })).sort((a, b) => a.at - b.at)
        const conflicts = order.filter(({ model }) => !merge(root, `promote/${model}/production`))
        assert.equal(conflicts, [], order.map(({ model }) => model).join(' '))
        assert.equal(await staleFiles(root), [])
        await git(['push', '--quiet', 'origin', 'main'])
        assert.equal(await promotableModels(STEP, options), [])
      }),
  ],
  [
    'two promotions of one model conflict; the command run again synthesizes on the new base, in the same pull request',
    () =>
      withFleet(2, async (hosted) => {
        const { root, endpoint, git } = hosted
        const options = optionsOf(hosted)
        const model = manyModelName(0)
        const branch = `promote/${model}/production`
        await promote({ model, ...STEP }, options)
        // Meanwhile main gets another release of it: 1.0.0 with more replicas.
        const registered = readFileSync(join(root, paths.version(model, '1.0.0')), 'utf8')
        const other = release(JSON.parse(registered) as VersionFile, {
          settings: { ...SETTINGS, replicas: { min: 3, max: 9 } },
        })
        await writeAtomically(root, paths.release(model, other.name), other.text)
        await writeAtomically(root, paths.pin('production', model), pinText({ stable: other.name }))
        const plan = resolvePlan(await loadRepository(root))
        await applyChanges(root, await compareWithDist(root, renderManifests(plan), {}))
        runGit(root, 'add', '--all')
        runGit(root, 'commit', '--quiet', '--message', 'More replicas')
        await git(['push', '--quiet', 'origin', 'main'])
        await git(['fetch', '--quiet', 'origin'])
        assert.is(merge(root, branch), false, 'Git cannot merge it')

        const again = await promote({ model, ...STEP }, options)
        assert.equal([again?.report.from?.release, again?.published?.pullRequest?.number], [other.name, 1])
        assert.is(endpoint.forge.pullRequests.length, 1)
        await git(['fetch', '--quiet', 'origin'])
        assert.is(merge(root, branch), true)
        assert.equal(await staleFiles(root), [])
      }),
  ],
]
