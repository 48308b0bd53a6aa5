/** A feature by whose values metrics are told apart. */
export interface Slice {
  feature: string
  /** Ascending; a number then belongs to a bin between two of them rather than to itself. */
  edges?: number[]
}

/** `town`, or `age=18,40,65`; throws an Error that says what is wrong. */
export function parseSlice(text: string): Slice {
  const at = text.lastIndexOf('=')
  if (at === -1) return { feature: text }
  const edges = text
    .slice(at + 1)
    .split(',')
    .map(Number)
  if (edges.some((edge, index) => !Number.isFinite(edge) || (index > 0 && edge <= (edges[index - 1] as number)))) {
    throw new Error(`--slice ${text}: the edges must be numbers that ascend, as in age=18,40,65`)
  }
  return { feature: text.slice(0, at), edges }
}

/** The value of a row, or its bin: `[18,40)`, `below 18`, `from 65`. A feature that the log does not have is `(absent)`. */
export function sliceValue({ feature, edges }: Slice, inputs: Readonly<Record<string, unknown>>): string {
  const value = Object.hasOwn(inputs, feature) ? inputs[feature] : undefined
  if (value === undefined) return '(absent)'
  if (value === null) return '(missing)'
  if (edges === undefined || typeof value !== 'number')
    return typeof value === 'object' ? JSON.stringify(value) : String(value)
  const above = edges.findIndex((edge) => value < edge)
  if (above === 0) return `below ${edges[0]}`
  return above === -1 ? `from ${edges.at(-1)}` : `[${edges[above - 1]},${edges[above]})`
}
