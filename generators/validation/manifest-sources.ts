import { isUtf8 } from 'node:buffer'
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { join, relative, sep } from 'node:path'
import { Failure, type Finding } from '../findings/index.ts'
import type { Stream } from '../yaml/index.ts'

/** A stream of manifests. One that was named on the command line must hold objects; one that was found in a folder may not. */
export interface ManifestSource extends Stream {
  isNamed: boolean
}

/** What the sources give, one at a time: a text to read, or why it cannot be read. */
export type SourceResult = { source: ManifestSource; finding?: undefined } | { source?: undefined; finding: Finding }

/** More than this is not read at all; the largest output of a chart is a hundredth of it. */
const MAX_FILE = 128 * 2 ** 20

/** How findings name it. */
export const STANDARD_INPUT = 'standard input'

/** It can be read once, and repairs look at their inputs again. */
let standardInput: SourceResult | undefined

const MANIFEST = /\.(ya?ml|json)$/
/** Other programs' folders, which hold YAML and JSON that is not for a cluster. */
const SKIPPED_FOLDERS = new Set(['node_modules'])

/**
 * The files behind `inputs`: `-` is standard input, a folder stands for every .yaml, .yml and .json below it, except in hidden
 * folders and node_modules. Symbolic links are never followed out of the folder that was named. Throws a Failure for an input
 * that does not exist; everything else that cannot be read is a finding.
 */
export function* manifestSources(
  inputs: readonly string[],
  { mayBeMissing = false, everyFolder = false }: { mayBeMissing?: boolean; everyFolder?: boolean } = {},
): Generator<SourceResult> {
  for (const input of inputs) {
    if (input === '-') {
      standardInput ??= readSource(STANDARD_INPUT, 0, true)
      yield standardInput
      continue
    }
    const stats = statSync(input, { throwIfNoEntry: false })
    if (!stats) {
      if (mayBeMissing) continue
      throw new Failure(`${input} does not exist`, { fix: 'Name files, folders, or - for standard input.' })
    }
    if (stats.isDirectory()) yield* folderSources(input, realpathSync(input), everyFolder)
    else yield readSource(shown(input), input, true)
  }
}

function* folderSources(folder: string, top: string, everyFolder: boolean): Generator<SourceResult> {
  let entries: Dirent[]
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    yield { finding: unreadable(shown(folder), reasonOf(error)) }
    return
  }
  const shownIn = namesIn(folder)
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (everyFolder || !isSkipped(entry.name)) yield* folderSources(path, top, everyFolder)
    } else if (MANIFEST.test(entry.name)) {
      if (entry.isFile()) yield readSource(shownIn(entry.name), path, false)
      // What a link inside the folder points to is read at its own place.
      else if (entry.isSymbolicLink() && !pointsInside(path, top)) {
        yield { finding: unreadable(shownIn(entry.name), 'it is a symbolic link out of the folder, or to nothing') }
      }
    }
  }
}

/** Argo CD reads these too: dist/ is read whole. */
function isSkipped(folder: string): boolean {
  return folder.startsWith('.') || SKIPPED_FOLDERS.has(folder)
}

function pointsInside(link: string, top: string): boolean {
  try {
    return realpathSync(link).startsWith(top + sep)
  } catch {
    return false
  }
}

/** Reads at once to see that it can be read; `text()` reads a file again, and keeps what cannot be read twice. */
function readSource(file: string, path: string | number, isNamed: boolean): SourceResult {
  let bytes: Buffer | undefined
  let isRegular: boolean
  try {
    // A pipe without a writer would be waited for when it is opened.
    const descriptor = typeof path === 'number' ? path : openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    // What was found in a folder is known to be a file.
    isRegular = typeof path === 'string' && (!isNamed || fstatSync(descriptor).isFile())
    bytes = isRegular ? readWhole(descriptor) : readBounded(descriptor, typeof path === 'string')
    if (typeof path === 'string') closeSync(descriptor)
  } catch (error) {
    return { finding: unreadable(file, reasonOf(error)) }
  }
  if (bytes === undefined) return { finding: tooLarge(file) }
  if (!isUtf8(bytes)) return { finding: notText(file, bytes) }
  let first: string | undefined = bytes.toString('utf8')
  if (!isRegular) {
    const text = first
    return { source: { file, isNamed, text: () => text } }
  }
  return {
    source: {
      file,
      isNamed,
      text() {
        const text = first ?? readAgain(path)
        first = undefined
        return text
      },
    },
  }
}

/** Most files fit; what is in it is over when the next one is read. */
let shared: Buffer | undefined

/** A file on a disk; undefined beyond the limit. */
function readWhole(descriptor: number): Buffer | undefined {
  shared ??= Buffer.allocUnsafeSlow(2 ** 16)
  for (let total = 0; total < shared.length; ) {
    const count = readSync(descriptor, shared, total, shared.length - total, total)
    if (count === 0) return shared.subarray(0, total)
    total += count
  }
  return fstatSync(descriptor).size > MAX_FILE ? undefined : readFileSync(descriptor)
}

/** How long a pipe that was named may say nothing: one that nobody writes to would be waited for until the job is cancelled. */
const MAX_SILENCE = 60_000
/** How long a pipe that was named may have no writer yet. */
const MAX_WAIT_FOR_WRITER = 2_000

/**
 * Everything up to the limit; undefined beyond it. A pipe or a device has no size that could be asked for.
 * @param isNamedPipe not standard input, whose writer is there from the beginning and ends it
 */
function readBounded(descriptor: number, isNamedPipe: boolean): Buffer | undefined {
  const chunks: Buffer[] = []
  let total = 0
  const noWriterUntil = isNamedPipe && fstatSync(descriptor).isFIFO() ? Date.now() + MAX_WAIT_FOR_WRITER : 0
  for (;;) {
    const chunk = Buffer.allocUnsafe(2 ** 16)
    const count = readChunk(descriptor, chunk, isNamedPipe ? MAX_SILENCE : Number.POSITIVE_INFINITY)
    if (count === 0 && total === 0 && Date.now() < noWriterUntil) {
      pause()
      continue
    }
    if (count === 0) return Buffer.concat(chunks)
    total += count
    if (total > MAX_FILE) return undefined
    chunks.push(chunk.subarray(0, count))
  }
}

/** A pipe that has nothing to give at the moment is asked again. */
function readChunk(descriptor: number, chunk: Buffer, maxSilence: number): number {
  for (const start = Date.now(); ; ) {
    try {
      return readSync(descriptor, chunk)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EOF') return 0
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      if (Date.now() - start > maxSilence) throw new Error(`nothing came through the pipe for ${maxSilence / 1000} s`)
      pause()
    }
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
}

/** For the line of a finding. A file that has gone meanwhile has no lines. */
function readAgain(path: string | number): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function notText(file: string, bytes: Buffer): Finding {
  const before = bytes.toString('utf8').split('\ufffd', 1)[0] ?? ''
  return {
    rule: 'yaml-syntax',
    severity: 'error',
    message: 'cannot be read: bytes that are not UTF-8',
    file,
    line: before.split('\n').length,
    fix: 'Save the file as UTF-8.',
  }
}

function tooLarge(file: string): Finding {
  const message = `could not check: larger than ${MAX_FILE / 2 ** 20} MiB`
  return { rule: 'input-too-large', severity: 'warning', message, file, fix: 'Split it into several files.' }
}

function unreadable(file: string, reason: string): Finding {
  return {
    rule: 'input-unreadable',
    severity: 'warning',
    message: `could not check: ${reason}`,
    file,
    fix: 'Name a file that can be read, or leave this one out of the folder.',
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'EACCES' ? 'permission denied' : (code ?? message)
}

/** As it was named, with forward slashes, without a leading `.//`. */
function shown(path: string): string {
  const local = relative('', path)
  return (local.startsWith('..') ? path : local).split(sep).join('/')
}

/** shown() of what is in a folder, in which the path of the folder is looked at once. */
function namesIn(folder: string): (name: string) => string {
  const here = relative(folder, '')
  // Below a parent of the present folder some are shown without that parent.
  if (here !== '' && !here.startsWith('..')) return (name) => shown(join(folder, name))
  const start = shown(join(folder, '/'))
  return start === '' || start.endsWith('/') ? (name) => start + name : (name) => `${start}/${name}`
}
