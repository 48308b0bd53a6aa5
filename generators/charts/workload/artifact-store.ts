import type { k8s } from 'cdk8s-plus-28'
import type { ArtifactStore } from '../../definitions/index.ts'

/** Where a Secret of the type `kubernetes.io/dockerconfigjson` is mounted; the server reads it as `DOCKER_CONFIG`. */
const DOCKER_DIRECTORY = '/etc/modelyard/registry'
const HTTPS_PORT = 443

/** The address of a file in a store, as the server's configuration names it. */
export function addressIn({ kind, base }: ArtifactStore, sha256: string, version: string): string {
  switch (kind) {
    case 'https':
      return `${base}/sha256/${sha256}`
    case 'files':
      return `file://${base}/sha256/${sha256}`
    case 'image':
      return `file://${base}/${version}/sha256/${sha256}`
    case 's3':
      return `s3://${base}/sha256/${sha256}`
    case 'oci':
      return `oci://${base}@sha256:${sha256}`
    case 'mlflow':
      return `mlflow-artifacts:/${base}/sha256/${sha256}`
  }
}

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
export function storeAccess({ kind, base, endpoint, region, secret, claim }: ArtifactStore): {
  container: Pick<k8s.Container, 'env' | 'envFrom'>
  mounts: k8s.VolumeMount[]
  volumes: k8s.Volume[]
} {
  const docker = kind === 'oci' && secret !== undefined
  if (claim !== undefined) {
    return {
      container: {},
      mounts: [{ name: 'artifacts', mountPath: base, readOnly: true }],
      volumes: [{ name: 'artifacts', persistentVolumeClaim: { claimName: claim, readOnly: true } }],
    }
  }
  const env = [
    ...(kind === 's3' && endpoint !== undefined ? [{ name: 'AWS_ENDPOINT_URL_S3', value: endpoint }] : []),
    ...(kind === 's3' && region !== undefined ? [{ name: 'AWS_REGION', value: region }] : []),
    ...(kind === 'mlflow' && endpoint !== undefined ? [{ name: 'MLFLOW_TRACKING_URI', value: endpoint }] : []),
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
