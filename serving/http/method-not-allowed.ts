import type { FastifyInstance } from 'fastify'

/**
 * Collects the routes of `app` from now on; the answer says which methods a path has, none for an unknown path. HTTP wants
 * a 405 with `Allow` for the wrong method (RFC 9110, 15.5.6), where Fastify has only "not found".
 */
export function collectMethods(app: FastifyInstance): (path: string) => string[] {
  const patterns = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    const entry = patterns.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() }
    for (const name of [method].flat()) entry.methods.add(name)
    patterns.set(url, entry)
  })
  return (path) => {
    const methods = new Set<string>()
    for (const entry of patterns.values()) {
      if (entry.pattern.test(path)) for (const name of entry.methods) methods.add(name)
    }
    return [...methods].sort()
  }
}

/** `/models/:model/predict` as a pattern: a parameter is what its own expression says, else one segment. `::` is a literal colon. */
function patternOf(url: string): RegExp {
  const parts = url.split(/(::|:\w+(?:\([^)]*\))?|\*)/).map((part) => {
    if (part === '::') return ':'
    if (part === '*') return '.*'
    if (part.startsWith(':')) return part.match(/\(\^?(.*)\)/)?.[1] ?? '[^/]+'
    return part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`)
}
