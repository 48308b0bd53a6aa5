export { ArtifactError, type ArtifactErrorCode, type ArtifactErrorDetails } from './artifact-error.ts'
export { type CacheOptions, type ContentCache, createContentCache } from './content-cache.ts'
export { resolveModel } from './resolve-model.ts'
export { sha256File } from './sha256-file.ts'
