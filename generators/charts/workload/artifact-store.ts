import type { k8s } from 'cdk8s-plus-28'
import { type ArtifactStore, storeVariables } from '../../definitions/index.ts'

/** Where a Secret of the type `kubernetes.io/dockerconfigjson` is mounted; the server reads it as `DOCKER_CONFIG`. */
const DOCKER_DIRECTORY = '/etc/modelyard/registry'
const HTTPS_PORT = 443

/** TCP ports that the server connects to for this store; none when it is a folder of the pod. */
export function portsOf({ kind, base, endpoint }: ArtifactStore): number[] {
  switch (kind) {
    case 'files':
    case 'image':
      return []
    case 'https':
      return [portOf(base)]
    case 'oci':
      // Registries hand over to token services and storage elsewhere, at the usual port.
      return [...new Set([portOf(`https://${base}`), HTTPS_PORT])]
    default:
      return [endpoint === undefined ? HTTPS_PORT : portOf(endpoint)]
  }
}

/** TCP port of an address, its scheme's where it names none. */
export function portOf(address: string): number {
  const { port, protocol } = new URL(address)
  return Number(port) || (protocol === 'http:' ? 80 : HTTPS_PORT)
}

/** What a container needs to reach a store: environment, a mounted login or volume. Empty where the address says it all. */
export function storeAccess(store: ArtifactStore): {
  container: Pick<k8s.Container, 'env' | 'envFrom'>
  mounts: k8s.VolumeMount[]
  volumes: k8s.Volume[]
} {
  const { kind, base, secret, claim } = store
  const docker = kind === 'oci' && secret !== undefined
  if (claim !== undefined) {
    return {
      container: {},
      mounts: [{ name: 'artifacts', mountPath: base, readOnly: true }],
      volumes: [{ name: 'artifacts', persistentVolumeClaim: { claimName: claim, readOnly: true } }],
    }
  }
  const env = [
    ...Object.entries(storeVariables(store)).map(([name, value]) => ({ name, value })),
    ...(docker ? [{ name: 'DOCKER_CONFIG', value: DOCKER_DIRECTORY }] : []),
  ]
  return {
    container: {
      ...(env.length > 0 && { env }),
      ...(secret !== undefined && !docker && { envFrom: [{ secretRef: { name: secret } }] }),
    },
    mounts: docker ? [{ name: 'registry', mountPath: DOCKER_DIRECTORY, readOnly: true }] : [],
    volumes: docker ? [{ name: 'registry', secret: { secretName: secret } }] : [],
  }
}
