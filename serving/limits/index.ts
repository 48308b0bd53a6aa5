export { ConnectionLimit } from './connection-limit.ts'
export { type JsonStructure, jsonStructure } from './json-structure.ts'
export { largeTurn } from './large-turns.ts'
export { MemoryBudget, type Reservation, type Shortage, SMALL_BYTES } from './memory-budget.ts'
