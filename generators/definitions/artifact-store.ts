import type { MemoryQuantity } from './units.ts'

/** Where an environment's pods fetch artifacts from, by digest. */
export interface ArtifactStore {
  kind: 'https' | 'files' | 'image' | 's3' | 'oci' | 'mlflow'
  base: string
  /** Where the store's server is, when `base` does not tell: an S3-compatible endpoint, or MLflow. */
  endpoint?: string
  /** Region of S3. */
  region?: string
  /** Secret in the environment's namespace with what may pull. */
  secret?: string
  /** PersistentVolumeClaim in the environment's namespace that holds the files. */
  claim?: string
  /** The claim is made here, of this size. */
  size?: MemoryQuantity
  /** OCI images by digest that hold the files of a version, by `<model>@<version>`. */
  images?: Record<string, string>
  /** StorageClass of a claim that is made here. Default: the cluster's. */
  storageClass?: string
}

/** A web server (or bucket behind one) that holds each file under `<base>/sha256/<digest>`. */
export function https(base: `https://${string}`): ArtifactStore {
  return { kind: 'https', base }
}

/**
 * A volume, mounted read-only at `directory`, that holds each file under `<directory>/sha256/<digest>`. With a `size` the claim is
 * made here, for pods of many nodes to read; without one it is made elsewhere.
 */
export function files(
  directory: `/${string}`,
  options: { claim: string; size?: MemoryQuantity; storageClass?: string },
): ArtifactStore {
  return { kind: 'files', base: directory, ...options }
}

export interface S3Options {
  /** An S3-compatible endpoint, addressed path style. Default: AWS's own for the region. */
  endpoint?: `${'https' | 'http'}://${string}`
  /** Default: what the cluster gives the pod, else `us-east-1`. */
  region?: string
  /** Secret with the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. Default: what the cluster gives the pod, or a public bucket. */
  secret?: string
}

/** A bucket, `bucket` or `bucket/prefix`, that holds each file under `<prefix>/sha256/<digest>`. */
export function s3(base: string, options: S3Options = {}): ArtifactStore {
  return { kind: 's3', base, ...options }
}

/**
 * A repository of an OCI registry, `registry.example.com/models`, that holds each file as a blob. `secret` is of the type
 * `kubernetes.io/dockerconfigjson`; without it the pull is anonymous.
 */
export function oci(base: `${string}/${string}`, options: { secret?: string } = {}): ArtifactStore {
  return { kind: 'oci', base, ...options }
}

/**
 * The artifacts of an MLflow server, which holds each file under `<path>/sha256/<digest>`; `path` defaults to `models`. `secret` has the key
 * `MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`.
 */
export function mlflow(
  server: `${'https' | 'http'}://${string}`,
  { path = 'models', ...options }: { path?: string; secret?: string } = {},
): ArtifactStore {
  return { kind: 'mlflow', base: path, endpoint: server, ...options }
}

/**
 * OCI images that the kubelet mounts read-only, one a version: each holds its files under `/sha256/<digest>`. Needs Kubernetes 1.35.
 * @param images image by digest, by `<model>@<version>`
 */
export function imageVolumes(images: Record<`${string}@${string}`, `${string}@sha256:${string}`>): ArtifactStore {
  return { kind: 'image', base: '/var/lib/modelyard/artifacts', images }
}

/** The address of a file in a store, as the server's configuration names it. */
export function artifactAddress({ kind, base }: ArtifactStore, sha256: string, version: string): string {
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

/** Variables by which a client of the store finds its server; no secrets. */
export function storeVariables({ kind, endpoint, region }: ArtifactStore): Record<string, string> {
  return {
    ...(kind === 's3' && endpoint !== undefined && { AWS_ENDPOINT_URL_S3: endpoint }),
    ...(kind === 's3' && region !== undefined && { AWS_REGION: region }),
    ...(kind === 'mlflow' && endpoint !== undefined && { MLFLOW_TRACKING_URI: endpoint }),
  }
}
