import type { DocumentPath } from '../../findings/index.ts'
import { type Fields, located, mapAt, textAt } from '../fields.ts'
import { isEmpty, labelSelector, selects } from '../label-selector.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'
import { type Container, inSpec, type PodTemplate } from '../pod-template.ts'
import { found, missing, missingKey, misspeltSecret } from './existence.ts'

/** What pods name: accounts, configuration, Secrets, claims, volumes, ports. */
export const WORKLOAD_REFERENCES: readonly ObjectRule[] = [
  { rule: 'reference-missing', severity: 'error', mayBeElsewhere: true, on: 'pod', check: namedByPod },
  { rule: 'reference-missing', severity: 'error', mayBeElsewhere: true, on: 'container', check: namedByEnvironment },
  {
    rule: 'selector-mismatch',
    severity: 'error',
    on: 'object',
    kinds: ['Deployment.apps', 'StatefulSet.apps', 'DaemonSet.apps', 'ReplicaSet.apps', 'Rollout.argoproj.io'],
    check({ spec, pod }) {
      const selector = labelSelector(mapAt(spec, 'selector'))
      if (!pod || (!isEmpty(selector) && selects(selector, pod.labels))) return
      return { path: ['spec', 'selector'], message: 'the selector does not match the labels of the pod template' }
    },
  },
  { rule: 'volume-missing', severity: 'error', on: 'container', check: mountsWithoutVolume },
  { rule: 'port-missing', severity: 'error', on: 'container', check: (container) => probes(container, isNameless) },
  {
    rule: 'port-undeclared',
    severity: 'warning',
    on: 'container',
    check: (container) => probes(container, isUndeclared),
  },
  {
    rule: 'service-not-headless',
    severity: 'warning',
    on: 'object',
    kinds: ['StatefulSet.apps'],
    check({ scope, namespace, spec }) {
      const name = textAt(spec, 'serviceName')
      const service = name === undefined ? undefined : scope.find('Service', namespace, name)
      if (!service || service.spec['clusterIP'] === 'None') return
      return {
        path: ['spec', 'serviceName'],
        message: `Service "${name}" is not headless: pods get no names of their own`,
      }
    },
  },
  {
    rule: 'reference-missing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ['StatefulSet.apps'],
    check: (object) => missing(object, ['spec', 'serviceName'], 'Service', textAt(object.spec, 'serviceName')),
  },
]

function namedByPod(pod: PodTemplate): Problem[] {
  const { object, spec } = pod
  const problems = found(
    missing(object, inSpec(pod, 'serviceAccountName'), 'ServiceAccount', textAt(spec, 'serviceAccountName')),
  )
  for (const { item, at } of located(spec, inSpec(pod), 'imagePullSecrets')) {
    problems.push(...misspeltSecret(object, [...at, 'name'], textAt(item, 'name')))
  }
  for (const { item, at } of pod.volumes) {
    problems.push(...namedByVolume(pod, item, at))
    const claim = mapAt(item, 'persistentVolumeClaim')
    const path = [...at, 'persistentVolumeClaim', 'claimName']
    problems.push(...found(missing(object, path, 'PersistentVolumeClaim', textAt(claim, 'claimName'))))
    for (const source of located(mapAt(item, 'projected'), [...at, 'projected'], 'sources')) {
      problems.push(...namedByVolume(pod, source.item, source.at))
    }
  }
  return problems
}

/** A volume, or a source of a projected one: the Secret's name stands under another key there. */
function namedByVolume({ object }: PodTemplate, volume: Fields, at: DocumentPath): Problem[] {
  const problems: Problem[] = []
  const configMap = mapAt(volume, 'configMap')
  const name = textAt(configMap, 'name')
  if (configMap['optional'] !== true) {
    problems.push(...found(missing(object, [...at, 'configMap', 'name'], 'ConfigMap', name)))
    for (const { item, at: path } of located(configMap, [...at, 'configMap'], 'items')) {
      problems.push(...found(missingKey(object, [...path, 'key'], name, textAt(item, 'key'))))
    }
  }
  const secret = mapAt(volume, 'secret')
  if (secret['optional'] === true) return problems
  const key = secret['secretName'] === undefined ? 'name' : 'secretName'
  return [...problems, ...misspeltSecret(object, [...at, 'secret', key], textAt(secret, key))]
}

function namedByEnvironment({ pod, fields, path, env }: Container): Problem[] {
  const { object } = pod
  const problems: Problem[] = []
  for (const { item, at } of env) {
    const source = mapAt(item, 'valueFrom')
    problems.push(...namedBySource(pod, source, [...at, 'valueFrom'], 'configMapKeyRef', 'secretKeyRef'))
    const map = mapAt(source, 'configMapKeyRef')
    if (map['optional'] === true) continue
    const keyPath = [...at, 'valueFrom', 'configMapKeyRef', 'key']
    problems.push(...found(missingKey(object, keyPath, textAt(map, 'name'), textAt(map, 'key'))))
  }
  for (const { item, at } of located(fields, path, 'envFrom')) {
    problems.push(...namedBySource(pod, item, at, 'configMapRef', 'secretRef'))
  }
  return problems
}

function namedBySource(
  { object }: PodTemplate,
  source: Fields,
  at: DocumentPath,
  map: string,
  secret: string,
): Problem[] {
  const problems: Problem[] = []
  const configMap = mapAt(source, map)
  if (configMap['optional'] !== true) {
    problems.push(...found(missing(object, [...at, map, 'name'], 'ConfigMap', textAt(configMap, 'name'))))
  }
  const reference = mapAt(source, secret)
  if (reference['optional'] === true) return problems
  return [...problems, ...misspeltSecret(object, [...at, secret, 'name'], textAt(reference, 'name'))]
}

function mountsWithoutVolume({ pod, fields, path, mounts }: Container): Problem[] | undefined {
  const used = [...mounts, ...located(fields, path, 'volumeDevices')]
  if (used.length === 0) return
  const volumes = new Set(pod.volumes.map(({ item }) => item['name']))
  for (const { item } of located(pod.object.spec, [], 'volumeClaimTemplates'))
    volumes.add(mapAt(item, 'metadata')['name'])
  return used
    .filter(({ item }) => !volumes.has(item['name']))
    .map(({ item, at }) => ({
      path: [...at, 'name'],
      message: `mounts volume "${item['name']}", which the pod does not have`,
    }))
}

const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const
const HANDLERS = ['httpGet', 'tcpSocket', 'grpc'] as const

/** Ports of probes that the container does not open, where `isProblem` says so. */
function probes(container: Container, isProblem: (port: unknown) => boolean): Problem[] | undefined {
  const { fields, path } = container
  let problems: Problem[] | undefined
  for (const probe of PROBES) {
    for (const handler of HANDLERS) {
      const { port } = mapAt(mapAt(fields, probe), handler)
      if (port === undefined || !isProblem(port)) continue
      const ports = container.ports.flatMap(({ item }) => [item['name'], item['containerPort']])
      // A server that declares no port at all leaves nothing to compare a number with.
      if (ports.includes(port) || (ports.length === 0 && isUndeclared(port))) continue
      const message = `probes port "${port}", which the container does not open`
      problems ??= []
      problems.push({ path: [...path, probe, handler, 'port'], message })
    }
  }
  return problems
}

function isNameless(port: unknown): boolean {
  return typeof port === 'string'
}

function isUndeclared(port: unknown): boolean {
  return typeof port === 'number'
}
