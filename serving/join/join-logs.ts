import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DataSet } from './data-set.ts'
import { Evaluation, type Report, type Task } from './evaluate.ts'
import { groupByRequest } from './group-by-request.ts'
import { createCounts, type JoinCounts, matchRequest } from './match-request.ts'
import { type LoggedEvent, parseEvents } from './parse-events.ts'
import { linesOf, logFiles } from './read-lines.ts'
import type { Slice } from './slice.ts'

export interface JoinOptions {
  /** Files and folders; `-` is standard input. */
  paths: readonly string[]
  slices: readonly Slice[]
  /** By output, where the kind of its truth is not the right one. */
  tasks: ReadonlyMap<string, Task>
  /** Truths that are later after their prediction are counted only. */
  maxDelayMs: number
  /** Bytes of lines in memory. */
  memoryBytes: number
  dataSet?: DataSet
}

export interface JoinResult {
  counts: JoinCounts & {
    files: number
    lines: number
    /** Lines that hold no event: torn by a crash, or not of this log. */
    unreadableLines: number
    /** Events beyond the thousandth of one request. */
    leftOutEvents: number
  }
  models: Report
}

/** Joins predictions and truths by request id, writes the data set and adds up the metrics. Rejects when a log cannot be read. */
export async function joinLogs(options: JoinOptions): Promise<JoinResult> {
  const { slices, tasks, maxDelayMs, memoryBytes, dataSet } = options
  const files = await logFiles(options.paths)
  const counts: JoinResult['counts'] = {
    files: files.length,
    lines: 0,
    unreadableLines: 0,
    ...createCounts(),
    leftOutEvents: 0,
  }
  const evaluation = new Evaluation(tasks, slices)

  async function* events(): AsyncGenerator<LoggedEvent> {
    for (const file of files) {
      for await (const line of linesOf(file, () => (counts.unreadableLines += 1))) {
        if (line.trim() === '') continue
        counts.lines += 1
        const found = parseEvents(line)
        if (found === null) counts.unreadableLines += 1
        else for (const event of found) yield event
      }
    }
  }

  async function* seen(): AsyncGenerator<LoggedEvent> {
    for await (const event of events()) {
      dataSet?.see(event)
      yield event
    }
  }

  const folder = await mkdtemp(join(tmpdir(), 'modelyard-join-'))
  try {
    await groupByRequest(seen(), {
      memoryBytes,
      folder,
      leftOut: () => (counts.leftOutEvents += 1),
      async request(found) {
        for (const row of matchRequest(found, maxDelayMs, counts)) {
          evaluation.add(row)
          await dataSet?.write(row)
        }
      },
    })
    await dataSet?.finish()
  } catch (error) {
    await dataSet?.discard()
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return { counts, models: evaluation.report() }
}
