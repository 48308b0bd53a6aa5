import { parse } from '@babel/parser'
import type { DocumentPath } from '../findings/index.ts'

/** The few fields of Babel's syntax tree that are read here. */
interface SyntaxNode {
  type: string
  loc?: { start: { line: number } } | null
  [field: string]: unknown
}

/**
 * Finds where a definition says a thing: `lineOf(['serving', 'replicas'])` is the 1-based line of that property in the
 * object given to `defineModel` or `defineEnvironment`, or of the nearest parent written there. Calls such as
 * `number({ min: 18 })` count as the object they are given. The file is parsed when first asked.
 */
export function sourcePositions(text: string): (path: DocumentPath) => number | undefined {
  let definition: SyntaxNode | undefined
  return (path) => {
    definition ??= findDefinition(text)
    return definition && lineAt(definition, path)
  }
}

function findDefinition(text: string): SyntaxNode | undefined {
  const file = parse(text, { sourceType: 'module', plugins: ['typescript'], errorRecovery: true })
  const body = file.program.body as unknown as SyntaxNode[]
  const exported = body.find((statement) => statement.type === 'ExportDefaultDeclaration')
  const declared = exported?.['declaration'] as SyntaxNode | undefined
  if (declared?.type !== 'Identifier') return declared
  const declarations = body.flatMap((statement) => (statement['declarations'] as SyntaxNode[] | undefined) ?? [])
  const named = declarations.find((item) => (item['id'] as SyntaxNode)['name'] === declared['name'])
  return (named?.['init'] as SyntaxNode | undefined) ?? declared
}

function lineAt(root: SyntaxNode, path: DocumentPath): number | undefined {
  let node = root
  let line = root.loc?.start.line
  for (const part of path) {
    const container = literalOf(node)
    if (typeof part === 'number' && container?.type === 'ArrayExpression') {
      node = (container['elements'] as SyntaxNode[])[part] ?? node
      line = node.loc?.start.line
    } else {
      const property = properties(container).find((item) => nameOf(item) === part)
      // `columns({...})` and `features('float32', {...})` add a level that the source does not show.
      if (!property) continue
      node = property['value'] as SyntaxNode
      line = property.loc?.start.line
    }
  }
  return line
}

/** The object or array literal that an expression is, under `as` or `satisfies` too, or that the call it is was given. */
function literalOf(node: SyntaxNode): SyntaxNode | undefined {
  if (node.type === 'ObjectExpression' || node.type === 'ArrayExpression') return node
  if (node.type.startsWith('TS')) return literalOf(node['expression'] as SyntaxNode)
  const given = (node['arguments'] as SyntaxNode[] | undefined) ?? []
  return given.map(literalOf).findLast((literal) => literal !== undefined)
}

function properties(node: SyntaxNode | undefined): SyntaxNode[] {
  const all = (node?.['properties'] as SyntaxNode[] | undefined) ?? []
  return all.filter((property) => property.type === 'ObjectProperty')
}

function nameOf(property: SyntaxNode): unknown {
  const key = property['key'] as SyntaxNode
  return key['name'] ?? key['value']
}
