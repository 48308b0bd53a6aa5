import type { DocumentPath } from '../../findings/index.ts'
import { type Fields, isMap, located, mapAt, textAt } from '../fields.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'
import { inSpec, type PodTemplate } from '../pod-template.ts'

/**
 * Controls of the Pod Security Standards on pods, as Kubernetes 1.36 has them; those on containers stand beside this file:
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export const POD_SECURITY_RULES: readonly ObjectRule[] = [
  {
    rule: 'host-namespace',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'pod',
    needs: ['hostNetwork', 'hostPID', 'hostIPC'],
    check: (pod) =>
      ['hostNetwork', 'hostPID', 'hostIPC']
        .filter((field) => pod.spec[field] === true)
        .map((field) => ({ path: inSpec(pod, field), message: `${field} shares a namespace of the node` })),
  },
  {
    rule: 'host-process',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'pod',
    needs: ['hostProcess'],
    check: (pod) =>
      eachSecurityContext(pod)
        .filter(({ fields }) => mapAt(fields, 'windowsOptions')['hostProcess'] === true)
        .map(({ path }) => ({
          path: [...path, 'windowsOptions', 'hostProcess'],
          message: 'runs as a process of the node',
        })),
  },
  {
    rule: 'host-path-volume',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'pod',
    needs: ['hostPath'],
    check: (pod) =>
      pod.volumes.flatMap(({ item, at }): Problem[] => {
        if (item['hostPath'] === undefined) return []
        const folder = textAt(mapAt(item, 'hostPath'), 'path') ?? ''
        const access = /(docker|containerd|crio)\.sock$/.test(folder) ? ', which commands the node' : ' of the node'
        return [{ path: [...at, 'hostPath'], message: `mounts ${folder}${access}` }]
      }),
  },
  {
    rule: 'volume-type',
    severity: 'warning',
    podSecurity: 'restricted',
    on: 'pod',
    check: (pod) =>
      pod.volumes
        .filter(({ item }) => !RESTRICTED_VOLUMES.has(volumeType(item)) && volumeType(item) !== 'hostPath')
        .map(({ item, at }) => {
          const type = volumeType(item)
          return { path: [...at, type], message: `volume "${item['name']}" is of type ${type}` }
        }),
  },
  {
    rule: 'app-armor-off',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'pod',
    needs: ['appArmorProfile', 'annotations'],
    check: (pod) => [
      ...eachSecurityContext(pod).flatMap(({ fields, path }): Problem[] => {
        const type = textAt(mapAt(fields, 'appArmorProfile'), 'type')
        if (type === undefined || SET_PROFILES.has(type)) return []
        return [{ path: [...path, 'appArmorProfile', 'type'], message: `AppArmor is ${type}` }]
      }),
      ...Object.entries(pod.annotations).flatMap(([key, value]): Problem[] => {
        if (!key.startsWith('container.apparmor.security.beta.kubernetes.io/')) return []
        if (value === '' || value === 'runtime/default' || /^localhost\//.test(String(value))) return []
        return [{ path: [...pod.path, 'metadata', 'annotations', key], message: `AppArmor is ${value}` }]
      }),
    ],
  },
  {
    rule: 'se-linux-options',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'pod',
    needs: ['seLinuxOptions'],
    check: (pod) =>
      eachSecurityContext(pod).flatMap(({ fields, path }): Problem[] => {
        const options = mapAt(fields, 'seLinuxOptions')
        return (['type', 'user', 'role'] as const).flatMap((key): Problem[] => {
          const value = textAt(options, key)
          if (value === undefined || (key === 'type' && SE_LINUX_TYPES.has(value))) return []
          return [{ path: [...path, 'seLinuxOptions', key], message: `SELinux ${key} is ${value}` }]
        })
      }),
  },
  {
    rule: 'seccomp-off',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'pod',
    needs: ['seccompProfile'],
    check: (pod) =>
      eachSecurityContext(pod).flatMap(({ fields, path }): Problem[] => {
        const type = textAt(mapAt(fields, 'seccompProfile'), 'type')
        if (type === undefined || SET_PROFILES.has(type)) return []
        return [{ path: [...path, 'seccompProfile', 'type'], message: `seccomp is ${type}` }]
      }),
  },
  {
    rule: 'sysctl-unsafe',
    severity: 'error',
    podSecurity: 'baseline',
    on: 'pod',
    needs: ['sysctls'],
    check: (pod) =>
      located(mapAt(pod.spec, 'securityContext'), inSpec(pod, 'securityContext'), 'sysctls')
        .filter(({ item }) => !SAFE_SYSCTLS.has(textAt(item, 'name') ?? ''))
        .map(({ item, at }) => ({ path: [...at, 'name'], message: `sets sysctl ${item['name']}` })),
  },
  {
    rule: 'run-as-root',
    severity: 'error',
    podSecurity: 'restricted',
    on: 'pod',
    check(pod) {
      if (pod.spec['hostUsers'] === false) return
      const { runAsUser, runAsNonRoot } = mapAt(pod.spec, 'securityContext')
      if (runAsUser === 0) return { path: inSpec(pod, 'securityContext', 'runAsUser'), message: 'the pod runs as root' }
      if (runAsNonRoot !== false) return
      return { path: inSpec(pod, 'securityContext', 'runAsNonRoot'), message: 'the pod may run as root' }
    },
  },
]

const RESTRICTED_VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
])

const SE_LINUX_TYPES = new Set(['container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'])
const SET_PROFILES = new Set(['RuntimeDefault', 'Localhost'])

const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
])

function volumeType(volume: Fields): string {
  for (const key in volume) if (key !== 'name') return key
  return 'emptyDir'
}

/** The pod's own and each container's, of those that there are. */
function eachSecurityContext(pod: PodTemplate): { fields: Fields; path: DocumentPath }[] {
  const contexts: { fields: Fields; path: DocumentPath }[] = []
  const own = pod.spec['securityContext']
  if (isMap(own)) contexts.push({ fields: own, path: inSpec(pod, 'securityContext') })
  for (const { fields, path } of pod.containers) {
    const context = fields['securityContext']
    if (isMap(context)) contexts.push({ fields: context, path: [...path, 'securityContext'] })
  }
  return contexts
}
