import type { DocumentPath, RuleId } from '../../findings/index.ts'
import { normalized, type SourceRange } from '../../yaml/index.ts'
import { kubernetesObject, type ManifestObject, writtenAt } from '../manifest-objects.ts'

/** One repair: the range is replaced. Offsets are of the text as `normalized` has it. */
export interface Edit extends SourceRange {
  file: string
  /** 1-based: of the finding that it repairs. */
  line: number
  rule: RuleId
  text: string
  /** What is done, for a person: `"yes" for yes`. */
  says: string
}

/** An edit of the scalar at `path`; undefined when it is not on one line, or the text is not at hand. */
export function scalarEdit(
  object: ManifestObject,
  path: DocumentPath,
  rule: RuleId,
  edit: (source: string) => string | undefined,
): Edit | undefined {
  const source = writtenAt(object, path)
  const text = source && edit(source.text)
  if (!source || text === undefined) return undefined
  const { start, end } = source
  const isSecret = kubernetesObject(object).kind === 'Secret'
  return {
    file: object.file,
    line: object.lineOf(path) ?? 1,
    rule,
    start,
    end,
    text,
    says: isSecret ? 'quotes of a value that is not shown' : `${text} for ${source.text}`,
  }
}

/** The text with each edit made; of two that overlap the first. Line ends and a byte order mark stay as they are. */
export function applyEdits(original: string, edits: readonly Edit[]): { text: string; made: Edit[] } {
  const whole = normalized(original)
  const made: Edit[] = []
  let text = ''
  let done = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < done) continue
    text += whole.slice(done, edit.start) + edit.text
    done = edit.end
    made.push(edit)
  }
  text += whole.slice(done)
  const lined = original.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text
  return { text: original.startsWith('\ufeff') ? `\ufeff${lined}` : lined, made }
}

/** A file with several kinds of line end, or carriage returns alone, which would not get back each of its own. */
export function hasMixedLineEnds(text: string): boolean {
  return /\r(?!\n)/.test(text) || (text.includes('\r\n') && /[^\r]\n|^\n/.test(text))
}
