import type { Measurement } from './measure.ts'
import { type Results, ratiosOf, reached } from './ratios.ts'

/** The two tables, in Markdown, which a terminal shows as well. */
export function tables(results: Results): string {
  const skipped = results.skipped.map((reason) => `- Not run: ${reason}`)
  return [measured(results), figures(results), ...(skipped.length > 0 ? [skipped.join('\n')] : [])].join('\n\n')
}

function measured({ measurements, loops, readySeconds }: Results): string {
  const rows = new Map<string, Measurement[]>()
  for (const one of measurements) rows.set(one.id, [...(rows.get(one.id) ?? []), one])
  const cells = [...rows.entries()].map(([id, all]) => {
    const alone = all.find(({ connections }) => connections === 1)
    const busy = all.find(({ connections }) => connections > 1)
    const { title = '' } = all[0] ?? {}
    return [
      MODEL_OF[id.split('-')[0] ?? ''] ?? '',
      title,
      busy ? String(busy.connections) : '',
      number(busy?.cpuMicroseconds),
      number(busy?.requestsPerSecond),
      number(busy?.p50Ms),
      number(busy?.p99Ms),
      number(alone?.cpuMicroseconds),
      number(alone?.p50Ms),
      number(alone?.p99Ms),
      number(readySeconds[id]),
    ]
  })
  const bare = loops.map(({ title, cpuMicroseconds }) => {
    return [MODEL_OF['forest'] ?? '', title, '', number(cpuMicroseconds), ...Array<string>(7).fill('')]
  })
  return table(
    [
      'model',
      'server',
      'connections',
      'CPU us',
      'req/s',
      'p50 ms',
      'p99 ms',
      'alone: CPU us',
      'p50 ms',
      'p99 ms',
      'ready s',
    ],
    [...cells, ...bare],
  )
}

/** By the first word of an id. */
const MODEL_OF: Record<string, string> = { forest: 'forest', rows: 'forest', linear: 'linear' }

/** What a reader of the page compares: each ratio with what it is of. */
function ratiosTable(results: Results): string {
  return table(
    ['ratio', 'measured', 'better'],
    ratiosOf(results).map(({ title, value, better }) => [title, number(value), better]),
  )
}

/** For those who work on the server: the same beside the limits of ratios.ts. */
function figures(results: Results): string {
  const rows = ratiosOf(results).map((ratio) => {
    const { title, value, better, floor, aim } = ratio
    const sign = better === 'higher' ? '>=' : '<='
    return [title, number(value), `${sign} ${floor}`, `${sign} ${aim}`, WORDS[reached(ratio)]]
  })
  return table(['figure', 'measured', 'floor', 'aim', ''], rows)
}

const WORDS: Record<ReturnType<typeof reached>, string> = { aim: 'aim reached', floor: 'floor reached', below: 'BELOW' }

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** Three significant digits, whole numbers from 100 on. */
function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return ''
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

/** The part of docs/speed.md that a run writes. */
export function figuresOfPage(results: Results): string {
  const { taken, machine, rounds, seconds } = results
  const on = Object.entries(machine).map(([name, value]) => `${name} ${value}`)
  const how = `Taken on ${taken}: ${on.join(', ')}; medians of ${rounds} turns of ${seconds} s.`
  const skipped = results.skipped.map((reason) => `\n- Not run: ${reason}`).join('')
  const picture = '![CPU a request](../bench/results/serving.svg)'
  return [how, picture, measured(results), ratiosTable(results)].join('\n\n') + skipped
}

/** Puts generated text between `<!-- figures -->` and `<!-- /figures -->` of a page. */
export function replaceFigures(page: string, text: string): string {
  const [before, rest = ''] = page.split('<!-- figures -->')
  const [, after] = rest.split('<!-- /figures -->')
  if (after === undefined) throw new Error('the page has no <!-- figures --> ... <!-- /figures -->')
  return `${before}<!-- figures -->\n${text}\n<!-- /figures -->${after}`
}
