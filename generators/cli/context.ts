import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { Failure } from '../findings/index.ts'
import { createOutput, type Output } from './output.ts'

export interface Context {
  /** Absolute path of the repository. */
  root: string
  output: Output
}

export interface CommonOptions {
  root?: string
  json?: boolean
  quiet?: boolean
}

/** Options that every command takes. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('--root <directory>', 'the repository (default: the nearest folder upwards that has environments/)')
    .option('--json', 'print the result as JSON, for programs')
    .option('--quiet', 'print findings, differences and pull requests only')
}

export function contextOf(options: CommonOptions): Context {
  return {
    root: options.root === undefined ? findRoot(process.cwd()) : resolve(options.root),
    output: outputOf(options),
  }
}

/** For a command that needs no repository. */
export function outputOf({ json = false, quiet = false }: CommonOptions): Output {
  return createOutput({ json, quiet })
}

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'environments')) && existsSync(join(folder, 'models'))) return folder
    if (folder === dirname(folder)) break
  }
  throw new Failure(`${from} is not inside a Modelyard repository: no folder upwards has models/ and environments/`, {
    fix: 'Change into the repository, or name it with --root. Any manifests are checked by: modelyard validate <folder>',
  })
}
