export interface NewEnvironment {
  name: string
  /** The environment that releases come from; the first has none and follows `model.ts`. */
  previous: string | undefined
  /** Whether promotions into it require a review. */
  approvals: boolean
}

/** What every environment of a new repository shares: `environments/shared.ts`. */
export const SHARED = ({ repoURL, artifacts }: { repoURL: string; artifacts: string }) => {
  const store = /^\w+/.exec(artifacts)?.[0] ?? 'https'
  return `import { ${store} } from 'modelyard'

/** This repository, as Argo CD reads it. */
export const argocd = { repoURL: ${quoted(repoURL)} }

/** Where pods fetch artifacts from, by digest. */
export const artifacts = ${artifacts}
`
}

/** The text of `environments/<name>/environment.ts`. */
export function environmentDefinition({ name, previous, approvals }: NewEnvironment): string {
  const local = previous === undefined ? '' : identifier(previous)
  const imports = [
    ...(previous === undefined ? [] : [`import ${local} from '../${previous}/environment.ts'`]),
    `import { argocd, artifacts } from '../shared.ts'`,
  ].sort((one, other) => importPath(one).localeCompare(importPath(other)))
  const purpose =
    previous === undefined
      ? 'Follows each model.ts; its pins name bare versions.'
      : `Runs releases that ${previous} ran before; \`modelyard promote\` edits the pins.`
  const fields = [
    `name: ${quoted(name)},`,
    ...(previous === undefined ? [] : [`promotesFrom: ${local},`]),
    'revision: 3,',
    `cluster: { name: ${quoted(name)}, server: 'https://kubernetes.default.svc' },`,
    `namespace: ${quoted(`models-${name}`)},`,
    'artifacts,',
    'argocd,',
    '// Who may call the models: by default nobody but the namespace of a Gateway in `traffic`.',
    "// network: { from: [{ namespace: 'web' }] },",
    ...(approvals ? ['gates: { approvals: 1 },'] : []),
    ...(previous === undefined
      ? [
          '// A placeholder: name a published image of modelyard-serving by its digest before a cluster can run it.',
          `servingImage:\n    'registry.example.com/modelyard-serving@sha256:${'0'.repeat(64)}',`,
        ]
      : []),
  ]
  return `import { defineEnvironment } from 'modelyard'
${imports.join('\n')}

/** ${purpose} */
export default defineEnvironment({
${fields.map((field) => `  ${field}`).join('\n')}
})
`
}

function importPath(line: string): string {
  return line.replace(/^.* from /, '')
}

/** `eu-west` as a name in TypeScript: `euWest`. */
export function identifier(name: string): string {
  const camel = name.replace(/-+(\w)/g, (_, letter: string) => letter.toUpperCase())
  return /^\d/.test(camel) || RESERVED.has(camel) ? `environment${camel[0]?.toUpperCase()}${camel.slice(1)}` : camel
}

/** Words that an import cannot be called, as far as an environment could. */
const RESERVED = new Set(
  'break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield await artifacts argocd defineEnvironment eval arguments'.split(
    ' ',
  ),
)

/** A text as TypeScript, in single quotes. */
export function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`
}
