export { environmentDefinition } from './environment-definition.ts'
export { modelDefinition } from './model-definition.ts'
export { type NewRepository, newRepository } from './new-repository.ts'
export { writeNew } from './write-new.ts'
