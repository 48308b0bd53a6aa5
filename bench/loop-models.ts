import { readFileSync, writeFileSync } from 'node:fs'
import { fixture, INTERFACES } from '../serving/testing/fixtures.ts'
import { reference } from './scratch-server.ts'

/** What `modelyard synth` writes where a model says nothing of batching. */
export const DEFAULT_BATCHING = { maxSize: 32, maxDelayMs: 0 }

/** The fixture multiplies by the unit matrix 2,000 times, and the number is in the file. */
const FIXTURE_STEPS = 2000n

/** Writes a model that multiplies its rows of 32 numbers by the unit matrix `steps` times: its calls take about that many microseconds. */
export function writeLoopModel(path: string, steps: number): string {
  const content = readFileSync(fixture('slow.onnx'))
  const count = Buffer.alloc(8)
  count.writeBigInt64LE(FIXTURE_STEPS)
  content.writeBigInt64LE(BigInt(steps), content.indexOf(count))
  writeFileSync(path, content)
  return path
}

/** One model of the boot configuration, without golden samples. */
export function bootModel(name: string, path: string, model: keyof typeof INTERFACES, batching = DEFAULT_BATCHING) {
  const version = {
    name: '1.0.0',
    artifact: { ...reference(path), externalData: [] },
    interface: INTERFACES[model],
    batching,
    strict: false,
  }
  return { name, stable: '1.0.0', versions: [version], slo: { latencyP99Ms: 100 } }
}

const ONES = new Array(32).fill(1)
const ROW = { name: 'x', datatype: 'FP32', shape: [1, 32], data: ONES }

/** A V2 body with one row for a loop model. */
export const LOOP_BODY = JSON.stringify({ inputs: [ROW] })

/** The same for the fixture `steps`, whose caller says how long it loops. */
export function stepsBody(steps: number): string {
  return JSON.stringify({ inputs: [{ name: 'steps', datatype: 'INT64', shape: [], data: [steps] }, ROW] })
}
