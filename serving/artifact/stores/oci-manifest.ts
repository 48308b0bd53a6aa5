import { createHash } from 'node:crypto'
import type { Bundle, BundledFile } from './store.ts'

/** https://github.com/opencontainers/image-spec/blob/main/manifest.md */
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'

/** Media types of the CNCF's ModelPack (https://github.com/modelpack/model-spec): files as they are, neither archived nor compressed. */
const MODEL_PACK = {
  artifact: 'application/vnd.cncf.model.manifest.v1+json',
  config: 'application/vnd.cncf.model.config.v1+json',
  layers: {
    weights: 'application/vnd.cncf.model.weight.v1.raw',
    data: 'application/vnd.cncf.model.dataset.v1.raw',
  } satisfies Record<BundledFile['kind'], string>,
}

/** The ModelPack manifest of a version, and its configuration, which is a blob. The same bundle gives the same bytes. */
export function modelManifest({ model, version, files }: Bundle): { manifest: Buffer; config: Buffer } {
  const config = json({
    descriptor: { name: model, version },
    config: { format: 'onnx' },
    modelfs: { type: 'layers', diffIds: files.map(({ sha256 }) => `sha256:${sha256}`) },
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    artifactType: MODEL_PACK.artifact,
    config: { mediaType: MODEL_PACK.config, digest: digestOf(config), size: config.length },
    layers: files.map(({ path, kind, sha256, size }) => ({
      mediaType: MODEL_PACK.layers[kind],
      digest: `sha256:${sha256}`,
      size,
      // The first is ModelPack's name for it, the second that of ORAS.
      annotations: { 'org.cncf.model.filepath': path, 'org.opencontainers.image.title': path },
    })),
  })
  return { manifest, config }
}

/** The tag of a version; a tag has no `+`, which Helm writes as `_`, too. */
export function versionTag({ model, version }: Bundle): string {
  return `${model}-${version}`.replaceAll('+', '_').slice(0, 128)
}

/** Whether a manifest lists every file of a version. */
export function listsAll(manifest: string, { files }: Bundle): boolean {
  let layers: unknown
  try {
    layers = (JSON.parse(manifest) as { layers?: unknown } | null)?.layers
  } catch {
    return false
  }
  if (!Array.isArray(layers)) return false
  const digests = new Set(layers.map((layer: { digest?: unknown } | null) => layer?.digest))
  return files.every(({ sha256 }) => digests.has(`sha256:${sha256}`))
}

export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value))
}
