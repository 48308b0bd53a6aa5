import type { Rule } from './rule.ts'

/** Rules of the Pod Security Standards, and of how containers are run. */
export const POD_SECURITY_RULES = {
  'app-armor-off': {
    summary: 'the profile of AppArmor is switched off',
    reason:
      'The profile of the container runtime keeps a taken-over process from much of the node. Pod Security: baseline.',
    repair: 'Write type RuntimeDefault or Localhost, or leave the profile out.',
  },
  'capabilities-kept': {
    summary: 'a container keeps the capabilities that the runtime gives it',
    reason: 'A server needs none; NET_RAW, for one, lets a taken-over process forge packets. Pod Security: restricted.',
    repair: 'Write `securityContext.capabilities.drop: [ALL]`.',
  },
  'capability-added': {
    summary: 'a container gets a capability that "restricted" does not permit',
    reason: 'A namespace that enforces "restricted" refuses it; only NET_BIND_SERVICE may be added there.',
    repair: 'Remove the capability.',
  },
  'capability-dangerous': {
    summary: 'a container gets a capability that can command its node',
    reason: 'SYS_ADMIN, NET_ADMIN and the like are as good as root on the node. Pod Security: baseline.',
    repair: 'Remove the capability.',
  },
  'host-namespace': {
    summary: 'pods share the network, processes or memory of their node',
    reason: 'They see and reach what runs beside them, past every NetworkPolicy. Pod Security: baseline.',
    repair: 'Remove the field.',
  },
  'host-path-volume': {
    summary: 'pods mount a folder of their node',
    reason:
      'It shows them, or lets them change, what belongs to the node or to other pods; a runtime socket commands it.',
    repair: 'Use a PersistentVolumeClaim, a ConfigMap or an emptyDir.',
  },
  'host-port': {
    summary: 'a container takes a port of its node',
    reason: 'Two such pods do not fit on one node, and the port is open past every Service. Pod Security: baseline.',
    repair: 'Remove hostPort and use a Service.',
  },
  'host-process': {
    summary: 'a Windows container runs as a process of its node',
    reason: 'It may do there what an administrator may. Pod Security: baseline.',
    repair: 'Remove windowsOptions.hostProcess.',
  },
  'privilege-escalation': {
    summary: 'a container may gain privileges that it did not start with',
    reason: 'A setuid program in the image is then enough to become root. Pod Security: restricted.',
    repair: 'Write `securityContext.allowPrivilegeEscalation: false`.',
  },
  'privileged-container': {
    summary: 'a container is privileged',
    reason: 'It has every device and right of its node. Pod Security: baseline.',
    repair: 'Remove securityContext.privileged.',
  },
  'privileged-port': {
    summary: 'a container opens a port below 1024',
    reason: 'Some container runtimes let only root open it, which fails where the container is not root.',
    repair: 'Open a higher port, and let the Service have the low one.',
  },
  'probe-host': {
    summary: 'a probe or a lifecycle hook names a host',
    reason:
      "The kubelet asks that host from the node's network, which reaches more than the pod. Pod Security: baseline.",
    repair: 'Remove host: the pod itself is asked then.',
  },
  'proc-mount': {
    summary: 'a container sees the unmasked /proc',
    reason: 'It shows and lets change settings of the kernel. Pod Security: baseline.',
    repair: 'Remove procMount.',
  },
  'read-only-root': {
    summary: 'a container can change its own files',
    reason: 'Who takes the process over can install what he needs; and files that are written there fill the node.',
    repair: 'Write `securityContext.readOnlyRootFilesystem: true`, and mount an emptyDir where it writes.',
  },
  'run-as-root': {
    summary: 'a container runs as root, or may',
    reason: 'Root in a container is one hole in the runtime away from root on the node. Pod Security: restricted.',
    repair: 'Write `securityContext.runAsNonRoot: true`, and a runAsUser that is not 0.',
  },
  'se-linux-options': {
    summary: 'a pod sets an SELinux type, user or role of its own',
    reason: 'Other types than those of containers may reach the node. Pod Security: baseline.',
    repair: 'Remove the option, or use a type of containers.',
  },
  'seccomp-missing': {
    summary: 'no seccomp profile is set',
    reason: 'Without a seccomp profile the container may use every system call. Pod Security: restricted.',
    repair: "Write `securityContext.seccompProfile.type: RuntimeDefault` in the pod's spec.",
  },
  'seccomp-off': {
    summary: 'seccomp is switched off',
    reason: 'Without a seccomp profile the container may use every system call. Pod Security: baseline.',
    repair: 'Write type RuntimeDefault or Localhost.',
  },
  'ssh-port': {
    summary: 'a container opens port 22',
    reason: 'A shell into a pod is a second way in that nobody reviews; `kubectl exec` leaves a trace.',
    repair: 'Remove the SSH server, or open another port.',
  },
  'sysctl-unsafe': {
    summary: 'a pod sets a sysctl that is not known as safe',
    reason:
      'It changes the kernel for the other pods of the node; the kubelet refuses it by default. Pod Security: baseline.',
    repair: 'Remove the sysctl.',
  },
  'user-id-low': {
    summary: 'a container runs as a user or group below 10000',
    reason: 'Nodes have users of such numbers: who leaves the container is one of them.',
    repair: 'Write a runAsUser and a runAsGroup of 10000 or more.',
  },
  'volume-type': {
    summary: 'a volume is of a type that "restricted" does not permit',
    reason: 'Such volumes are mounted by the node with its own rights. Pod Security: restricted.',
    repair: 'Use a PersistentVolumeClaim.',
  },
} as const satisfies Record<string, Rule>
