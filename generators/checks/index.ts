export { countFindings, formatFindings } from './reporters.ts'
export { type Validation, validateLoaded, validateRepository } from './validate.ts'
