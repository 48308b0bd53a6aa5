import { readFile } from 'node:fs/promises'
import type { GoldenSamples } from 'modelyard-serving/contract'
import { createSession, type Session } from 'modelyard-serving/session'
import type { EvaluationRows, VersionFile } from '../definitions/index.ts'
import { bundlePath, type Repository } from '../repository/index.ts'
import { evaluationRows, type ReplayRow } from './evaluation-rows.ts'

/** The model of a version, run on this machine; undefined where its artifact is not here or cannot be run. */
export async function openVersion(repository: Repository, version: VersionFile): Promise<Session | undefined> {
  const file = bundlePath(repository, version.model, version.bundle.model)
  if (file === undefined) return undefined
  try {
    return await createSession(file, version.interface)
  } catch {
    return undefined // The artifact check has said why already.
  }
}

/** The golden samples of a version; undefined where they are not here. */
export async function goldenSamples(repository: Repository, version: VersionFile): Promise<GoldenSamples | undefined> {
  const file = version.bundle.goldenSamples && bundlePath(repository, version.model, version.bundle.goldenSamples)
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
