import { formatReference, isSameReference, type PinFile, readPin as readPinFile } from '../definitions/index.ts'
import { canonicalJson } from '../text/index.ts'
import { parseYaml } from '../yaml/index.ts'

/** One state of a pin in the past, newest first: as Git tells it. */
export interface PastPin {
  /** Undefined: there was no pin from then on. */
  text: string | undefined
  date: string
  commit: string
  /** Set where a shallow clone ends: what was before is not known. */
  boundary?: true
}

/** What one change of a pin did, told from the states before and after it. */
export type PinEventKind =
  | 'promoted'
  | 'rolled back'
  | 'retired'
  | 'candidate added'
  | 'candidate weight'
  | 'candidate replaced'
  | 'candidate finished'
  | 'candidate aborted'

export interface PinEvent<State extends PastPin = PastPin> {
  kind: PinEventKind
  /** The state of the pin that the change left, with what Git says of it. */
  state: State
  /** What ran as stable afterwards; absent once retired. */
  stable?: string
  candidate?: NonNullable<PinFile['candidate']>
}

export interface PinHistory<State extends PastPin> {
  /** Oldest first; states that changed nothing of what ran, or cannot be read, are none. */
  events: PinEvent<State>[]
  /**
   * What ran as stable before the present one, the latest last, with the state that last had it. A stack: promoting puts a reference
   * on it, going back to one takes off what came after it. So a second rollback goes further back, never forward again.
   */
  before: PastStable<State>[]
  /** Everything that ever ran as stable, the latest first, each with the state that last had it. */
  ever: PastStable<State>[]
}

export interface PastStable<State extends PastPin = PastPin> {
  stable: string
  /** SHA-256 of the content of the release, where the pin had it. */
  digest?: string
  state: State
}

/** @param states newest first */
export function pinHistory<State extends PastPin>(file: string, states: readonly State[]): PinHistory<State> {
  const events: PinEvent<State>[] = []
  const stack: PastStable<State>[] = []
  const ever = new Map<string, PastStable<State>>()
  let current: Partial<PinFile> = {}
  for (const state of [...states].reverse()) {
    const pin = readPin(file, state)
    if (!pin) continue
    const kind = changeOf(current, pin, stack)
    current = pin
    if (pin.stable !== undefined) {
      const { stable, stableDigest: digest } = pin
      const past = { stable, ...(digest !== undefined && { digest }), state }
      const at = stack.findIndex((entry) => isSame(entry, past))
      if (at >= 0) stack.length = at
      stack.push(past)
      // Deleted first, so that the order is that of the latest use.
      for (const [key, entry] of ever) if (isSame(entry, past)) ever.delete(key)
      ever.set(formatReference({ name: stable, ...(digest !== undefined && { digest }) }), past)
    }
    if (kind) {
      const { stable, candidate } = pin
      events.push({ kind, state, ...(stable !== undefined && { stable }), ...(candidate && { candidate }) })
    }
  }
  const retired = current.stable === undefined
  return { events, before: retired ? stack : stack.slice(0, -1), ever: [...ever.values()].reverse() }
}

/** What one state says; an empty pin when there was none, undefined when it cannot be read. */
function readPin(file: string, { text }: PastPin): Partial<PinFile> | undefined {
  if (text === undefined) return {}
  const value = parseYaml(file, text).document?.value as Partial<PinFile> | null | undefined
  if (typeof value?.stable !== 'string') return undefined
  const { stable, candidate } = value
  return readPinFile({ stable, ...(typeof candidate?.release === 'string' && { candidate }) })
}

/** A pin that only took on the digest of what it names is what it was. */
function isSame(one: Pick<PastStable, 'stable' | 'digest'>, other: Pick<PastStable, 'stable' | 'digest'>): boolean {
  return isSameReference({ ...one, name: one.stable }, { ...other, name: other.stable })
}

function changeOf(
  before: Partial<PinFile>,
  after: Partial<PinFile>,
  stack: readonly PastStable[],
): PinEventKind | undefined {
  if (after.stable === undefined) return before.stable === undefined ? undefined : 'retired'
  const [old, now] = [before.candidate, after.candidate]
  const [was, is] = [stableOf(before), stableOf(after)]
  if (was === undefined || is === undefined || !isSame(was, is)) {
    if (!now && old?.release === after.stable) return 'candidate finished'
    return is !== undefined && stack.some((entry) => isSame(entry, is)) ? 'rolled back' : 'promoted'
  }
  if (!old && now) return 'candidate added'
  if (old && !now) return 'candidate aborted'
  if (!old || !now) return undefined
  const { weight, digest, ...same } = old
  const { digest: nowDigest = digest, ...rest } = now
  if (digest !== undefined && nowDigest !== digest) return 'candidate replaced'
  if (canonicalJson({ ...rest, weight }) !== canonicalJson({ ...same, weight })) return 'candidate replaced'
  return weight === now.weight ? undefined : 'candidate weight'
}

function stableOf({
  stable,
  stableDigest: digest,
}: Partial<PinFile>): Pick<PastStable, 'stable' | 'digest'> | undefined {
  return stable === undefined ? undefined : { stable, ...(digest !== undefined && { digest }) }
}
