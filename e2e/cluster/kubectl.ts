import { spawnSync } from 'node:child_process'

export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    uid: string
    resourceVersion: string
    generation?: number
    annotations?: Record<string, string>
    labels?: Record<string, string>
    deletionTimestamp?: string
    managedFields?: object[]
  }
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
}

/** kubectl against one cluster. Every call waits for its end. */
export class Kubectl {
  readonly program: string
  readonly kubeconfig: string

  constructor(program: string, kubeconfig: string) {
    this.program = program
    this.kubeconfig = kubeconfig
  }

  /** Standard output; throws with what kubectl said when it fails. */
  run(...args: string[]): string {
    const { status, stdout, stderr } = this.call(args)
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}\n${stderr}${stdout}`.trim())
    return stdout
  }

  succeeds(...args: string[]): boolean {
    return this.call(args).status === 0
  }

  /** @param input text for standard input, for `-f -` */
  call(args: string[], input = ''): { status: number | null; stdout: string; stderr: string } {
    const environment = { ...process.env, KUBECONFIG: this.kubeconfig }
    return spawnSync(this.program, args, { input, encoding: 'utf8', env: environment, maxBuffer: 2 ** 28 })
  }

  /** Applies one object, or a List. */
  apply(object: object): void {
    const { status, stderr } = this.call(['apply', '--server-side', '-f', '-'], JSON.stringify(object))
    if (status !== 0) throw new Error(`kubectl apply\n${stderr}`)
  }

  list(...args: string[]): KubernetesObject[] {
    return (JSON.parse(this.run('get', '-o', 'json', ...args)) as { items: KubernetesObject[] }).items
  }

  /** Undefined when it does not exist. */
  get(kind: string, name: string, namespace: string): KubernetesObject | undefined {
    const text = this.run('get', kind, name, '-n', namespace, '-o', 'json', '--ignore-not-found')
    return text === '' ? undefined : (JSON.parse(text) as KubernetesObject)
  }
}
