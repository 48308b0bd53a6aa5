import type { Environment } from '@marcbachmann/cel-js'
import { Duration } from '@marcbachmann/cel-js/evaluator'
import { parseDuration } from '../durations.ts'
import { formats } from '../formats.ts'

const SECOND = 1_000_000_000n

const READERS: Record<string, (text: string) => unknown> = {
  byte: (text) => Uint8Array.from(Buffer.from(text, 'base64')),
  date: (text) => new Date(text),
  'date-time': (text) => new Date(text),
  duration: (text) => {
    const total = parseDuration(text) ?? 0n
    return new Duration(total / SECOND, Number(total % SECOND))
  },
}

/** A text as CEL sees it by its format: bytes, a timestamp, a duration. https://pkg.go.dev/k8s.io/apiserver/pkg/cel/common */
export function formatted(text: string, format: unknown): unknown {
  const read = typeof format === 'string' && Object.hasOwn(READERS, format) ? READERS[format] : undefined
  return read && formats[format as string]?.validate(text) ? read(text) : text
}

/** Conversions that the library leaves out. */
export function addTimes(environment: Environment): void {
  const [timestamp, duration] = ['google.protobuf.Timestamp', 'google.protobuf.Duration']
  environment
    .registerFunction(`timestamp(${timestamp}): ${timestamp}`, (time: Date) => time)
    .registerFunction(`duration(${duration}): ${duration}`, (length: Duration) => length)
    .registerFunction(`int(${timestamp}): int`, (time: Date) => BigInt(Math.floor(time.getTime() / 1000)))
    .registerFunction(`int(${duration}): int`, ({ seconds, nanos }: Duration) => seconds * SECOND + BigInt(nanos))
}
