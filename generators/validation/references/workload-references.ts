import type { DocumentPath } from '../../findings/index.ts'
import { type Fields, isMap, itemsAt, type Located, located, mapAt, textAt } from '../fields.ts'
import { isEmpty, labelSelector, selects } from '../label-selector.ts'
import type { IndexedObject } from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'
import { type Container, inSpec, type PodTemplate } from '../pod-template.ts'
import { found, isThere, missing, missingKey, misspeltSecret } from './existence.ts'

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
      // One that is missing is the schema's to tell.
      if (!isMap(spec['selector'])) return
      const selector = labelSelector(spec['selector'])
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
  const problems: Problem[] = []
  const account = textAt(spec, 'serviceAccountName')
  if (!isThere(object, 'ServiceAccount', account)) {
    problems.push(...found(missing(object, inSpec(pod, 'serviceAccountName'), 'ServiceAccount', account)))
  }
  for (const { item, at } of located(spec, inSpec(pod), 'imagePullSecrets')) {
    problems.push(...misspeltSecret(object, [...at, 'name'], textAt(item, 'name')))
  }
  for (const volume of pod.volumes) {
    namedByVolume(pod, volume, problems)
    const { item } = volume
    const claim = textAt(mapAt(item, 'persistentVolumeClaim'), 'claimName')
    if (!isThere(object, 'PersistentVolumeClaim', claim) && !isMadeByStatefulSet(object, claim)) {
      const path = [...volume.at, 'persistentVolumeClaim', 'claimName']
      problems.push(...found(missing(object, path, 'PersistentVolumeClaim', claim)))
    }
    if (item['projected'] === undefined) continue
    for (const source of located(mapAt(item, 'projected'), [...volume.at, 'projected'], 'sources')) {
      namedByVolume(pod, source, problems)
    }
  }
  return problems
}

/** `<template>-<StatefulSet>-<ordinal>`: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage */
function isMadeByStatefulSet({ scope, namespace }: IndexedObject, claim = ''): boolean {
  const start = claim.replace(/\d+$/, '')
  return scope.ofKind('StatefulSet.apps').some((set) => {
    if (set.namespace !== namespace || start === claim) return false
    const templates = itemsAt(set.spec, 'volumeClaimTemplates')
    return templates.some((template) => `${mapAt(template, 'metadata')['name']}-${set.name}-` === start)
  })
}

/** A volume, or a source of a projected one: the Secret's name stands under another key there. */
function namedByVolume({ object }: PodTemplate, volume: Located, problems: Problem[]): void {
  const { item } = volume
  const configMap = mapAt(item, 'configMap')
  const name = textAt(configMap, 'name')
  if (name !== undefined && configMap['optional'] !== true) {
    const at = [...volume.at, 'configMap']
    problems.push(...found(missing(object, [...at, 'name'], 'ConfigMap', name)))
    for (const { item, at: path } of located(configMap, at, 'items')) {
      problems.push(...found(missingKey(object, [...path, 'key'], name, textAt(item, 'key'))))
    }
  }
  const secret = mapAt(item, 'secret')
  const key = secret['secretName'] === undefined ? 'name' : 'secretName'
  const secretName = textAt(secret, key)
  if (secretName === undefined || secret['optional'] === true) return
  problems.push(...misspeltSecret(object, [...volume.at, 'secret', key], secretName))
}

function namedByEnvironment({ pod, fields, path, env }: Container): Problem[] {
  const problems: Problem[] = []
  for (const variable of env) {
    const source = variable.item['valueFrom']
    if (!isMap(source)) continue
    const at = [...variable.at, 'valueFrom']
    problems.push(...namedBySource(pod, source, at, 'configMapKeyRef', 'secretKeyRef'))
    const map = mapAt(source, 'configMapKeyRef')
    if (map['optional'] === true) continue
    const keyPath = [...at, 'configMapKeyRef', 'key']
    problems.push(...found(missingKey(pod.object, keyPath, textAt(map, 'name'), textAt(map, 'key'))))
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
  const name = textAt(configMap, 'name')
  if (configMap['optional'] !== true && !isThere(object, 'ConfigMap', name)) {
    problems.push(...found(missing(object, [...at, map, 'name'], 'ConfigMap', name)))
  }
  const reference = mapAt(source, secret)
  const secretName = textAt(reference, 'name')
  if (secretName === undefined || reference['optional'] === true) return problems
  return [...problems, ...misspeltSecret(object, [...at, secret, 'name'], secretName)]
}

function mountsWithoutVolume({ pod, fields, path, mounts }: Container): Problem[] | undefined {
  const devices = located(fields, path, 'volumeDevices')
  const used = devices.length === 0 ? mounts : [...mounts, ...devices]
  if (used.length === 0) return
  const volumes = new Set(pod.volumes.map(({ item }) => item['name']))
  for (const item of itemsAt(pod.object.spec, 'volumeClaimTemplates')) volumes.add(mapAt(item, 'metadata')['name'])
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
    const handlers = fields[probe]
    if (!isMap(handlers)) continue
    for (const handler of HANDLERS) {
      const { port } = mapAt(handlers, handler)
      if (port === undefined || !isProblem(port)) continue
      const ports = container.ports.flatMap(({ item }) => [item['name'], item['containerPort']])
      // A server that declares no port at all leaves nothing to compare a number with.
      if (ports.includes(port) || (ports.length === 0 && isUndeclared(port))) continue
      const message = `${probe} uses port ${JSON.stringify(port)}, which the container does not declare`
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
