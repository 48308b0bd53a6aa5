import { createRequire } from 'node:module'

type Library = typeof import('yaml')

let library: Library | undefined

/** The package takes longer to load than most manifests to check, so that only what needs it loads it. */
export function yamlLibrary(): Library {
  library ??= createRequire(import.meta.url)('yaml') as Library
  return library
}
