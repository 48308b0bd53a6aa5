import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

interface Node {
  type: string
  value?: string
  depth?: number
  children?: Node[]
}

/** What a reader sees, one unit at a time, in the order of the page. `**` and backticks are kept: they mean something. */
export type Unit =
  | { kind: 'line'; text: string }
  | { kind: 'item'; text: string }
  | { kind: 'quote'; text: string }
  | { kind: 'row'; cells: string[] }
  | { kind: 'code'; language: string; lines: string[] }

/** Units below a heading, or in a folded part. */
export interface Section {
  title: string
  isFolded: boolean
  units: Unit[]
}

export type Read = (body: string) => { heading: string; sections: Section[]; hidden: string }

/** A reader of bodies by mdast (CommonMark with GitHub's tables). @param tools folder whose node_modules has its packages */
export async function createReader(tools: string): Promise<Read> {
  const require = createRequire(`${tools}/`)
  const load = (name: string) => import(pathToFileURL(require.resolve(name)).href)
  const { fromMarkdown } = await load('mdast-util-from-markdown')
  const { gfmTableFromMarkdown } = await load('mdast-util-gfm-table')
  const { gfmTable } = await load('micromark-extension-gfm-table')
  return (body) =>
    read(fromMarkdown(body, { extensions: [gfmTable()], mdastExtensions: [gfmTableFromMarkdown()] }) as Node)
}

function read({ children = [] }: Node): ReturnType<Read> {
  let heading = ''
  let hidden = ''
  const top: Section[] = [{ title: '', isFolded: false, units: [] }]
  const sections = [...top]
  let open = top
  for (const node of children) {
    const current = open.at(-1) ?? (top[0] as Section)
    if (node.type === 'heading' && node.depth === 2) heading = textOf(node)
    else if (node.type === 'heading') {
      const section = { title: textOf(node), isFolded: false, units: [] }
      sections.push(section)
      open = [section]
    } else if (node.type === 'html') {
      const title = /^<details><summary>(.*)<\/summary>$/.exec(node.value ?? '')?.[1]
      const comment = /^<!-- modelyard:(.*) -->$/.exec(node.value ?? '')?.[1]
      if (title !== undefined) {
        const section = { title, isFolded: true, units: [] }
        sections.push(section)
        open = [...open, section]
      } else if (node.value === '</details>') open = open.slice(0, -1)
      else if (comment !== undefined) hidden = comment
      else throw new Error(`HTML that nobody expects: ${node.value}`)
    } else current.units.push(...unitsOf(node))
  }
  return { heading, sections, hidden }
}

function unitsOf(node: Node): Unit[] {
  const children = node.children ?? []
  switch (node.type) {
    case 'paragraph': {
      const comment = children.find(({ type }) => type === 'html')
      if (comment) return [...linesOf({ ...node, children: children.filter((one) => one !== comment) })]
      return linesOf(node)
    }
    case 'list':
      return children.map((item) => ({ kind: 'item', text: (item.children ?? []).map(textOf).join('\n') }))
    case 'blockquote':
      return children.flatMap((child) =>
        child.type === 'list'
          ? (child.children ?? []).map(
              (item): Unit => ({
                kind: 'quote',
                text: (item.children ?? []).map(textOf).join('\n'),
              }),
            )
          : [{ kind: 'quote', text: textOf(child) } as const],
      )
    case 'table':
      return children.map((row) => ({ kind: 'row', cells: (row.children ?? []).map(textOf) }))
    case 'code':
      return [{ kind: 'code', language: (node as { lang?: string }).lang ?? '', lines: (node.value ?? '').split('\n') }]
    default:
      throw new Error(`Markdown that nobody expects: ${node.type}`)
  }
}

function linesOf(node: Node): Unit[] {
  return textOf(node)
    .split('\n')
    .filter((text) => text !== '')
    .flatMap((line) => (/^\(\d+\) /.test(line) ? [line] : line.split(/(?<=\.)\s+(?=[A-Z])/)))
    .map((text) => ({ kind: 'line', text }))
}

function textOf({ type, value = '', children = [] }: Node): string {
  const inner = children.map(textOf).join('')
  if (type === 'strong') return `**${inner}**`
  if (type === 'inlineCode') return `\`${value}\``
  if (type === 'break') return '\n'
  return (inner || value).replaceAll('\u200b', '')
}
