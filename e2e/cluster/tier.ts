/** The tier itself, see run.sh: `tier.ts <folder>`, everything that it starts and writes is below the folder. */
import { join } from 'node:path'
import { isolateGit } from '../../generators/git/testing/git-fixture.ts'
import { REPOSITORY, withExampleClone } from '../../generators/testing/example-repository.ts'
import { writeKitchenSink } from '../../generators/testing/kitchen-sink.ts'
import { allRemoved, checkApply, environmentsOf, removeApplied } from './apply.ts'
import { type ArgoCd, startArgoCd } from './argo-cd.ts'
import { check, skip, summary } from './checks.ts'
import { installCustomResources, provideVolume, startControlPlane } from './control-plane.ts'
import { type Fleet, prepareFleet } from './fleet.ts'
import { Kubectl } from './kubectl.ts'
import { checkObserved } from './observe.ts'
import { findPrograms } from './programs.ts'
import { checkRollouts } from './rollouts.ts'
import { checkServer, checkServerTakes } from './server.ts'
import { checkSync } from './sync.ts'
import { checkVerdicts } from './verdicts.ts'

const [folder = ''] = process.argv.slice(2)
const programs = findPrograms(process.env)
isolateGit()

/** The cluster that KUBECONFIG names, else one of our own. */
async function cluster(): Promise<Kubectl> {
  const given = process.env['KUBECONFIG']
  const kubectl = given ? new Kubectl(programs.path('kubectl'), given) : await startControlPlane(folder, programs)
  installCustomResources(kubectl, programs)
  return kubectl
}

let kubectl: Kubectl | undefined
await check('a cluster with every custom resource', async () => {
  kubectl = await cluster()
})
if (kubectl) await checkAll(kubectl)
summary()

async function checkAll(kubectl: Kubectl): Promise<void> {
  const sink = join(folder, 'kitchen-sink')
  await check('the kitchen sink is written', async () => {
    await writeKitchenSink(sink)
    provideVolume(kubectl, 'shared')
  })
  for (const root of [REPOSITORY, sink]) {
    for (const name of environmentsOf(join(root, 'dist'))) {
      const written = join(root, 'dist', name)
      const title = root === sink ? `kitchen sink, ${name}` : name
      await checkApply(kubectl, written, title)
      await checkServerTakes(kubectl, written, title)
      removeApplied(kubectl, written)
    }
  }
  await checkServer(kubectl, join(folder, 'server'))
  if (process.env['KUBECONFIG']) skip('the verdicts on 2,000 objects need an API server of our own: unset KUBECONFIG')
  else await checkVerdicts(kubectl, join(folder, 'corpus'), 2000)
  await check('what was applied can be removed', () => allRemoved(kubectl))
  const missing = ['redis-server', 'argocd'].filter((name) => !programs.has(name))
  if (missing.length > 0) return skip(`Argo CD needs ${missing.join(' and ')}, see e2e/cluster/run.sh`)
  await withExampleClone(async (example) => {
    let parts: [ArgoCd, Fleet] | undefined
    await check('Argo CD and a Git server', async () => {
      parts = [await startArgoCd(folder, programs, kubectl), await prepareFleet(example, folder)]
    })
    if (!parts) return
    await checkSync(kubectl, parts[0], example, parts[1])
    await checkObserved(kubectl, parts[0], example, parts[1], { programs, folder })
    await checkRollouts(kubectl, parts[0], example, parts[1])
  })
}
