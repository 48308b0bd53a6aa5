export type { Directive } from './directives.ts'
export { type DocumentPlace, itemLines, type ScalarSource, type SourceRange, scalarSource } from './document-place.ts'
export { addKey, editScalar, removeKey } from './edit.ts'
export {
  MAX_DOCUMENTS,
  normalized,
  readStream,
  type Stream,
  type StreamDocument,
  streamDirectives,
} from './manifest-stream.ts'
export { parsePath } from './path.ts'
export { resolvePlainScalar } from './plain-scalar.ts'
export { formatYaml, parseYaml, type YamlFile } from './yaml.ts'
