import type { ArtifactStore } from '../definitions/index.ts'

/** Whether a client of the store sends credentials of this machine. */
export function needsCredentials({ kind }: ArtifactStore): boolean {
  return kind === 's3' || kind === 'oci' || kind === 'mlflow'
}

/** Where a store is, for messages. */
export function placeOf({ kind, base, endpoint }: ArtifactStore): string {
  switch (kind) {
    case 'https':
      return new URL(base).host
    case 'files':
    case 'image':
      return base
    case 's3':
    case 'oci':
      return `${kind}://${base}`
    case 'mlflow':
      return `${endpoint}, ${base}`
  }
}
