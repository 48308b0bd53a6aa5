import type { GateOverride } from '../gates/index.ts'
import { type GitRepository, readLog } from '../git/index.ts'
import { paths } from '../repository/index.ts'
import { lineOf } from '../text/index.ts'

const KEY = 'Gate-override'

/** Lines for the end of a commit's message: `Gate-override: soak: the fix of #481 must not wait`. */
export function overrideTrailers(overrides: readonly GateOverride[] = []): string {
  return overrides.map(({ gate, reason }) => `${KEY}: ${gate}: ${lineOf(reason)}\n`).join('')
}

/** The overrides that a message ends with. Its lines are those that git sees: a carriage return or U+2028 begins none. */
export function readOverrideTrailers(message: string): GateOverride[] {
  return message.split('\n').flatMap((line) => {
    const [, gate, reason] = /^Gate-override: ([\w-]+): (.+)$/s.exec(line) ?? []
    return gate === undefined || reason === undefined ? [] : [{ gate, reason }]
  })
}

/** A message, and the pins that its commit changes. */
export interface PinMessage {
  message: string
  pins: readonly string[]
}

/** Messages of a range of commits, with the pins that each changes. @param range as `git log` takes it */
export async function pinMessages(repository: GitRepository, range: readonly string[]): Promise<PinMessage[]> {
  const options = ['--no-renames', '--relative', '--name-only']
  const pattern = new RegExp(`^${paths.pin('[^/]+', '[^/]+')}$`)
  // Without a path, so that the messages of commits which change no pin are there.
  const log = await readLog(repository, ['%B'], [...options, ...range])
  return log.map(({ fields: [message = ''], rest }) => ({
    message,
    pins: rest.split('\n').filter((name) => pattern.test(name)),
  }))
}

/** What of these messages is about one pin: a commit that changes other pins alone says nothing of it. */
export function textAbout(pin: string, messages: readonly PinMessage[]): string {
  return messages
    .filter(({ pins }) => pins.length === 0 || pins.includes(pin))
    .map(({ message }) => message)
    .join('\n')
}
