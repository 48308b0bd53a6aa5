/** What a JSON text consists of. */
export interface JsonStructure {
  /** Deepest nesting of lists and objects. */
  depth: number
  /** Lists and objects. */
  containers: number
  /** Elements of lists and fields of objects, at most. */
  values: number
  /** Strings, keys included. */
  strings: number
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Counts what `JSON.parse` would make of these bytes, in one pass and without making it; of bytes that are not JSON it counts
 * something. Stops at the first list or object deeper than `maxDepth`.
 */
export function jsonStructure(bytes: Uint8Array, maxDepth: number): JsonStructure {
  const { length } = bytes
  let [open, depth, containers, values, strings] = [0, 0, 0, 0, 0]
  for (let at = 0; at < length; at++) {
    const byte = bytes[at]
    if (byte === COMMA) values += 1
    else if (byte === QUOTE) {
      strings += 1
      for (at++; at < length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at += 1
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      containers += 1
      open += 1
      if (open <= depth) continue
      depth = open
      if (depth > maxDepth) break
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) open -= 1
    else if (byte === COLON) values += 1
  }
  return { depth, containers, values, strings }
}
