import { isAbsolute } from 'node:path'
import type { Finding } from '../../findings/index.ts'
import { STANDARD_INPUT } from '../manifest-sources.ts'

/** What a reporter is given: the findings in the order in which they are shown, and where their files are. */
export interface Report {
  findings: readonly Finding[]
  /** `123 objects: 1 error`, the closing line. */
  summary: string
  exitCode: number
  /** Of Modelyard. */
  version: string
  /** What leads from the work tree that a forge shows to where the files of the findings are named from; ends in `/` or is empty. */
  prefix: string
}

/** The file as a forge names it; undefined for what was on standard input. */
export function fileInTree({ file }: Finding, { prefix }: Report): string | undefined {
  if (file === undefined || file === STANDARD_INPUT) return undefined
  return isAbsolute(file) ? file : `${prefix}${file}`
}
