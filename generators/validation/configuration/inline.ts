import type { Finding } from '../../findings/index.ts'
import type { Directive } from '../../yaml/index.ts'
import { about, kubernetesObject, type ManifestObject } from '../manifest-objects.ts'
import { parseSaid, type Suppression } from './suppression.ts'

export interface Inline {
  suppressions: Suppression[]
  findings: Finding[]
}

/** Annotation of an object: `ignore.modelyard.dev/<rule>: "<reason>"`, or `"until <date>: <reason>"`. */
const ANNOTATION = 'ignore.modelyard.dev/'

/** What comments of the files and annotations of the objects suppress: a comment its line, an annotation its object. */
export function inlineSuppressions(
  comments: readonly (Directive & { file: string })[],
  objects: readonly ManifestObject[],
): Inline {
  const inline: Inline = { suppressions: [], findings: [] }
  for (const { file, line, about: target, text } of comments) {
    add(inline, text, file, line, (finding) => finding.file === file && finding.line === target)
  }
  for (const [index, object] of objects.entries()) {
    for (const [rule, value] of annotationsOf(object)) {
      const said = typeof value === 'string' && value.startsWith('until ') ? `${rule} ${value}` : `${rule}: ${value}`
      const line = object.lineOf(['metadata', 'annotations', `${ANNOTATION}${rule}`]) ?? 1
      add(inline, said, object.file, line, coverage(object, objects[index + 1]))
    }
  }
  return inline
}

function add(inline: Inline, text: string, file: string, line: number, covers: Suppression['covers']): void {
  const said = parseSaid(text)
  if ('problem' in said) {
    const fix = 'Write: modelyard-ignore <rule> [until <yyyy-mm-dd>]: <reason>'
    inline.findings.push({ rule: 'suppression-invalid', severity: 'error', message: said.problem, file, line, fix })
  } else inline.suppressions.push({ ...said, file, line, covers })
}

function annotationsOf(object: ManifestObject): [string, unknown][] {
  const annotations: unknown = (kubernetesObject(object).metadata as Record<string, unknown> | undefined)?.[
    'annotations'
  ]
  if (typeof annotations !== 'object' || annotations === null) return []
  return Object.entries(annotations).flatMap(([key, value]) =>
    key.startsWith(ANNOTATION) ? [[key.slice(ANNOTATION.length), value] as [string, unknown]] : [],
  )
}

/** The findings between where the object begins and where the next one does: its title alone may be that of another, too. */
function coverage(object: ManifestObject, next: ManifestObject | undefined): Suppression['covers'] {
  const title = about(object).object
  const start = object.lineOf([]) ?? 1
  const end = next?.file === object.file ? (next.lineOf([]) ?? start) : Number.POSITIVE_INFINITY
  return ({ file, line = 1, object: named }) =>
    file === object.file && named === title && line >= start && (line < end || end <= start)
}
