/**
 * A cluster for tests, see run.sh.
 *
 *     cluster.ts start <folder>      control plane, simulated nodes and custom resources; writes <folder>/kubeconfig
 *     cluster.ts stop <folder>       ends what was started there
 */
import { mkdirSync } from 'node:fs'
import { installCustomResources, startControlPlane } from './control-plane.ts'
import { stopAll } from './processes.ts'
import { findPrograms } from './programs.ts'

const [verb, folder = ''] = process.argv.slice(2)
if (verb === 'stop') {
  await stopAll(folder)
} else {
  mkdirSync(folder, { recursive: true })
  const programs = findPrograms(process.env)
  try {
    installCustomResources(await startControlPlane(folder, programs), programs)
  } catch (error) {
    console.error(`FAILED: the control plane did not start (logs in ${folder})\n${(error as Error).message}`)
    await stopAll(folder)
    process.exitCode = 2
  }
}
