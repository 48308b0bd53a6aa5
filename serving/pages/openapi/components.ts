import type { Schema } from './schema.ts'

/** Operations by path and method. */
export type Paths = Record<string, Record<string, object>>

export function ref(component: string): Schema {
  return { $ref: `#/components/schemas/${component}` }
}

/** Component names take letters, digits, `.`, `-` and `_`. */
export function componentName(model: string, what: string): string {
  return `${model.replace(/[^\w.-]/g, '_')}-${what}`
}
