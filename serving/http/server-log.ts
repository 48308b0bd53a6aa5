import { type DestinationStream, type Logger, pino } from 'pino'

/** True for JSON lines on standard output, false for silence, or where the lines are to go. */
export type LoggerOption = boolean | { stream: DestinationStream }

/**
 * The log of the whole server. Fastify itself has none: it would make a logger and listen to each answer for every request, a
 * twelfth of a prediction, and what it says of a request `errors.ts` and `access-log.ts` say.
 */
export function createLog(option: LoggerOption): Logger {
  return typeof option === 'object' ? pino({}, option.stream) : pino({ enabled: option })
}
