import type { PinFile } from '../definitions/index.ts'
import { canonicalJson } from '../text/index.ts'
import { parseYaml } from '../yaml/index.ts'

/** One state of a pin in the past, newest first: as Git tells it. */
export interface PastPin {
  /** Undefined: there was no pin from then on. */
  text: string | undefined
  date: string
  commit: string
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
      const { stable } = pin
      const at = stack.findIndex((entry) => entry.stable === stable)
      if (at >= 0) stack.length = at
      stack.push({ stable, state })
      // Deleted first, so that the order is that of the latest use.
      ever.delete(stable)
      ever.set(stable, { stable, state })
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
  return { stable, ...(typeof candidate?.release === 'string' && { candidate }) }
}

function changeOf(
  before: Partial<PinFile>,
  after: Partial<PinFile>,
  stack: readonly { stable: string }[],
): PinEventKind | undefined {
  if (after.stable === undefined) return before.stable === undefined ? undefined : 'retired'
  const [old, now] = [before.candidate, after.candidate]
  if (after.stable !== before.stable) {
    if (!now && old?.release === after.stable) return 'candidate finished'
    return stack.some(({ stable }) => stable === after.stable) ? 'rolled back' : 'promoted'
  }
  if (!old && now) return 'candidate added'
  if (old && !now) return 'candidate aborted'
  if (!old || !now) return undefined
  const { weight, ...same } = old
  if (canonicalJson({ ...now, weight }) !== canonicalJson({ ...same, weight })) return 'candidate replaced'
  return weight === now.weight ? undefined : 'candidate weight'
}
