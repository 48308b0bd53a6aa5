import { located, mapAt, textAt } from '../fields.ts'
import { type IndexedObject, VERTICAL_AUTOSCALER } from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'
import { inSpec, type PodTemplate } from '../pod-template.ts'
import { type ApiVersion, CUSTOM_VERSIONS, KUBERNETES_VERSIONS } from './api-versions.ts'

const OLD_VOLUMES = [
  'gitRepo',
  'flexVolume',
  'glusterfs',
  'cephfs',
  'rbd',
  'storageos',
  'quobyte',
  'flocker',
  'scaleIO',
]

/** Versions and fields that are gone from the Kubernetes that the objects are for, or will be. */
export const API_RULES: readonly ObjectRule[] = [
  {
    rule: 'api-removed',
    severity: 'error',
    on: 'object',
    check(object) {
      const version = kubernetesVersion(object)
      const { minor } = object.scope.options
      if (version?.removed === undefined || version.removed > minor) return
      const message = `${titleOf(object)} is gone since Kubernetes 1.${version.removed}`
      return { path: ['apiVersion'], message, fix: `Write ${version.instead}.` }
    },
  },
  {
    rule: 'api-deprecated',
    severity: 'warning',
    on: 'object',
    check(object) {
      const version = kubernetesVersion(object)
      if (version) {
        const { minor } = object.scope.options
        const { deprecated, removed, instead } = version
        if (deprecated > minor || (removed !== undefined && removed <= minor)) return
        const until = removed === undefined ? '' : `, and gone in 1.${removed}`
        const message = `${titleOf(object)} is deprecated since Kubernetes 1.${deprecated}${until}`
        return { path: ['apiVersion'], message, fix: `Use ${instead}.` }
      }
      const custom = CUSTOM.get(object.apiVersion)?.find((one) => isFor(one, object))
      if (!custom) return
      return {
        path: ['apiVersion'],
        message: `${titleOf(object)} is not served any more, or soon`,
        fix: `Use ${custom.instead}.`,
      }
    },
  },
  {
    rule: 'field-deprecated',
    severity: 'warning',
    on: 'pod',
    needs: ['annotations'],
    check: oldAnnotations,
  },
  {
    rule: 'field-deprecated',
    severity: 'warning',
    on: 'pod',
    needs: ['nodeSelector', 'topologySpreadConstraints'],
    check: oldNodeLabels,
  },
  {
    rule: 'field-deprecated',
    severity: 'warning',
    on: 'pod',
    needs: OLD_VOLUMES,
    check: (pod) =>
      pod.volumes.flatMap(({ item, at }) =>
        OLD_VOLUMES.filter((type) => item[type] !== undefined).map((type) => ({
          path: [...at, type],
          message: `volumes of type ${type} are deprecated`,
        })),
      ),
  },
  {
    rule: 'field-deprecated',
    severity: 'warning',
    on: 'object',
    kinds: ['Ingress.networking.k8s.io'],
    check({ annotations }) {
      if (annotations[INGRESS_CLASS] === undefined) return
      const path = ['metadata', 'annotations', INGRESS_CLASS]
      return { path, message: 'the annotation is deprecated', fix: 'Write spec.ingressClassName.' }
    },
  },
  {
    rule: 'field-deprecated',
    severity: 'warning',
    on: 'object',
    kinds: ['Service'],
    check({ spec }) {
      if (spec['loadBalancerIP'] === undefined) return
      const fix = "Write the annotation of the cloud's load balancer."
      return { path: ['spec', 'loadBalancerIP'], message: 'loadBalancerIP is deprecated since Kubernetes 1.24', fix }
    },
  },
  {
    rule: 'field-deprecated',
    severity: 'warning',
    on: 'object',
    kinds: [VERTICAL_AUTOSCALER],
    check({ spec }) {
      if (textAt(mapAt(spec, 'updatePolicy'), 'updateMode') !== 'Auto') return
      const fix = 'Write Off, Recreate or InPlaceOrRecreate.'
      return { path: ['spec', 'updatePolicy', 'updateMode'], message: 'updateMode Auto is deprecated', fix }
    },
  },
]

const INGRESS_CLASS = 'kubernetes.io/ingress.class'
const OLD_NODE_LABELS = /^beta\.kubernetes\.io\/|^failure-domain\.beta\.kubernetes\.io\//
const OLD_ANNOTATIONS =
  /^(?:container\.apparmor\.security\.beta|(?:container\.)?seccomp\.security\.alpha)\.kubernetes\.io\//

type Versioned = Pick<ApiVersion, 'apiVersion' | 'kinds'>

const KUBERNETES = byApiVersion(KUBERNETES_VERSIONS)
const CUSTOM = byApiVersion(CUSTOM_VERSIONS)

function byApiVersion<Version extends Versioned>(versions: readonly Version[]): Map<string, Version[]> {
  const map = new Map<string, Version[]>()
  for (const version of versions) map.set(version.apiVersion, [...(map.get(version.apiVersion) ?? []), version])
  return map
}

function kubernetesVersion(object: IndexedObject): ApiVersion | undefined {
  return KUBERNETES.get(object.apiVersion)?.find((version) => isFor(version, object))
}

function titleOf({ apiVersion, fields }: IndexedObject): string {
  return `${apiVersion} ${fields['kind']}`
}

function isFor({ kinds }: Versioned, { fields }: IndexedObject): boolean {
  return kinds === undefined || kinds.includes(String(fields['kind']))
}

function oldAnnotations({ path, annotations }: PodTemplate): Problem[] {
  return Object.keys(annotations)
    .filter((key) => OLD_ANNOTATIONS.test(key))
    .map((key) => ({
      path: [...path, 'metadata', 'annotations', key],
      message: 'the annotation is ignored by newer versions of Kubernetes',
      fix: 'Write seccompProfile or appArmorProfile in the securityContext.',
    }))
}

function oldNodeLabels(pod: PodTemplate): Problem[] {
  const fix = 'Write kubernetes.io/arch, kubernetes.io/os, topology.kubernetes.io/zone or its region.'
  const selected = Object.keys(mapAt(pod.spec, 'nodeSelector'))
    .filter((key) => OLD_NODE_LABELS.test(key))
    .map((key) => ({ path: inSpec(pod, 'nodeSelector', key), message: `label ${key} is deprecated`, fix }))
  const spread = located(pod.spec, inSpec(pod), 'topologySpreadConstraints')
    .filter(({ item }) => OLD_NODE_LABELS.test(textAt(item, 'topologyKey') ?? ''))
    .map(({ item, at }) => ({
      path: [...at, 'topologyKey'],
      message: `label ${item['topologyKey']} is deprecated`,
      fix,
    }))
  return [...selected, ...spread]
}
