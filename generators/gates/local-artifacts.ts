import { readFile } from 'node:fs/promises'
import type { GoldenSamples } from 'modelyard-serving/contract'
import {
  createProcessSession,
  createSession,
  isBroken,
  limitsOf,
  type Session,
  type Tensors,
} from 'modelyard-serving/session'
import type { EvaluationRows, VersionFile } from '../definitions/index.ts'
import type { Repository } from '../repository/index.ts'
import type { LocalBundle } from './bundle-files.ts'
import { evaluationRows, type ReplayRow } from './evaluation-rows.ts'

/** A model on this machine. */
export interface OpenVersion {
  /** In a process of its own, with limits on time and memory: nobody knows yet what the model does. */
  session: Session
  /** In this process, once it has answered each of `feeds` there: what is timed must not travel between processes. */
  prove(feeds: readonly Tensors[]): Promise<Session>
}

/**
 * The model of a version; undefined where its artifact is not here or cannot be run, which the artifact check says.
 * Throws a `ModelError` (`isBroken`) for a model that breaks its process, as `prove` does.
 */
export async function openVersion(
  version: VersionFile,
  { model: file }: LocalBundle,
): Promise<OpenVersion | undefined> {
  if (file === undefined) return undefined
  try {
    const session = await createProcessSession(file, version.interface, { limits: limitsOf(bundleBytes(version)) })
    return {
      session,
      async prove(feeds) {
        for (const one of feeds) await session.run(one)
        return createSession(file, version.interface, { facts: session.facts })
      },
    }
  } catch (error) {
    if (isBroken(error)) throw error
    return undefined
  }
}

/** Of the model and its external data. */
export function bundleBytes({ bundle: { model, externalData = [] } }: VersionFile): number {
  return [model, ...externalData].reduce((sum, { size }) => sum + size, 0)
}

/** The golden samples of a version; undefined where they are not here. */
export async function readGoldenSamples({ goldenSamples: file }: LocalBundle): Promise<GoldenSamples | undefined> {
  const text = file && (await readFile(file, 'utf8').catch(() => undefined))
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as GoldenSamples)
}

/** Rows that the metrics were measured on; golden samples, and why, where those are not here. */
export async function rowsOf(
  repository: Repository,
  version: VersionFile,
  samples: GoldenSamples | undefined,
  reading: EvaluationRows | undefined,
): Promise<{ rows: ReplayRow[]; from: 'evaluation' | 'golden'; note?: string }> {
  const evaluated = await evaluationRows(repository, version, reading)
  if (!('unknown' in evaluated)) return { rows: evaluated, from: 'evaluation' }
  const rows = (samples?.samples ?? []).flatMap(({ id, features }) => (features ? [{ id, features }] : []))
  return { rows, from: 'golden', note: evaluated.unknown }
}
