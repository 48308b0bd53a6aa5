import { createWriteStream, type WriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { isObject } from '../session/index.ts'
import type { JoinedRow } from './match-request.ts'
import type { LoggedEvent } from './parse-events.ts'

const FIXED = ['requestId', 'row', 'time', 'truthTime', 'model', 'version', 'release', 'mode', 'latencyMs'] as const

/** Columns of a CSV file at most; features beyond them are left out. */
const MOST_COLUMNS = 20_000

/** Joined rows in a file that appears, whole, when it is finished. */
export interface DataSet {
  /** Sees every event before the first row: what columns there are. */
  see(event: LoggedEvent): void
  write(row: JoinedRow): Promise<void>
  finish(): Promise<void>
  /** Removes what was written. */
  discard(): Promise<void>
}

/** `.csv` (RFC 4180, a header line, nested values as JSON) or `.jsonl`; throws an Error for any other name. */
export function createDataSet(path: string): DataSet {
  if (!/\.(csv|jsonl)$/.test(path)) throw new Error(`--output ${path}: the name must end in .csv or .jsonl`)
  const part = `${path}.part`
  const columns = new Set<string>()
  const csv = path.endsWith('.csv')
  let stream: WriteStream | undefined

  function opened(): WriteStream {
    if (stream === undefined) {
      stream = createWriteStream(part, { mode: 0o600 })
      // Told by `finished` or by the next write; without a listener it would end the process.
      stream.on('error', () => {})
      if (csv) stream.write(`${[...FIXED, ...columns].map(cell).join(',')}\r\n`)
    }
    return stream
  }

  return {
    see(event) {
      if (!csv || columns.size >= MOST_COLUMNS) return
      if (event.type === 'feedback') for (const name of Object.keys(event.kinds)) columns.add(`truth.${name}`)
      else {
        for (const name of Object.keys(flat('input', event.inputs[0] ?? {}))) columns.add(name)
        for (const name of Object.keys(flat('output', event.outputs[0] ?? {}))) columns.add(name)
      }
    },
    async write(row) {
      const target = opened()
      const line = csv ? `${csvLine(row, columns)}\r\n` : `${JSON.stringify(plain(row))}\n`
      if (target.errored !== null) throw target.errored
      if (!target.write(line)) {
        await new Promise<void>((resolve, reject) => {
          target.once('drain', resolve)
          target.once('error', reject)
        })
      }
    },
    async finish() {
      const target = opened()
      target.end()
      await finished(target)
      await rename(part, path)
    },
    async discard() {
      stream?.destroy()
      await rm(part, { force: true })
    },
  }
}

function fixedOf({ prediction, row, truthTime }: JoinedRow): Record<(typeof FIXED)[number], unknown> {
  const { requestId, time, model, version, release = '', mode, latencyMs } = prediction
  return { requestId, row, time, truthTime, model, version, release, mode, latencyMs }
}

function plain(row: JoinedRow): object {
  return { ...fixedOf(row), inputs: row.inputs, outputs: row.outputs, truth: row.truth }
}

function csvLine(row: JoinedRow, columns: ReadonlySet<string>): string {
  const values: Record<string, unknown> = {
    ...flat('input', row.inputs),
    ...flat('output', row.outputs),
    ...flat('truth', row.truth),
  }
  const fixed = Object.values(fixedOf(row)).map(cell)
  return [...fixed, ...[...columns].map((name) => cell(values[name]))].join(',')
}

/** `input.bmi`, and for an output with labels `output.probabilities.setosa`. */
function flat(prefix: string, values: object): Record<string, unknown> {
  const columns: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values)) {
    if (isObject(value)) {
      for (const [label, inner] of Object.entries(value)) columns[`${prefix}.${name}.${label}`] = inner
    } else columns[`${prefix}.${name}`] = value
  }
  return columns
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
