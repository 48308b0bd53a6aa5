import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { POD } from '../../serving/contract/index.ts'
import type { Manifest } from './plans.ts'
import { freePort, type Pod, start, until } from './pods.ts'

interface Series {
  metric: Record<string, string>
  value?: [number, string]
  values?: [number, string][]
}

export interface Prometheus {
  address: string
  query(expression: string): Promise<Series[]>
  api(path: string): Promise<Manifest>
}

/**
 * Prometheus as the operator would configure it for the ServiceMonitors: the labels that it adds to a target, its job and path.
 * Rules and scrapes go on each second, whatever they ask for, so that a minute is enough.
 */
export async function startPrometheus(
  directory: string,
  objects: readonly Manifest[],
  pods: readonly Pod[],
): Promise<Prometheus> {
  const monitors = objects.filter(({ kind }) => kind === 'ServiceMonitor')
  const scrapes = monitors.map(({ metadata, spec }) => {
    const [endpoint] = spec.endpoints
    const labels = spec.selector.matchLabels
    return {
      job_name: `serviceMonitor/${metadata.namespace}/${metadata.name}/0`,
      metrics_path: endpoint.path,
      static_configs: pods
        .filter(({ model }) => model.name === labels['app.kubernetes.io/name'])
        .filter(({ model }) => model.namespace === metadata.namespace)
        .map(({ model, name, port }) => ({
          targets: [`127.0.0.1:${port}`],
          labels: {
            ...{ namespace: metadata.namespace, pod: name, service: model.name, container: 'server' },
            ...{ endpoint: POD.portName, job: labels[spec.jobLabel] },
          },
        })),
    }
  })
  const rules = objects
    .filter(({ kind }) => kind === 'PrometheusRule')
    .map(({ metadata, spec }) => {
      const file = join(directory, `${metadata.name}.rules.json`)
      const groups = spec.groups.map(({ interval: _, ...group }: Manifest) => group)
      writeFileSync(file, JSON.stringify({ groups }))
      return file
    })
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: rules,
    scrape_configs: scrapes,
  }
  const file = join(directory, 'prometheus.json')
  writeFileSync(file, JSON.stringify(configuration))
  const port = await freePort()
  const program = start('prometheus', [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(directory, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ])
  const address = `http://127.0.0.1:${port}`
  await until(
    async () => {
      if (program.child.exitCode !== null) throw new Error(program.output)
      return (await fetch(`${address}/-/ready`)).ok
    },
    () => `Prometheus is ready\n${program.output}`,
  )
  const api = async (path: string, body?: URLSearchParams) => {
    const response = await fetch(`${address}/api/v1/${path}`, body && { method: 'POST', body })
    const answer = (await response.json()) as Manifest
    if (!response.ok) throw new Error(`${answer.errorType}: ${answer.error}`)
    return answer.data
  }
  return {
    address,
    api,
    query: async (query) => (await api('query', new URLSearchParams({ query }))).result,
  }
}
