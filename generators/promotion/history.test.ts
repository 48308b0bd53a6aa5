import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openRepository } from '../git/index.ts'
import { failureOf, isolateGit, runGit, runGitWithInput, withGit } from '../git/testing/git-fixture.ts'
import { random } from '../testing/random.ts'
import { readHistory } from './history.ts'
import { pinMessages, readOverrideTrailers, textAbout } from './override-trailers.ts'

isolateGit()

const ENVIRONMENTS = ['staging', 'production']
const pinOf = (environment: string) => `environments/${environment}/pins/churn.yaml`

interface Pin {
  stable: string
  candidate?: { release: string; weight: number }
}

interface Step {
  environment: string
  kind: string
  pin: Pin | undefined
}

/** What a team might do for a year: each step is one that is possible then, under the name that the commands have for it. */
function script(count: number): Step[] {
  const { below, pick } = random(7)
  const pins = new Map<string, Pin | undefined>()
  /** What ran before, the latest last: what a rollback goes back to. */
  const stacks = new Map<string, string[]>(ENVIRONMENTS.map((environment) => [environment, []]))
  let version = 0
  return Array.from({ length: count }, (): Step => {
    const environment = pick(ENVIRONMENTS)
    const stack = stacks.get(environment) ?? []
    const take = (kind: string, pin: Pin | undefined): Step => {
      pins.set(environment, pin)
      return { environment, kind, pin }
    }
    const pin = pins.get(environment)
    if (!pin) {
      // A retired model comes back as what it was, or as something new.
      const former = stack.at(-1)
      if (former !== undefined && below(2) === 0) return take('rolled back', { stable: former })
      stack.push(`1.${++version}.0`)
      return take('promoted', { stable: `1.${version}.0` })
    }
    const { stable, candidate } = pin
    const choices = [
      () => {
        stack.push(`1.${++version}.0`)
        return take('promoted', { ...pin, stable: `1.${version}.0` })
      },
      () => take('retired', undefined),
      ...(stack.length > 1
        ? [
            () => {
              stack.pop()
              return take('rolled back', { ...pin, stable: stack.at(-1) ?? '' })
            },
          ]
        : []),
      ...(candidate
        ? [
            () => take('candidate weight', { stable, candidate: { ...candidate, weight: candidate.weight + 1 } }),
            () => take('candidate aborted', { stable }),
            () => {
              stack.push(candidate.release)
              return take('candidate finished', { stable: candidate.release })
            },
          ]
        : [() => take('candidate added', { stable, candidate: { release: `1.${++version}.0`, weight: 1 } })]),
    ]
    return pick(choices)()
  })
}

function textOf({ stable, candidate }: Pin): string {
  const head = `stable: ${stable}\n`
  return candidate
    ? `${head}candidate:\n  release: ${candidate.release}\n  mode: canary\n  weight: ${candidate.weight}\n`
    : head
}

test('history agrees with a scripted sequence of 200 promotions, canaries, rollbacks and retirements', async () => {
  const steps = script(200)
  await withGit(async ({ root }) => {
    const start = Date.parse('2026-01-01T00:00:00Z') / 1000
    const commits = steps.map(({ environment, pin }, index) => {
      const file = pinOf(environment)
      const subject = `Merge pull request #${index + 1} from team/branch`
      const change = pin ? `M 100644 inline ${file}\ndata <<END\n${textOf(pin)}END\n` : `D ${file}\n`
      const who = `Ada <ada@example.com> ${start + index * 3600} +0000`
      const parent = index === 0 ? 'from refs/heads/main^0\n' : ''
      return `commit refs/heads/main\ncommitter ${who}\ndata <<END\n${subject}\nEND\n${parent}${change}`
    })
    runGitWithInput(root, commits.join(''), 'fast-import', '--quiet')
    const { records, isCut } = await readHistory(root, { model: 'churn', from: 'main' })
    assert.is(isCut, false)
    assert.equal(
      records.map(({ environment, kind, stable, candidate, date, author, pullRequest }) => {
        return { environment, kind, stable, candidate, date, author, pullRequest }
      }),
      steps
        .map(({ environment, kind, pin }, index) => ({
          environment,
          kind,
          stable: pin?.stable,
          candidate: pin?.candidate && { ...pin.candidate, mode: 'canary' },
          date: new Date((start + index * 3600) * 1000).toISOString().replace('.000Z', '+00:00'),
          author: 'Ada',
          pullRequest: index + 1,
        }))
        .reverse(),
    )
    const production = await readHistory(root, { model: 'churn', environment: 'production', from: 'main' })
    assert.equal(
      production.records,
      records.filter(({ environment }) => environment === 'production'),
    )
  })
})

test('the number of a pull request is read from a merge and from a squash, and is else absent', async () => {
  await withGit(async ({ root, commit }) => {
    commit(pinOf('staging'), 'stable: 1.0.0\n', 'By hand, see #3')
    commit(pinOf('staging'), 'stable: 1.1.0\n', 'Promote churn to 1.1.0 (#12)')
    const { records } = await readHistory(root, { model: 'churn', from: 'HEAD' })
    assert.equal(
      records.map(({ pullRequest }) => pullRequest),
      [12, undefined],
    )
  })
})

test('records are in the order of ancestry when clocks of committers differ', async () => {
  await withGit(async ({ root, commit }) => {
    const at = (date: string, environment: string, version: string) => {
      process.env['GIT_COMMITTER_DATE'] = date
      commit(pinOf(environment), `stable: ${version}\n`, `Run ${version}`)
    }
    try {
      at('2026-03-01T12:00:00Z', 'staging', '1.0.0')
      at('2026-01-01T12:00:00Z', 'production', '1.0.0')
      at('2026-02-01T12:00:00Z', 'staging', '1.1.0')
      at('2025-01-01T12:00:00Z', 'production', '1.1.0')
    } finally {
      delete process.env['GIT_COMMITTER_DATE']
    }
    const { records } = await readHistory(root, { model: 'churn', from: 'HEAD' })
    assert.equal(
      records.map(({ environment, stable }) => `${environment} ${stable}`),
      ['production 1.1.0', 'staging 1.1.0', 'production 1.0.0', 'staging 1.0.0'],
    )
  })
})

test('overrides and emergency reasons are shown, also where a merge brought them', async () => {
  await withGit(async ({ root, commit, git }) => {
    commit(pinOf('staging'), 'stable: 1.0.0\n', 'Start\n\nEmergency: errors in every answer')
    git('switch', '--quiet', '-c', 'promote')
    commit(
      pinOf('staging'),
      'stable: 1.1.0\n',
      'Promote churn\n\nAfter: 1.1.0\nGate-override: soak: must not wait: #481',
    )
    git('switch', '--quiet', 'main')
    commit('other.txt', 'x', 'Unrelated\n\nEmergency: of another change')
    const message = 'Merge branch promote into main\n\nSee merge request group/models!7'
    git('merge', '--quiet', '--no-ff', '--message', message, 'promote')
    const { records } = await readHistory(root, { model: 'churn', from: 'HEAD' })
    assert.equal(
      records.map(({ pullRequest, overrides, emergency }) => ({ pullRequest, overrides, emergency })),
      [
        { pullRequest: 7, overrides: [{ gate: 'soak', reason: 'must not wait: #481' }], emergency: undefined },
        { pullRequest: undefined, overrides: undefined, emergency: 'errors in every answer' },
      ],
    )
  })
})

test('a merge that brought promotions of two models says of each what is its own', async () => {
  await withGit(async ({ root, commit, git }) => {
    const other = 'environments/staging/pins/wine.yaml'
    commit(pinOf('staging'), 'stable: 1.0.0\n', 'Start')
    commit(other, 'stable: 1.0.0\n', 'Start wine')
    git('switch', '--quiet', '-c', 'promote')
    commit(pinOf('staging'), 'stable: 1.1.0\n', 'Promote churn\n\nGate-override: soak: of churn')
    commit(other, 'stable: 1.1.0\n', 'Promote wine\n\nEmergency: of wine\nGate-override: freeze: of wine')
    git('commit', '--quiet', '--allow-empty', '--message', 'Agreed\n\nGate-override: lineage: of both')
    git('switch', '--quiet', 'main')
    git('merge', '--quiet', '--no-ff', '--message', 'Merge', 'promote')
    const said = async (model: string) => {
      const [record] = (await readHistory(root, { model, from: 'HEAD' })).records
      return [record?.overrides?.map(({ gate }) => gate), record?.emergency]
    }
    assert.equal(await said('churn'), [['lineage', 'soak'], undefined])
    assert.equal(await said('wine'), [['lineage', 'freeze'], 'of wine'])
    const messages = await pinMessages(await openRepository(root), ['main~1..promote'])
    const gates = readOverrideTrailers(textAbout(pinOf('staging'), messages)).map(({ gate }) => gate)
    assert.equal(gates, ['lineage', 'soak'])
  })
})

test('a merge by rebase has the number of its pull request where the heads of pull requests were fetched', async () => {
  await withGit(async ({ root, commit, git }) => {
    commit(pinOf('staging'), 'stable: 1.0.0\n', 'Start')
    git('switch', '--quiet', '-c', 'promote')
    const head = commit(pinOf('staging'), 'stable: 1.1.0\n', 'Promote churn')
    git('switch', '--quiet', 'main')
    commit('other.txt', 'x', 'Meanwhile')
    git('cherry-pick', 'promote')
    const number = async () => (await readHistory(root, { model: 'churn', from: 'HEAD' })).records[0]?.pullRequest
    assert.is(await number(), undefined)
    for (const ref of ['refs/remotes/origin/pull/41', 'refs/merge-requests/41/head']) {
      git('update-ref', ref, head)
      assert.is(await number(), 41)
      git('update-ref', '-d', ref)
    }
    // Another commit with the same subject is another change.
    git('update-ref', 'refs/pull/42/head', commit('third.txt', 'y', 'Promote churn'))
    git('reset', '--quiet', '--hard', 'HEAD~1')
    process.env['GIT_AUTHOR_DATE'] = '2026-01-01T00:00:00Z'
    git('commit', '--quiet', '--amend', '--no-edit', '--reset-author')
    delete process.env['GIT_AUTHOR_DATE']
    assert.is(await number(), undefined)
  })
})

test('a shallow clone says that it does not know the beginning', async () => {
  await withGit(async ({ root, remote, commit, git }) => {
    commit(pinOf('staging'), 'stable: 1.0.0\n', 'First')
    commit(pinOf('staging'), 'stable: 1.1.0\n', 'Second')
    git('push', '--quiet', 'origin', 'main')
    runGit(root, 'clone', '--quiet', '--depth', '1', `file://${remote}`, 'shallow')
    const { records, isCut } = await readHistory(`${root}/shallow`, { model: 'churn', from: 'HEAD' })
    assert.equal([records.length, isCut], [1, true])
  })
})

test('a model that never ran is a failure that names what was looked for', async () => {
  await withGit(async ({ root }) => {
    const request = { model: 'nobody', environment: 'production', from: 'HEAD' }
    const failure = await failureOf(() => readHistory(root, request))
    assert.match(failure.message, 'nobody never ran in production')
    assert.is(failure.fix, 'Check the name.')
  })
})

test.run()
