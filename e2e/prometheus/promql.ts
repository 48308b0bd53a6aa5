import { createRequire } from 'node:module'
import { join } from 'node:path'

interface Node {
  name: string
  from: number
  to: number
}

interface Parser {
  parse(text: string): { iterate(visit: { enter(node: Node): void }): void }
}

/** Prometheus' own grammar for editors. */
const require = createRequire(join(process.env['PROMETHEUS_PACKAGES'] ?? '', 'package.json'))
const { parser } = require('@prometheus-io/lezer-promql') as { parser: Parser }

/** The selectors of an expression, each with its range and without the offset: `offset 1w` has no data in a test of a minute. */
export function selectorsOf(expression: string): string[] {
  const found: string[] = []
  parser.parse(expression).iterate({
    enter({ name, from, to }) {
      if (name === '⚠') throw new Error(`no PromQL at ${from}: ${expression}`)
      const range = /^\[[^\]]*\]/.exec(expression.slice(to))?.[0] ?? ''
      if (name === 'VectorSelector') found.push(expression.slice(from, to) + range)
    },
  })
  if (found.length === 0) throw new Error(`no selector in ${expression}`)
  return [...new Set(found)]
}
