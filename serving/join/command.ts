import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createDataSet } from './data-set.ts'
import { TASKS, type Task } from './evaluate.ts'
import { type JoinOptions, joinLogs } from './join-logs.ts'
import { parseSlice } from './slice.ts'

const NOTHING_JOINED = 1
const DEFAULT_MEMORY_MIB = 256

const HELP = `Usage: modelyard-serving join [options] [<file or folder> ...]

Joins prediction logs and feedback by request id: a data set of predictions whose truth is known, and metrics by version.
Logs are JSON lines or CloudEvents, of any number of pods, rotated and gzipped as they may be; without arguments, or for -,
standard input.

Options:
  --output <file>    the data set, .csv or .jsonl (none)
  --metrics <file>   the metrics as JSON (standard output)
  --slice <feature>  metrics by the values of this feature too; age=18,40,65 for bins; may be repeated
  --task <output>=<regression|classification|probability>
                     how an output is compared, where its type does not say; may be repeated
  --max-delay <time> truths that came later after their prediction are counted, not joined: 12h, 7d (any time)
  --memory <MiB>     lines in memory; beyond that they are partitioned in the temporary folder (${DEFAULT_MEMORY_MIB})
  --help             this text

Exit status: 0 joined, 1 no prediction has a truth, 2 could not run.
`

/** `modelyard-serving join`: resolves with the exit status; rejects with an Error that says what is wrong. */
export async function joinCommand(args: string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...{ output: text, metrics: text, 'max-delay': text, memory: text },
      slice: { ...text, multiple: true },
      task: { ...text, multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const options: JoinOptions = {
    paths: positionals.length === 0 ? ['-'] : positionals,
    slices: (values.slice ?? []).map(parseSlice),
    tasks: new Map((values.task ?? []).map(parseTask)),
    maxDelayMs: parseDelay(values['max-delay']),
    memoryBytes: parseMemory(values.memory) * 2 ** 20,
    ...(values.output !== undefined && { dataSet: createDataSet(values.output) }),
  }
  const result = await joinLogs(options)
  const report = `${JSON.stringify(result, null, 2)}\n`
  if (values.metrics === undefined) process.stdout.write(report)
  else await writeFile(values.metrics, report)
  return result.counts.joinedRows === 0 ? NOTHING_JOINED : 0
}

function parseTask(text: string): [string, Task] {
  const at = text.lastIndexOf('=')
  const task = TASKS.find((name) => name === text.slice(at + 1))
  if (at > 0 && task !== undefined) return [text.slice(0, at), task]
  throw new Error(`--task ${text}: give it as <output>=<${TASKS.join('|')}>`)
}

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function parseDelay(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? []
  if (count === undefined) throw new Error(`--max-delay ${text}: give it as 90s, 30m, 12h or 7d`)
  return Number(count) * (UNITS[unit] as number)
}

function parseMemory(text: string | undefined): number {
  if (text === undefined) return DEFAULT_MEMORY_MIB
  const megabytes = Number(text)
  if (Number.isFinite(megabytes) && megabytes > 0) return megabytes
  throw new Error(`--memory ${text}: must be a number of MiB above 0`)
}
