export { CODE_OWNERS_PLACES, ownersOf } from './code-owners.ts'
export { type CsvTable, parseCsv } from './csv.ts'
export { canonicalJson, contentDigest } from './digest.ts'
export type { Directive } from './directives.ts'
export { type DocumentPlace, itemLines, type ScalarSource, type SourceRange, scalarSource } from './document-place.ts'
export { addKey, editScalar, removeKey } from './edit.ts'
export { globPattern } from './glob.ts'
export {
  MAX_DOCUMENTS,
  normalized,
  readStream,
  type Stream,
  type StreamDocument,
  streamDirectives,
} from './manifest-stream.ts'
export { nearest } from './nearest.ts'
export { parsePath } from './path.ts'
export { resolvePlainScalar } from './plain-scalar.ts'
export { type Located, schemaCheck } from './schema.ts'
export { formatYaml, parseYaml, type YamlFile } from './yaml.ts'
