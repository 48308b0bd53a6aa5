import { add, drop, edit, type Fixture } from './fixture.ts'

const POD = 'deployment'
const CONTEXT = 'readOnlyRootFilesystem: true'
/** The container's, which is the second of the file. */
const CONTAINER_CONTEXT = 'securityContext:\n            allowPrivilegeEscalation'
const PORT = 'containerPort: 8080'

/** Pod Security, and how containers are run. */
export const POD_FIXTURES: Fixture[] = [
  {
    rule: 'app-armor-off',
    fails: [add(POD, CONTEXT, 'appArmorProfile:', '  type: Unconfined')],
    at: [POD, 'type: Unconfined'],
    passes: [add(POD, CONTEXT, 'appArmorProfile:', '  type: RuntimeDefault')],
  },
  {
    rule: 'capabilities-kept',
    fails: [edit(POD, '- ALL', '- NET_RAW')],
    at: [POD, 'drop:'],
    passes: [edit(POD, '- ALL', '- NET_RAW\n                - ALL')],
  },
  {
    rule: 'capability-added',
    fails: [edit(POD, 'drop:', 'add:\n                - CHOWN\n              drop:')],
    at: [POD, '- CHOWN'],
    passes: [edit(POD, 'drop:', 'add:\n                - NET_BIND_SERVICE\n              drop:')],
  },
  {
    rule: 'capability-dangerous',
    fails: [edit(POD, 'drop:', 'add:\n                - SYS_ADMIN\n              drop:')],
    at: [POD, '- SYS_ADMIN'],
    passes: [edit(POD, 'drop:', 'add: []\n              drop:')],
  },
  {
    rule: 'host-namespace',
    fails: [add(POD, 'serviceAccountName', 'hostPID: true')],
    at: [POD, 'hostPID: true'],
    passes: [add(POD, 'serviceAccountName', 'hostPID: false')],
  },
  {
    rule: 'host-path-volume',
    fails: [edit(POD, 'emptyDir:\n            sizeLimit: 64Mi', 'hostPath:\n            path: /var/run/docker.sock')],
    at: [POD, 'hostPath:'],
    passes: [
      edit(POD, 'emptyDir:\n            sizeLimit: 64Mi', 'persistentVolumeClaim:\n            claimName: data'),
    ],
  },
  {
    rule: 'host-port',
    fails: [add(POD, PORT, 'hostPort: 8080')],
    at: [POD, 'hostPort'],
    passes: [add(POD, PORT, 'hostPort: 0')],
  },
  {
    rule: 'host-process',
    fails: [add(POD, 'runAsNonRoot: true', 'windowsOptions:', '  hostProcess: true')],
    at: [POD, 'hostProcess'],
    passes: [add(POD, 'runAsNonRoot: true', 'windowsOptions:', '  hostProcess: false')],
  },
  {
    rule: 'privilege-escalation',
    fails: [drop(POD, 'allowPrivilegeEscalation')],
    at: [POD, `securityContext:\n            ${CONTEXT}`],
    passes: [],
  },
  {
    rule: 'privileged-container',
    fails: [add(POD, CONTEXT, 'privileged: true')],
    at: [POD, 'privileged: true'],
    passes: [add(POD, CONTEXT, 'privileged: false')],
  },
  {
    rule: 'privileged-port',
    fails: [edit(POD, PORT, 'containerPort: 443')],
    at: [POD, 'containerPort: 443'],
    passes: [edit(POD, PORT, 'containerPort: 1024')],
  },
  {
    rule: 'probe-host',
    fails: [edit(POD, 'path: /readyz', 'path: /readyz\n              host: 169.254.169.254')],
    at: [POD, 'host: 169'],
    passes: [],
  },
  {
    rule: 'proc-mount',
    fails: [add(POD, CONTEXT, 'procMount: Unmasked')],
    at: [POD, 'procMount'],
    passes: [add(POD, CONTEXT, 'procMount: Default')],
  },
  {
    rule: 'read-only-root',
    fails: [edit(POD, CONTEXT, 'readOnlyRootFilesystem: false')],
    at: [POD, 'readOnlyRootFilesystem'],
    passes: [],
  },
  {
    rule: 'run-as-root',
    fails: [drop('cron-job', 'runAsNonRoot: true')],
    at: ['cron-job', 'securityContext:\n                allowPrivilegeEscalation'],
    passes: [drop('cron-job', 'runAsNonRoot: true'), add('cron-job', CONTEXT, 'runAsNonRoot: true')],
  },
  {
    rule: 'run-as-root',
    way: 'by number',
    fails: [add(POD, CONTEXT, 'runAsUser: 0')],
    at: [POD, 'runAsUser: 0'],
    passes: [add(POD, CONTEXT, 'runAsUser: 65533')],
  },
  {
    rule: 'run-as-root',
    way: 'the pod says so, whatever its container says',
    fails: [edit(POD, 'runAsNonRoot: true', 'runAsNonRoot: false'), add(POD, CONTEXT, 'runAsNonRoot: true')],
    at: [POD, 'runAsNonRoot: false'],
    passes: [drop(POD, 'runAsNonRoot'), add(POD, CONTEXT, 'runAsNonRoot: true')],
  },
  {
    rule: 'se-linux-options',
    fails: [add(POD, CONTEXT, 'seLinuxOptions:', '  type: spc_t')],
    at: [POD, 'type: spc_t'],
    passes: [add(POD, CONTEXT, 'seLinuxOptions:', '  type: container_t')],
  },
  {
    rule: 'seccomp-missing',
    fails: [drop(POD, 'seccompProfile:')],
    at: [POD, CONTAINER_CONTEXT],
    passes: [drop(POD, 'seccompProfile:'), add(POD, CONTEXT, 'seccompProfile:', '  type: RuntimeDefault')],
  },
  {
    rule: 'seccomp-off',
    fails: [edit(POD, 'type: RuntimeDefault', 'type: Unconfined')],
    at: [POD, 'type: Unconfined'],
    passes: [edit(POD, 'type: RuntimeDefault', 'type: Localhost\n          localhostProfile: web.json')],
  },
  {
    rule: 'ssh-port',
    fails: [edit(POD, PORT, 'containerPort: 22')],
    at: [POD, 'containerPort: 22'],
    passes: [edit(POD, PORT, 'containerPort: 2222')],
  },
  {
    rule: 'sysctl-unsafe',
    fails: [add(POD, 'runAsNonRoot: true', 'sysctls:', '  - name: net.core.somaxconn', '    value: "1024"')],
    at: [POD, 'name: net.core'],
    passes: [add(POD, 'runAsNonRoot: true', 'sysctls:', '  - name: net.ipv4.tcp_syncookies', '    value: "1"')],
  },
  {
    rule: 'user-id-low',
    fails: [edit(POD, 'runAsUser: 65532', 'runAsUser: 1000')],
    at: [POD, CONTAINER_CONTEXT],
    passes: [edit(POD, 'runAsUser: 65532', 'runAsUser: 10000')],
  },
  {
    rule: 'volume-type',
    fails: [
      edit(
        POD,
        'emptyDir:\n            sizeLimit: 64Mi',
        'nfs:\n            server: nfs.example.com\n            path: /',
      ),
    ],
    at: [POD, 'nfs:'],
    passes: [
      edit(
        POD,
        'emptyDir:\n            sizeLimit: 64Mi',
        'image:\n            reference: registry.example.com/data@sha256:00',
      ),
    ],
  },
]
