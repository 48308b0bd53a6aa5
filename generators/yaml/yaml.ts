import type { Alias, Document, LineCounter, Node, ScalarTag } from 'yaml'
import type { DocumentPath, Finding } from '../findings/index.ts'
import { GoYamlError, goValue, isSameKey } from './go-value.ts'
import { resolvePlainScalar } from './plain-scalar.ts'
import { withQuotedLinesIndented } from './quoted-lines.ts'
import { yamlLibrary } from './yaml-library.ts'

/** One YAML document with the position of everything in it. */
export interface YamlFile {
  /** Path relative to the repository's root. */
  file: string
  text: string
  value: unknown
  /** 1-based line of the value at `path`, or of the nearest parent that exists; of the key when `path` names a map's key. */
  lineOf(path: DocumentPath): number
  /** Offsets in `text` of the scalar at `path`; undefined when there is none that stands on one line. */
  rangeOf(path: DocumentPath): { start: number; end: number } | undefined
  /** Offsets in `text` of the lines that a key of the top-level map stands on with all of its value; undefined inside braces. */
  linesOf(key: string): { start: number; end: number } | undefined
  /** Offsets in `text` of the lines that an item of a list stands on with all of its value; undefined inside brackets. */
  itemLinesOf(path: DocumentPath): { start: number; end: number } | undefined
}

/** The document, or the findings that say why it cannot be read. */
export type Parsed = { document: YamlFile; findings: [] } | { document: undefined; findings: Finding[] }

export interface ParseOptions {
  /** How scalars without quotes are read: YAML 1.2, in which our own files are written, or Kubernetes' own way. */
  dialect?: 'yaml-1.2' | 'kubernetes'
}

/** A value that repeats itself this often is no document that a person wrote. */
const MAX_ALIASES = 100

/**
 * Reads one YAML document. Syntax errors, duplicate keys and unresolved or excessive aliases are findings of rule
 * `yaml-syntax`; nothing throws.
 */
export function parseYaml(file: string, text: string, { dialect = 'yaml-1.2' }: ParseOptions = {}): Parsed {
  const {
    document,
    lines,
    text: readText,
  } = readWith(dialect === 'kubernetes' ? withQuotedLinesIndented(text) : text, dialect)
  const findings = document.errors.map((error): Finding => {
    const position = lines.linePos(error.pos[0])
    return {
      rule: 'yaml-syntax',
      severity: 'error',
      message: `not valid YAML: ${error.message}`,
      file,
      line: position.line,
      column: position.col,
      fix: 'Correct the line; keys must be unique and indentation consistent.',
    }
  })
  if (findings.length > 0) return { document: undefined, findings }
  const refused = (reason: string, offset = 0, fix = 'Write the values out instead of using aliases.'): Parsed => {
    const line = lines.linePos(offset).line
    const message = `cannot be read: ${reason}`
    return { document: undefined, findings: [{ rule: 'yaml-syntax', severity: 'error', message, file, line, fix }] }
  }
  const aliases = aliasesOf(document)
  if (aliases.length > MAX_ALIASES)
    return refused(`has more than ${MAX_ALIASES} aliases`, offsetOfAlias(aliases[MAX_ALIASES]))
  const unusable = aliases.find(({ problem }) => problem !== undefined)
  if (unusable) return refused(`*${unusable.alias.source} ${unusable.problem}`, offsetOfAlias(unusable))
  try {
    // Counts what aliases of aliases come to, too.
    const plain =
      dialect === 'kubernetes' && aliases.length === 0 ? undefined : document.toJS({ maxAliasCount: MAX_ALIASES })
    const value: unknown = dialect === 'kubernetes' ? goValue(document) : plain
    return {
      document: {
        file,
        text,
        value,
        lineOf: (path) => lines.linePos(offsetOf(document, path)).line,
        // Offsets in another text than the file's are of no use.
        rangeOf: (path) => (readText === text ? scalarRange(document, path) : undefined),
        linesOf: (key) => (readText === text ? keyLines(document, text, key) : undefined),
        itemLinesOf: (path) => (readText === text ? itemLines(document, text, path) : undefined),
      },
      findings: [],
    }
  } catch (error) {
    if (error instanceof GoYamlError) return refused(error.message, error.offset, error.fix)
    return refused(error instanceof Error ? error.message : String(error), offsetOfAlias(aliases[0]))
  }
}

interface Reading {
  text: string
  document: Document.Parsed
  lines: LineCounter
}

function readWith(text: string, dialect: keyof typeof DIALECTS): Reading {
  const { LineCounter, parseDocument } = yamlLibrary()
  const lines = new LineCounter()
  const options = { lineCounter: lines, prettyErrors: false, ...DIALECTS[dialect] }
  return { text, document: parseDocument(text, options), lines }
}

/** Any scalar without quotes, by the rule of plain-scalar.ts; it stands before the tags that would read it otherwise. */
const kubernetesScalar: ScalarTag = {
  tag: 'tag:yaml.org,2002:plain',
  default: true,
  test: /^(?:[-+.~\dyYnNtTfFoO][\s\S]*)?$/,
  resolve: resolvePlainScalar,
}

const DIALECTS = {
  'yaml-1.2': { uniqueKeys: true },
  kubernetes: {
    uniqueKeys: isSameKey,
    logLevel: 'error' as const,
    customTags: (tags: (string | object)[]) => [kubernetesScalar, ...tags] as ScalarTag[],
  },
}

/**
 * The aliases, with what is wrong with each: a value that holds itself cannot be checked, hashed or written. Stops after one
 * more than may be, since looking up each costs a pass over the document.
 */
function aliasesOf(document: Document.Parsed): { alias: Alias; problem?: string }[] {
  const aliases: { alias: Alias; problem?: string }[] = []
  const { visit } = yamlLibrary()
  visit(document, {
    Alias(_, alias, parents) {
      if (aliases.length > MAX_ALIASES) return visit.BREAK
      const target = alias.resolve(document)
      if (!target) aliases.push({ alias, problem: 'names no anchor before it' })
      else if (parents.includes(target)) aliases.push({ alias, problem: 'stands inside the value that it names' })
      else aliases.push({ alias })
      return undefined
    },
  })
  return aliases
}

function offsetOfAlias(found: { alias: Alias } | undefined): number {
  return found?.alias.range?.[0] ?? 0
}

function offsetOf(document: Document.Parsed, path: DocumentPath): number {
  const { isMap, isScalar } = yamlLibrary()
  for (let depth = path.length; depth >= 0; depth--) {
    const parent = depth === 0 ? undefined : nodeAt(document, path.slice(0, depth - 1))
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(path[depth - 1]))
      const key = pair?.key as Node | undefined
      if (key?.range) return key.range[0]
    }
    const node = nodeAt(document, path.slice(0, depth))
    if (node?.range) return node.range[0]
  }
  return 0
}

function nodeAt(document: Document.Parsed, path: DocumentPath): Node | undefined {
  if (path.length === 0) return document.contents ?? undefined
  return document.getIn(path, true) as Node | undefined
}

function scalarRange(document: Document.Parsed, path: DocumentPath) {
  const node = nodeAt(document, path)
  if (!yamlLibrary().isScalar(node) || !node.range || node.type?.startsWith('BLOCK')) return undefined
  const [start, end] = node.range
  return end > start ? { start, end } : undefined
}

function keyLines(document: Document.Parsed, text: string, key: string) {
  const map = document.contents
  const { isMap, isScalar } = yamlLibrary()
  if (!isMap(map) || map.flow) return undefined
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key)
  const start = (pair?.key as Node | undefined)?.range?.[0]
  const valueEnd = (pair?.value as Node | null | undefined)?.range?.[1]
  return start === undefined || valueEnd === undefined ? undefined : { start, end: endOfLine(text, valueEnd) }
}

/** The item's dash must be alone before it on its line, no comment within, and another item of the list be left. */
function itemLines(document: Document.Parsed, text: string, path: DocumentPath) {
  const list = nodeAt(document, path.slice(0, -1))
  const item = nodeAt(document, path)
  if (!yamlLibrary().isSeq(list) || list.flow || list.items.length < 2 || !item?.range) return undefined
  const start = text.lastIndexOf('\n', item.range[0] - 1) + 1
  if (!/^ *- +$/.test(text.slice(start, item.range[0]))) return undefined
  const end = endOfLine(text, item.range[1])
  // What a person wrote about it is not to go with it.
  return /(?:^|\s)#/.test(text.slice(start, end)) ? undefined : { start, end }
}

function endOfLine(text: string, valueEnd: number): number {
  // The end of a block's value is the start of the next line already; another's line goes on, perhaps with a comment.
  const atLineStart = valueEnd > 0 && text[valueEnd - 1] === '\n'
  const lineEnd = text.indexOf('\n', valueEnd)
  return atLineStart ? valueEnd : lineEnd < 0 ? text.length : lineEnd + 1
}

/** Control characters, and line breaks of YAML 1.1 alone; a reader refuses them, or folds them, where they stand bare. */
const UNSAFE = /[^\P{Cc}\n]|[\u2028\u2029\ufeff]/u

/**
 * YAML that a YAML 1.1 reader and a YAML 1.2 reader understand alike (`yes`, `on`, `12:30`, `1_000` are quoted, control
 * characters escaped), keys in the order given, lines never folded.
 */
export function formatYaml(value: unknown): string {
  const { Document, visit } = yamlLibrary()
  const document = new Document(value, { compat: 'yaml-1.1', aliasDuplicateObjects: false })
  const format = () => document.toString({ lineWidth: 0, indentSeq: true })
  const text = format()
  if (!UNSAFE.test(text)) return text
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && UNSAFE.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE'
    },
  })
  return format().replace(new RegExp(UNSAFE, 'gu'), escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
