import { memoryUsage, stdin, stdout } from 'node:process'
import { createSession, encodeSample } from 'modelyard-serving/session'
import type { ProbeRequest } from './memory.ts'

/** A process of its own: loads one model, asks it all rows a few times, and writes what it holds in bytes. */

const ROUNDS = 20

let text = ''
for await (const chunk of stdin) text += chunk
const { file, modelInterface, samples } = JSON.parse(text) as ProbeRequest
const before = memoryUsage.rss()
const session = await createSession(file, modelInterface)
let most = memoryUsage.rss()
const calls = samples.map((sample) => encodeSample(modelInterface, sample)).flatMap((call) => (call.ok ? [call] : []))
for (let round = 0; round < ROUNDS; round++) {
  for (const { feeds } of calls) await session.run(feeds)
  most = Math.max(most, memoryUsage.rss())
}
await session.release()
stdout.write(JSON.stringify({ process: before, model: Math.max(0, most - before) }))
