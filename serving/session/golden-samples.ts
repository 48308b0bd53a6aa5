import type { GoldenSample, GoldenSamples, ModelInterface } from '../contract/index.ts'
import { checkFeeds } from './check-feeds.ts'
import { decodeElement } from './decode-outputs.ts'
import { encodeRecords } from './encode-records.ts'
import { ModelError, type Problem } from './model-error.ts'
import { reasonOf } from './model-run-error.ts'
import type { Session } from './runtime.ts'
import type { Tensor, Tensors } from './tensor.ts'
import { tensorFromJson } from './tensor-from-json.ts'

type Value = number | string | boolean | null

export interface GoldenFailure {
  /** Of the sample. */
  id: string
  /** Name of the output, or empty when the sample could not be run at all. */
  output: string
  /** Flat index into the output; -1 when the failure is of the sample or of the whole output. */
  index: number
  got: Value
  expected: Value
  /** One sentence that says the same. */
  message: string
}

export interface GoldenResult {
  passed: boolean
  /** Number of samples that were run. */
  samples: number
  failed: GoldenFailure[]
  /** Largest `|got - expected|` of any number. */
  maxError: number
  /** Largest `|got - expected| / |expected|` where the expected number is not zero. */
  maxRelativeError: number
  /** Largest error as a share of what the tolerance allows there: a sample passes up to 1. */
  maxToleranceShare: number
}

/**
 * Runs every sample alone and compares each output it promises: numbers within `absolute + relative * |expected|`, strings
 * and booleans exactly. A sample that cannot be run is a failure too. Rejects with a `ModelError` only when the process of the
 * session has ended.
 */
export async function checkGoldenSamples(
  session: Session,
  modelInterface: ModelInterface,
  golden: GoldenSamples,
): Promise<GoldenResult> {
  const result: GoldenResult = {
    passed: true,
    samples: 0,
    failed: [],
    maxError: 0,
    maxRelativeError: 0,
    maxToleranceShare: 0,
  }
  for (const sample of golden.samples) {
    result.samples += 1
    const fail = (message: string) => result.failed.push(failure(sample, '', -1, null, null, message))
    const encoded = encodeSample(modelInterface, sample)
    if (!encoded.ok) {
      fail(encoded.problems.map(({ path, message }) => `${path} ${message}`).join('; '))
      continue
    }
    try {
      const outputs = await session.run(encoded.feeds)
      for (const name of Object.keys(sample.outputs)) compareOutput(sample, name, outputs[name], golden, result)
    } catch (error) {
      // The model is gone, and with it whatever it would have answered to the others.
      if (error instanceof ModelError) throw error
      fail(`the model failed: ${reasonOf(error)}`)
    }
  }
  result.passed = result.failed.length === 0
  return result
}

/** The feeds of one request with the sample; what it and the interface differ by otherwise. */
export function encodeSample(
  modelInterface: ModelInterface,
  sample: Pick<GoldenSample, 'features' | 'tensors'>,
): { ok: true; feeds: Tensors } | { ok: false; problems: Problem[] } {
  if (sample.features !== undefined) {
    if (modelInterface.inputs.some(({ columns }) => columns === undefined)) {
      return { ok: false, problems: [{ path: 'features', message: 'given, but the model has no named features' }] }
    }
    return encodeRecords(modelInterface, [sample.features], { paths: 'record' })
  }
  const feeds: Tensors = {}
  const problems: Problem[] = []
  for (const [name, { shape, data }] of Object.entries(sample.tensors ?? {})) {
    const input = modelInterface.inputs.find((candidate) => candidate.name === name)
    if (input === undefined) {
      problems.push({ path: `tensors.${name}`, message: 'is not an input of this model' })
      continue
    }
    const parsed = tensorFromJson(input, shape, data, `tensors.${name}`)
    if (parsed.ok) feeds[name] = parsed.tensor
    else problems.push(...parsed.problems)
  }
  if (problems.length === 0) problems.push(...checkFeeds(modelInterface, feeds))
  return problems.length > 0 ? { ok: false, problems } : { ok: true, feeds }
}

function compareOutput(
  sample: GoldenSample,
  name: string,
  tensor: Tensor | undefined,
  golden: GoldenSamples,
  result: GoldenResult,
): void {
  const expected = sample.outputs[name] ?? []
  if (tensor === undefined) {
    result.failed.push(failure(sample, name, -1, null, null, `the model has no output ${JSON.stringify(name)}`))
    return
  }
  if (tensor.data.length !== expected.length) {
    const message = `${name} has ${tensor.data.length} values, expected ${expected.length}`
    result.failed.push(failure(sample, name, -1, tensor.data.length, expected.length, message))
    return
  }
  const { relative, absolute } = golden.tolerance
  expected.forEach((wanted, index) => {
    const got = decodeElement(tensor.datatype, tensor.data, index)
    if (typeof got === 'number' && typeof wanted === 'number') {
      const error = Math.abs(got - wanted)
      result.maxError = Math.max(result.maxError, error)
      if (wanted !== 0) result.maxRelativeError = Math.max(result.maxRelativeError, error / Math.abs(wanted))
      const allowed = absolute + relative * Math.abs(wanted)
      if (error > 0) result.maxToleranceShare = Math.max(result.maxToleranceShare, error / allowed)
      if (error <= allowed) return
    } else if (got === wanted) {
      return
    }
    const message = `${name}[${index}] is ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`
    result.failed.push(failure(sample, name, index, got, wanted, message))
  })
}

function failure(
  { id }: GoldenSample,
  output: string,
  index: number,
  got: Value,
  expected: Value,
  message: string,
): GoldenFailure {
  return { id, output, index, got, expected, message: `sample ${id}: ${message}` }
}
