import type { DocumentPath } from '../findings/index.ts'
import { textAgain } from './manifest-stream.ts'
import { isDeep } from './nesting.ts'
import { parseYaml, type YamlFile } from './yaml.ts'

/** Where a document stands: offsets in the text of its stream, as `normalized` has it. */
export interface DocumentPlace extends SourceRange {
  file: string
  /** The stream's text, read again. */
  text(): string
}

export interface SourceRange {
  start: number
  end: number
}

/** A scalar as it stands there, with its quotes. */
export interface ScalarSource extends SourceRange {
  text: string
}

/** What is written where is only told of documents of this size: the full parser compares every key of a map with every other. */
const MAX_LOCATED = 2 ** 16

/** What is written at `path`, a scalar on one line. */
export function scalarSource(place: DocumentPlace, path: DocumentPath): ScalarSource | undefined {
  const document = readAgain(place)
  const range = document?.rangeOf(path)
  return document && range && { ...moved(range, place), text: document.text.slice(range.start, range.end) }
}

/** The whole lines of an item of a list: `- name: a` and what follows it; undefined inside brackets. */
export function itemLines(place: DocumentPlace, path: DocumentPath): SourceRange | undefined {
  const range = readAgain(place)?.itemLinesOf(path)
  return range && moved(range, place)
}

function moved({ start, end }: SourceRange, place: DocumentPlace): SourceRange {
  return { start: start + place.start, end: end + place.start }
}

/** The document that was asked about last: findings come one object after the other, and nothing is kept for each. */
let latest: { place: DocumentPlace; document: YamlFile | undefined } | undefined

function readAgain(place: DocumentPlace): YamlFile | undefined {
  if (latest?.place !== place) {
    const text = textAgain(place.text).slice(place.start, place.end)
    const isRead = text.length <= MAX_LOCATED && !isDeep(text)
    const document = isRead ? parseYaml(place.file, text, { dialect: 'kubernetes' }).document : undefined
    latest = { place, document }
  }
  return latest.document
}
