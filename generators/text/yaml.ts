import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, stringify } from 'yaml'
import type { DocumentPath, Finding } from '../findings/index.ts'

/** One YAML document with the position of everything in it. */
export interface YamlFile {
  /** Path relative to the repository's root. */
  file: string
  text: string
  value: unknown
  /** 1-based line of the value at `path`, or of the nearest parent that exists; of the key when `path` names a map's key. */
  lineOf(path: DocumentPath): number | undefined
  /** Offsets in `text` of the scalar at `path`; undefined when there is no scalar. */
  rangeOf(path: DocumentPath): { start: number; end: number } | undefined
}

/** The document, or the findings that say why it cannot be read. */
export type Parsed = { document: YamlFile; findings: [] } | { document: undefined; findings: Finding[] }

/**
 * Reads one YAML 1.2 document. Syntax errors, duplicate keys and unresolved or excessive aliases are findings of rule
 * `yaml-syntax`; nothing throws.
 */
export function parseYaml(file: string, text: string): Parsed {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
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
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    const lineOf = (path: DocumentPath) => {
      const offset = offsetOf(document, path)
      return offset === undefined ? undefined : lines.linePos(offset).line
    }
    return {
      document: { file, text, value, lineOf, rangeOf: (path) => scalarRange(document, path) },
      findings: [],
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const fix = 'Write the values out instead of using aliases.'
    return {
      document: undefined,
      findings: [{ rule: 'yaml-syntax', severity: 'error', message: `cannot be read: ${message}`, file, line: 1, fix }],
    }
  }
}

function offsetOf(document: Document.Parsed, path: DocumentPath): number | undefined {
  for (let depth = path.length; depth >= 0; depth--) {
    const parent = depth === 0 ? undefined : nodeAt(document, path.slice(0, depth - 1))
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === path[depth - 1])
      const key = pair?.key as Node | undefined
      if (key?.range) return key.range[0]
    }
    const node = nodeAt(document, path.slice(0, depth))
    if (node?.range) return node.range[0]
  }
  return undefined
}

function nodeAt(document: Document.Parsed, path: DocumentPath): Node | undefined {
  if (path.length === 0) return document.contents ?? undefined
  return document.getIn(path, true) as Node | undefined
}

function scalarRange(document: Document.Parsed, path: DocumentPath) {
  const node = nodeAt(document, path)
  return isScalar(node) && node.range ? { start: node.range[0], end: node.range[1] } : undefined
}

/**
 * YAML that a YAML 1.1 reader and a YAML 1.2 reader understand alike (`yes`, `on`, `12:30`, `1_000` are quoted), keys in
 * the order given, lines never folded.
 */
export function formatYaml(value: unknown): string {
  return stringify(value, { compat: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false, indentSeq: true })
}
