import { readFileSync } from 'node:fs'
import type { DocumentPath } from '../../../findings/index.ts'
import { parseYaml } from '../../../yaml/index.ts'
import type { ManifestObject } from '../../manifest-objects.ts'

const documents = readFileSync(new URL('./known-good.yaml', import.meta.url), 'utf8').split(/^---\n/m)

/** One valid object of every kind that Modelyard generates, as YAML text by kind. */
export const knownGood = new Map(documents.map((text) => [/^kind: (\w+)/m.exec(text)?.[1] ?? '', text]))

/** The known-good object of `kind`, its text changed by `edit`. */
export function manifest(kind: string, edit: (text: string) => string = (text) => text): ManifestObject {
  const before = knownGood.get(kind) ?? ''
  const after = edit(before)
  const { document } = parseYaml(`${kind}.yaml`, after)
  if (!document) throw new Error(`not YAML:\n${after}`)
  return document
}

/** A replacement that must find its text, so that a changed fixture cannot make a test pass for nothing. */
export function replacing(from: string, to: string): (text: string) => string {
  return (text) => {
    if (!text.includes(from)) throw new Error(`the fixture has no ${from}`)
    return text.replace(from, to)
  }
}

/** Every field of `value` with its path: the map that holds it, and its name. */
export function* fields(value: unknown, path: DocumentPath = []): Generator<DocumentPath> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key]
    if (!Array.isArray(value)) yield at
    yield* fields(item, at)
  }
}
