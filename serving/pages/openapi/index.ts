export { type Access, withAccess } from './access.ts'
export { type DocumentedModel, openApiDocument } from './document.ts'
export { exampleInference, exampleRecords, type InferenceExample } from './examples.ts'
