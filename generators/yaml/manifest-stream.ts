import type { DocumentPath, Finding } from '../findings/index.ts'
import { type Directive, directivesIn, mayHoldDirectives } from './directives.ts'
import type { DocumentPlace } from './document-place.ts'
import { isDeep, MAX_NESTING } from './nesting.ts'
import { NOT_PLAIN, type Positions, readPlainYaml } from './plain-yaml.ts'
import { parseYaml } from './yaml.ts'

/** One document of a stream, with lines that are looked for when they are asked for. */
export interface StreamDocument {
  /** Of its stream. */
  file: string
  value: unknown
  /** 1-based line in the stream of what is at `path`, or of the nearest parent that exists. */
  lineOf(path: DocumentPath): number
  place: DocumentPlace
}

export interface StreamContent {
  documents: StreamDocument[]
  findings: Finding[]
  directives: Directive[]
}

/** A text whose documents are read; `text()` gives it again when a finding wants a line, so that nobody has to keep it. */
export interface Stream {
  /** As it is shown to people. */
  file: string
  text(): string
}

/** A text that is no YAML has an error in every line; the first ones say so. */
const MAX_ERRORS = 5

/** What one run holds in memory; a cluster has less. */
export const MAX_DOCUMENTS = 250_000

/** The API server takes 3 MiB, a List may be more; a map of ten million keys would take all memory. */
const MAX_DOCUMENT = 8 * 2 ** 20

/** What the API server takes in one request; beyond it the full parser takes long, and a gigabyte. */
const MAX_FULL_PARSE = 3 * 2 ** 20

/**
 * Every document of a YAML or JSON stream, as Kubernetes reads it (plain-scalar.ts); empty ones are left out. Plain YAML is read
 * by plain-yaml.ts, everything else by the full parser, whose errors are findings of rule `yaml-syntax`.
 */
export function readStream({ file, text }: Stream): StreamContent {
  const documents: StreamDocument[] = []
  const findings: Finding[] = []
  const given = text()
  const whole = normalized(given)
  const parts = splitDocuments(whole)
  let jsonObjects = 0
  for (let next = parts.next(); !next.done; next = parts.next()) {
    const { start, end, fault } = next.value
    const line = () => lineAt(whole, start)
    if (documents.length + findings.length >= MAX_DOCUMENTS) {
      findings.push(tooLarge(file, line(), `more than ${MAX_DOCUMENTS} documents`))
      break
    }
    if (fault) {
      findings.push(syntaxError(file, line(), FAULTS[fault]))
      if (fault !== 'unmarked') continue
    }
    const part = start === 0 && end === whole.length ? whole : whole.slice(start, end)
    if (part.length > MAX_DOCUMENT) {
      findings.push(tooLarge(file, line(), `a document of more than ${MAX_DOCUMENT / 2 ** 20} MiB`))
      continue
    }
    const value = readPlainYaml(part)
    if (value !== NOT_PLAIN) {
      if (value === null) continue
      if (jsonObjects > 1) findings.push(syntaxError(file, line(), FAULTS.json))
      documents.push(new PlainDocument(value, { file, text, start, end }))
      continue
    }
    // Objects of JSON may follow each other at the beginning of a stream.
    const objects = documents.length === 0 && findings.length === 0 ? jsonObjectsIn(whole, start, end) : []
    if (objects.length > 1) {
      jsonObjects = objects.length
      for (const object of objects) documents.push(new PlainDocument(object.value, { file, text, ...object }))
      continue
    }
    const excess = excessOf(part)
    if (excess !== undefined) {
      findings.push(tooLarge(file, line(), excess))
      continue
    }
    const first = line()
    const parsed = parseYaml(file, part, { dialect: 'kubernetes' })
    const fix = commonSlip(part)
    for (const finding of parsed.findings.slice(0, fix === undefined ? MAX_ERRORS : 1)) {
      findings.push({ ...finding, line: (finding.line ?? 1) + first - 1, ...(fix !== undefined && { fix }) })
    }
    const { document } = parsed
    if (!document || document.value === null) continue
    const lineOf = (path: DocumentPath) => document.lineOf(path) + first - 1
    documents.push({ file, value: document.value, lineOf, place: { file, text, start, end } })
  }
  // Kubernetes looks for the markers between line feeds, and for the rest of YAML between all line ends.
  if (documents.length > 1 && /\r(?:---|\.\.\.)/.test(given)) findings.push(syntaxError(file, 1, FAULTS.returns))
  return { documents, findings, directives: streamDirectives(whole) }
}

/** What Kubernetes' reader does not take, or takes otherwise than it looks. */
const FAULTS = {
  separator: {
    message: 'invalid document separator: --- must stand alone on its line',
    fix: 'Put a line break after ---.',
  },
  directive: {
    message: 'a directive (%) is not allowed: Kubernetes splits the stream at --- first',
    fix: 'Remove the line; Kubernetes reads YAML as it is.',
  },
  unmarked: {
    message: 'what follows ... up to the next --- is ignored by Kubernetes',
    fix: 'Write --- instead of ... between the objects.',
  },
  json: {
    message: 'a stream that begins with several JSON objects must go on with JSON',
    fix: 'Separate all objects by ---, or none.',
  },
  returns: {
    message: 'Kubernetes reads only the first document: the lines end in a carriage return alone',
    fix: 'Save the file with line feeds.',
  },
} as const

function syntaxError(file: string, line: number, says: { message: string; fix: string }): Finding {
  return { rule: 'yaml-syntax', severity: 'error', message: says.message, file, line, fix: says.fix }
}

/** The directives of a normalized stream. */
export function streamDirectives(whole: string): Directive[] {
  if (!mayHoldDirectives(whole)) return []
  return [...splitDocuments(whole)].flatMap(({ start, end }) => {
    const before = lineAt(whole, start) - 1
    return directivesIn(whole.slice(start, end)).map(({ line, about, ...said }) => {
      return { ...said, line: line + before, about: about + before }
    })
  })
}

/** The text that was read again last: findings come in the order of files, and a stream of 100,000 objects is one text. */
let latest: { read: () => string; text: string } | undefined

/** The text of a stream, read again. */
export function textAgain(read: () => string): string {
  if (latest?.read !== read) latest = { read, text: normalized(read()) }
  return latest.text
}

/** Why the full parser is not asked. */
function excessOf(text: string): string | undefined {
  if (text.length > MAX_FULL_PARSE) {
    const size = (text.length / 2 ** 20).toFixed(1)
    return `a document of ${size} MiB that is not plain YAML (at most ${MAX_FULL_PARSE / 2 ** 20} MiB)`
  }
  return isDeep(text) ? `maps and lists inside each other more than ${MAX_NESTING} deep` : undefined
}

function tooLarge(file: string, line: number, excess: string): Finding {
  return {
    rule: 'input-too-large',
    severity: 'warning',
    message: `could not check: ${excess}`,
    file,
    line,
    fix: 'Split it into documents with ---, or write it without anchors, tags and folded text.',
  }
}

/** What usually keeps a whole document from being YAML. */
function commonSlip(text: string): string | undefined {
  if (text.includes('{{')) return 'Render the template first: helm template ... | modelyard validate -'
  return /^apiVersion:[\s\S]*^apiVersion:/m.test(text) ? 'Put a line --- between the objects.' : undefined
}

/** Without a byte order mark, lines ended by a line feed alone. */
export function normalized(text: string): string {
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  return body.includes('\r') ? body.replaceAll(/\r\n?/g, '\n') : body
}

interface Notes {
  value: unknown
  positions: Positions
}

/** What the fast reader read. There are many of these, and few are asked for a line: then it is read once more, noting lines. */
class PlainDocument implements StreamDocument, DocumentPlace {
  readonly value: unknown
  readonly file: string
  readonly text: () => string
  readonly start: number
  readonly end: number
  #notes: WeakRef<Notes> | undefined

  constructor(value: unknown, { file, text, start, end }: DocumentPlace) {
    this.value = value
    this.file = file
    this.text = text
    this.start = start
    this.end = end
  }

  get place(): DocumentPlace {
    return this
  }

  lineOf(path: DocumentPath): number {
    const { value: root, positions } = this.#noted()
    let at: unknown = root
    let line = firstLine(root, positions)
    for (const key of path) {
      const found = typeof at === 'object' && at !== null ? positions.get(at)?.get(key) : undefined
      if (found === undefined) break
      line = found
      at = (at as Record<string | number, unknown>)[key]
    }
    return line + lineAt(textAgain(this.text), this.start) - 1
  }

  #noted(): Notes {
    const kept = this.#notes?.deref()
    if (kept) return kept
    const positions: Positions = new Map()
    const text = textAgain(this.text).slice(this.start, this.end)
    const made = { value: readPlainYaml(text, positions), positions }
    this.#notes = new WeakRef(made)
    return made
  }
}

function firstLine(root: unknown, positions: Positions): number {
  const lines = typeof root === 'object' && root !== null ? positions.get(root)?.values() : undefined
  return lines?.next().value ?? 1
}

/** The line that was looked for last: they are looked for in the order of a text. */
let counted = { text: '', start: 0, line: 1 }

/** 1-based line of an offset that is the start of a line. */
function lineAt(text: string, start: number): number {
  let { line } = counted
  let at = counted.start
  if (counted.text !== text || at > start) {
    line = 1
    at = 0
  }
  for (at = text.indexOf('\n', at); at >= 0 && at < start; at = text.indexOf('\n', at + 1)) line++
  counted = { text, start, line }
  return line
}

/** Offsets of a document in its stream. */
interface Part {
  start: number
  end: number
  /** Why Kubernetes does not read it, or not as it looks. */
  fault?: 'separator' | 'directive' | 'unmarked'
}

/**
 * Where the documents of a stream are. A line that begins with `---` ends a document wherever it stands, as `...` does for go-yaml,
 * so that no parsing is needed.
 */
function* splitDocuments(text: string): Generator<Part> {
  let start = 0
  let fault: Part['fault']
  for (const at of maybeMarkers(text)) {
    const next = afterMarker(text, at)
    if (next === undefined && !text.startsWith('-', at)) continue
    if (at > start) yield part(text, start, at, fault)
    fault = next === undefined ? 'separator' : text.startsWith('.', at) ? 'unmarked' : undefined
    start = next ?? at
  }
  if (start < text.length) yield part(text, start, text.length, fault)
}

function part(text: string, start: number, end: number, fault: Part['fault']): Part {
  if (fault === 'separator') return { start, end, fault }
  if (text.startsWith('%', start)) return { start, end, fault: 'directive' }
  return fault !== undefined && !isBlank(text, start, end) ? { start, end, fault } : { start, end }
}

/** Nothing but blanks and comments. */
function isBlank(text: string, start: number, end: number): boolean {
  return text
    .slice(start, end)
    .split('\n')
    .every((line) => /^\s*(?:#|$)/.test(line))
}

/** Where the document after a marker begins: on the next line; undefined where this is none, or holds more than a comment. */
function afterMarker(text: string, at: number): number | undefined {
  if (text.startsWith('\n', at + 3)) return at + 4
  MARKER.lastIndex = at
  const [marked] = MARKER.exec(text) ?? []
  return marked === undefined ? undefined : at + marked.length
}

const MARKER = /(?:---|\.\.\.)[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y

/** Every line that begins as a marker does. */
function* maybeMarkers(text: string): Generator<number> {
  if (text.startsWith('---') || text.startsWith('...')) yield 0
  let dashes = text.indexOf('\n---')
  let dots = text.indexOf('\n...')
  while (dashes >= 0 || dots >= 0) {
    const at = dots < 0 || (dashes >= 0 && dashes < dots) ? dashes : dots
    yield at + 1
    if (at === dashes) dashes = text.indexOf('\n---', at + 1)
    else dots = text.indexOf('\n...', at + 1)
  }
}

/** Objects of JSON that follow each other, with or without blanks between them; none where that is not all there is. */
function jsonObjectsIn(text: string, start: number, end: number): (Omit<Part, 'fault'> & { value: unknown })[] {
  const objects: (Omit<Part, 'fault'> & { value: unknown })[] = []
  for (let at = start; ; ) {
    while (at < end && /\s/.test(text[at] ?? '')) at++
    if (at === end) return objects
    const close = endOfJson(text, at, end)
    if (close === undefined) return []
    const object = text.slice(at, close)
    const value = isJson(object) ? readPlainYaml(object) : NOT_PLAIN
    if (value === NOT_PLAIN) return []
    objects.push({ start: at, end: close, value })
    at = close
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const CLOSING: Record<string, string> = { '{': '}', '[': ']' }

/** Offset behind the bracket that closes the one at `start`; undefined where it is none, or stays open. */
function endOfJson(text: string, start: number, end: number): number | undefined {
  const open: string[] = []
  BRACKET.lastIndex = start
  if (!Object.hasOwn(CLOSING, text[start] ?? '')) return undefined
  for (let found = BRACKET.exec(text); found && found.index < end; found = BRACKET.exec(text)) {
    const [piece] = found
    if (Object.hasOwn(CLOSING, piece)) open.push(CLOSING[piece] ?? '')
    else if (piece === '}' || piece === ']') {
      if (open.pop() !== piece) return undefined
      if (open.length === 0) return BRACKET.lastIndex
    }
  }
  return undefined
}

/** A bracket, or a text, in which brackets mean nothing. */
const BRACKET = /[{}[\]]|"(?:[^"\\\n]|\\.)*"/g
