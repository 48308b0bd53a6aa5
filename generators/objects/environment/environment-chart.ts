import { Chart } from 'cdk8s'
import { Namespace } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import type { DefinedEnvironment } from '../../define/index.ts'
import { monitorEnvironment } from '../monitoring/index.ts'
import { MANAGED } from '../names.ts'

export interface EnvironmentChartProps {
  environment: DefinedEnvironment
}

/** What an environment has once, whichever models run in it: its Namespace, under Pod Security's strictest profile. */
export class EnvironmentChart extends Chart {
  constructor(scope: Construct, id: string, { environment }: EnvironmentChartProps) {
    super(scope, id, { disableResourceNameHashes: true })
    const podSecurity = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted'])
    new Namespace(this, 'namespace', {
      metadata: {
        name: environment.namespace,
        labels: { ...MANAGED, 'modelyard.dev/environment': environment.name, ...Object.fromEntries(podSecurity) },
        // Deleting a Namespace deletes all in it: Argo CD asks a person first.
        annotations: { 'argocd.argoproj.io/sync-options': 'Prune=confirm,Delete=confirm' },
      },
    })
    monitorEnvironment(this, environment, MANAGED)
  }
}
