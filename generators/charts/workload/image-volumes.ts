import type { PlannedModel } from '../../repository/index.ts'

export interface ImageVolumes {
  volumes: object[]
  mounts: { name: string; mountPath: string; readOnly: boolean }[]
}

/** One read-only volume a version of the pod, which the kubelet fills from an OCI image; none where the server downloads. */
export function imageVolumes({ name, stable, candidate, environment }: PlannedModel): ImageVolumes {
  const { kind, base, images = {} } = environment.artifacts
  const versions = [stable, ...(candidate ? [candidate.version] : [])].map(({ facts }) => facts.version)
  if (kind !== 'image') return { volumes: [], mounts: [] }
  const volume = (version: string) => `artifacts-${version.replaceAll('.', '-')}`
  return {
    volumes: versions.map((version) => ({
      name: volume(version),
      image: { reference: images[`${name}@${version}`], pullPolicy: 'IfNotPresent' },
    })),
    mounts: versions.map((version) => ({
      name: volume(version),
      mountPath: `${base}/${version}`,
      readOnly: true,
    })),
  }
}
