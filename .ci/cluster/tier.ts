/** The tier itself, see run.sh: `tier.ts <folder>`, everything that it starts and writes is below the folder. */
import { join } from 'node:path'
import { isolateGit } from '../../generators/pull-request/testing/git-fixture.ts'
import { REPOSITORY, withExampleClone } from '../../generators/testing/example-repository.ts'
import { writeKitchenSink } from '../../generators/testing/kitchen-sink.ts'
import { checkApply, environmentsOf, removeApplied } from './apply.ts'
import { type ArgoCd, startArgoCd } from './argo-cd.ts'
import { check, skip, summary } from './checks.ts'
import { installCustomResources, provideVolume, startControlPlane } from './control-plane.ts'
import { type Fleet, prepareFleet, remotesFolder } from './fleet.ts'
import { startGitServer } from './git-server.ts'
import { Kubectl } from './kubectl.ts'
import { findPrograms } from './programs.ts'
import { checkSync } from './sync.ts'

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
      await check(`${title}: what was applied can be removed`, () => removeApplied(kubectl, written))
    }
  }
  const missing = ['redis-server', 'argocd'].filter((name) => !programs.has(name))
  if (missing.length > 0) return skip(`Argo CD needs ${missing.join(' and ')}, see .ci/cluster/run.sh`)
  await withExampleClone(async (example) => {
    const server = await startGitServer(remotesFolder(example))
    try {
      let parts: [ArgoCd, Fleet] | undefined
      await check('Argo CD and a Git server', async () => {
        parts = [await startArgoCd(folder, programs, kubectl), await prepareFleet(example, server)]
      })
      if (parts) await checkSync(kubectl, parts[0], example, parts[1])
    } finally {
      await server.close()
    }
  })
}
