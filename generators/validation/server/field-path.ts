import type { DocumentPath } from '../../findings/index.ts'

type Fields = Record<string, unknown>

/**
 * Where in an object the API server means, in either of its notations: `spec.ports[0].nodePort`, `data[a b]` of its validation
 * (apimachinery `field.Path`), or `.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"]`, `.finalizers[="a"]` of
 * server-side apply (structured-merge-diff `fieldpath.Path`). Of several items with one key it is the last.
 * @param object that the notation is about: names with dots, and items by key, are found in it
 */
export function documentPath(notation: string, object: unknown): DocumentPath {
  const path: DocumentPath = []
  let at = object
  let rest = notation
  while (rest !== '') {
    const bracket = /^\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]/.exec(rest)
    const found = bracket ? elementOf(bracket[1] ?? '', at) : nameIn(rest.replace(/^\./, ''), at)
    if (found === undefined || found === '') break
    path.push(found)
    at = isFields(at) || Array.isArray(at) ? (at as Fields)[found] : undefined
    rest = bracket ? rest.slice(bracket[0].length) : rest.replace(/^\./, '').slice(String(found).length)
  }
  return path
}

/** The longest key of the map that the rest begins with: names of labels have dots. */
function nameIn(rest: string, at: unknown): string {
  const isWhole = (key: string) => rest.startsWith(key) && /^(?:[.[]|$)/.test(rest.slice(key.length))
  const known = isFields(at) ? Object.keys(at).filter(isWhole) : []
  return known.sort((a, b) => b.length - a.length)[0] ?? /^[^.[]*/.exec(rest)?.[0] ?? ''
}

function elementOf(said: string, at: unknown): string | number | undefined {
  if (!Array.isArray(at)) return said.startsWith('"') ? (readJson(said) as string) : said
  if (/^\d+$/.test(said)) return Number(said)
  const keys = [...said.matchAll(/(\w*)=("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)/g)]
  const index = at.findLastIndex((item) =>
    keys.every(([, name = '', text = '']) => {
      const wanted = readJson(text)
      if (name === '') return item === wanted
      const value = isFields(item) ? item[name] : undefined
      // The server has filled a default in where nothing is written.
      return value === undefined ? name === 'protocol' && wanted === 'TCP' : value === wanted
    }),
  )
  return index < 0 ? undefined : index
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
