import { readdirSync, readFileSync } from 'node:fs'
import type { RuleId } from '../../findings/index.ts'
import { parseYaml } from '../../yaml/index.ts'
import type { ManifestObject } from '../manifest-objects.ts'

/** Text by file name without `.yaml`. */
export type Files = Record<string, string>
export type Change = (files: Files) => Files

/** One rule: a change of the good objects that breaks it alone, and one that comes near and is right. */
export interface Fixture {
  rule: RuleId
  /** Tells several ways to break a rule apart. */
  way?: string
  fails: Change[]
  /** File and text where the finding stands. */
  at: [file: string, text: string]
  /** Empty where the good objects are the right form. */
  passes: Change[]
}

const FOLDER = new URL('./good/', import.meta.url)

/** A whole application about which no rule has anything to say. */
export const GOOD: Files = Object.fromEntries(
  readdirSync(FOLDER).map((file) => [file.replace('.yaml', ''), readFileSync(new URL(file, FOLDER), 'utf8')]),
)

export function changed(changes: readonly Change[]): Files {
  return changes.reduce((files, change) => change(files), GOOD)
}

/** The objects as they would be read from the folder `shop`. */
export function objectsOf(files: Files): ManifestObject[] {
  return Object.entries(files).map(([name, text]) => {
    const { document, findings } = parseYaml(`shop/${name}.yaml`, text)
    if (!document) throw new Error(`${name}: ${findings[0]?.message}`)
    return document
  })
}

/** 1-based line of a text that must be there. */
export function lineIn(files: Files, name: string, text: string): number {
  const index = (files[name] ?? '').indexOf(text)
  if (index < 0) throw new Error(`${name} does not hold ${JSON.stringify(text)}`)
  return (files[name] ?? '').slice(0, index).split('\n').length
}

/** Another file. */
export function file(name: string, text: string): Change {
  return (files) => ({ ...files, [name]: text })
}

export function without(name: string): Change {
  return ({ [name]: removed, ...files }) => {
    if (removed === undefined) throw new Error(`there is no ${name}`)
    return files
  }
}

/** Replaces the first occurrence of a text, which must be there. */
export function edit(name: string, from: string, to: string): Change {
  return (files) => {
    lineIn(files, name, from)
    return { ...files, [name]: (files[name] ?? '').replace(from, () => to) }
  }
}

/** Adds lines below the first that holds a text, as its siblings. */
export function add(name: string, beside: string, ...added: string[]): Change {
  return (files) => {
    const lines = (files[name] ?? '').split('\n')
    const index = lineIn(files, name, beside) - 1
    const indent = ' '.repeat(indentOf(lines[index] ?? ''))
    return { ...files, [name]: lines.toSpliced(index + 1, 0, ...added.map((line) => indent + line)).join('\n') }
  }
}

/** Removes the first line that holds a text, with all that is indented more. */
export function drop(name: string, text: string): Change {
  return (files) => {
    const lines = (files[name] ?? '').split('\n')
    const index = lineIn(files, name, text) - 1
    const indent = (lines[index] ?? '').search(/\S/)
    const rest = lines.slice(index + 1)
    const length = rest.findIndex((line) => line.search(/\S/) <= indent)
    return { ...files, [name]: [...lines.slice(0, index), ...(length < 0 ? [] : rest.slice(length))].join('\n') }
  }
}

/** Where the keys of a line stand: behind the dash of a list. */
function indentOf(line: string): number {
  return line.search(/[^\s-]/)
}
