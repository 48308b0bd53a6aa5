import { type Fields, mapAt, textAt, textsAt } from '../fields.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'
import type { Container, PodTemplate } from '../pod-template.ts'

/**
 * Controls of the Pod Security Standards on containers, as Kubernetes 1.36 has them:
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export const CONTAINER_SECURITY_RULES: readonly ObjectRule[] = [
  {
    rule: 'privileged-container',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'container',
    needs: ['privileged'],
    check({ name, fields, path }) {
      if (mapAt(fields, 'securityContext')['privileged'] !== true) return
      return { path: [...path, 'securityContext', 'privileged'], message: `container "${name}" is privileged` }
    },
  },
  {
    rule: 'capability-dangerous',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'container',
    needs: ['add'],
    check: (container) => added(container, (capability) => !BASELINE_CAPABILITIES.has(capability)),
  },
  {
    rule: 'capability-added',
    severity: 'warning',
    podSecurity: 'restricted',
    on: 'container',
    needs: ['add'],
    check: (container) =>
      added(container, (capability) => BASELINE_CAPABILITIES.has(capability) && capability !== 'NET_BIND_SERVICE'),
  },
  {
    rule: 'capabilities-kept',
    severity: 'warning',
    podSecurity: 'restricted',
    on: 'container',
    check(container) {
      const { name, fields, path, pod } = container
      if (isWindows(pod) || capabilities(fields, 'drop').includes('ALL')) return
      return {
        path: [...path, 'securityContext', 'capabilities', 'drop'],
        message: `container "${name}" does not drop ALL capabilities`,
      }
    },
  },
  {
    rule: 'host-port',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'container',
    needs: ['hostPort'],
    check: ({ name, ports }) =>
      ports
        .filter(({ item }) => typeof item['hostPort'] === 'number' && item['hostPort'] > 0)
        .map(({ item, at }) => ({
          path: [...at, 'hostPort'],
          message: `container "${name}" takes port ${item['hostPort']} of its node`,
        })),
  },
  {
    rule: 'probe-host',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'container',
    needs: ['host'],
    check: (container) => probedHosts(container),
  },
  {
    rule: 'proc-mount',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'container',
    needs: ['procMount'],
    check({ name, fields, path }) {
      const mount = textAt(mapAt(fields, 'securityContext'), 'procMount')
      if (mount === undefined || mount === 'Default') return
      return { path: [...path, 'securityContext', 'procMount'], message: `container "${name}" has an ${mount} /proc` }
    },
  },
  {
    rule: 'seccomp-missing',
    severity: 'warning',
    podSecurity: 'restricted',
    on: 'container',
    check({ name, pod, fields, path }) {
      if (isWindows(pod)) return
      const isSet = (context: Fields) => textAt(mapAt(context, 'seccompProfile'), 'type') !== undefined
      if (isSet(mapAt(fields, 'securityContext')) || isSet(mapAt(pod.spec, 'securityContext'))) return
      return {
        path: [...path, 'securityContext', 'seccompProfile'],
        message: `container "${name}" has no seccomp profile`,
      }
    },
  },
  {
    rule: 'privilege-escalation',
    severity: 'error',
    podSecurity: 'restricted',
    on: 'container',
    check({ name, pod, fields, path }) {
      if (isWindows(pod) || mapAt(fields, 'securityContext')['allowPrivilegeEscalation'] === false) return
      return {
        path: [...path, 'securityContext', 'allowPrivilegeEscalation'],
        message: `container "${name}" may gain more privileges than it starts with`,
      }
    },
  },
  {
    rule: 'run-as-root',
    severity: 'error',
    podSecurity: 'restricted',
    on: 'container',
    check: (container) => rootUser(container),
  },
]

const BASELINE_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

function capabilities(container: Container['fields'], list: 'add' | 'drop'): readonly string[] {
  return textsAt(mapAt(mapAt(container, 'securityContext'), 'capabilities'), list)
}

function isWindows({ spec }: PodTemplate): boolean {
  return mapAt(spec, 'os')['name'] === 'windows'
}

function added({ name, fields, path }: Container, isWrong: (capability: string) => boolean): Problem[] {
  return capabilities(fields, 'add').flatMap((capability, index): Problem[] => {
    if (!isWrong(capability)) return []
    const at = [...path, 'securityContext', 'capabilities', 'add', index]
    return [{ path: at, message: `container "${name}" gets the capability ${capability}` }]
  })
}

function probedHosts({ name, fields, path }: Container): Problem[] {
  const lifecycle = mapAt(fields, 'lifecycle')
  const handlers = [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((key) => ({
      handler: mapAt(fields, key),
      at: [...path, key],
    })),
    ...['postStart', 'preStop'].map((key) => ({ handler: mapAt(lifecycle, key), at: [...path, 'lifecycle', key] })),
  ]
  return handlers.flatMap(({ handler, at }) =>
    ['httpGet', 'tcpSocket'].flatMap((action): Problem[] => {
      const host = textAt(mapAt(handler, action), 'host')
      if (host === undefined) return []
      return [{ path: [...at, action, 'host'], message: `the kubelet asks ${host} for container "${name}"` }]
    }),
  )
}

/** Of the container itself, or left open by it and the pod; pods in a user namespace of their own are free (KEP-127). */
function rootUser({ name, pod, fields, path }: Container): Problem | undefined {
  if (pod.spec['hostUsers'] === false) return
  const own = mapAt(fields, 'securityContext')
  if (own['runAsUser'] === 0) {
    return { path: [...path, 'securityContext', 'runAsUser'], message: `container "${name}" runs as root` }
  }
  const shared = mapAt(pod.spec, 'securityContext')
  const isSet = typeof (own['runAsNonRoot'] ?? shared['runAsNonRoot']) === 'boolean'
  // What the pod says wrongly is told once, of the pod.
  if (own['runAsNonRoot'] === true || (own['runAsNonRoot'] !== false && isSet)) return
  return { path: [...path, 'securityContext', 'runAsNonRoot'], message: `container "${name}" may run as root` }
}
