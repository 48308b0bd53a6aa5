import { createRequire } from 'node:module'
import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node'
import type { Datatype, ModelInterface } from '../contract/index.ts'
import { compareInterface } from './compare-interface.ts'
import type { GraphFacts } from './graph-facts.ts'
import { ModelError } from './model-error.ts'
import { ModelRunError, reasonOf } from './model-run-error.ts'
import { readModel } from './read-model.ts'
import type { Tensor, TensorData, Tensors } from './tensor.ts'
import { unsupportedBy } from './unsupported.ts'

/** One loaded model. Calls may overlap, but each runs its native part on the event loop, one after the other. */
export interface Session {
  readonly interface: ModelInterface
  /**
   * Outputs of one call; only `outputNames` when given, all of the interface otherwise. `fresh` says that nobody else holds the
   * memory of the feeds, so that it may be handed to another thread instead of copied.
   */
  run(feeds: Tensors, outputNames?: readonly string[], fresh?: boolean): Promise<Tensors>
  /** Frees the native memory; no call may be running or follow. */
  release(): Promise<void>
}

/** A session whose native part runs on the event loop. */
export interface InlineSession extends Session {
  /** Milliseconds that the last call's native part took, and blocked the event loop; 0 before the first. */
  readonly blockedMs: number
}

export interface SessionOptions {
  /** Threads inside one operator; 1 (the default) is fastest for small models: more cost 2.6 times the time on one core. */
  threads?: number
  /** ONNX Runtime's execution providers in order of preference, `['cpu']` by default; `cuda` needs an image that has it. */
  executionProviders?: readonly string[]
  /** Names of the files beside the model; a graph that needs others is refused. Not checked when absent. */
  externalData?: readonly string[]
  /** Facts of the same file, when the caller has read them already. */
  facts?: GraphFacts
}

/** Version of ONNX Runtime, `1.30.0`. */
export function runtimeVersion(): string {
  const manifest = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
  return manifest.version
}

/** Imported when it is needed, and once: the generator reads models without ever loading the native library. */
let native: Promise<typeof import('onnxruntime-node')> | undefined

/**
 * Loads the ONNX file at `modelPath` with its external data beside it. Refuses, before ONNX Runtime sees the file, what the
 * Node binding cannot serve (an int4 output would end the process) and what differs from `modelInterface`.
 * Throws a `ModelError` that holds every reason.
 */
export async function createSession(
  modelPath: string,
  modelInterface: ModelInterface,
  options: SessionOptions = {},
): Promise<InlineSession> {
  const facts = options.facts ?? (await readModel(modelPath))
  const unsupported = unsupportedBy(facts)
  if (unsupported.length > 0) throw new ModelError('model-unsupported', modelPath, unsupported)
  refuseAbsentData(modelPath, facts, options.externalData)
  const differences = compareInterface(modelInterface, facts)
  if (differences.length > 0) throw new ModelError('model-interface-differs', modelPath, differences)
  native ??= import('onnxruntime-node')
  const runtime = await native
  const session = await loadNative(runtime.InferenceSession, modelPath, options)
  const allOutputs = modelInterface.outputs.map(({ name }) => name)
  let blockedMs = 0

  return {
    interface: modelInterface,
    get blockedMs() {
      return blockedMs
    },
    async run(feeds, outputNames = allOutputs) {
      const nativeFeeds: Record<string, RuntimeTensor> = {}
      for (const name in feeds) {
        const { datatype, data, shape } = feeds[name] as Tensor
        // The constructor's overloads are one for each type; the pair is right by construction of `Tensor`.
        const tensor = new runtime.Tensor(datatype as 'float32', data as Float32Array, shape)
        // Where there is a Float16Array (Node 24) the constructor makes the bits into one, whose length the binding reads as 0
        // (microsoft/onnxruntime#32323): it is given the bits themselves.
        if (datatype === 'float16') Object.defineProperty(tensor, 'data', { value: data })
        nativeFeeds[name] = tensor
      }
      // The binding runs its native part in an immediate of its own, so this one comes right before it, and the promise is settled
      // right after it: what else the event loop does in between turns is not taken for the model's time.
      let started = 0
      setImmediate(() => {
        started = performance.now()
      })
      const results = await session.run(nativeFeeds, outputNames).catch((error: unknown) => {
        throw new ModelRunError(reasonOf(error))
      })
      blockedMs = performance.now() - started
      const outputs: Tensors = {}
      for (const name of outputNames) outputs[name] = fromNative(results[name] as RuntimeTensor)
      return outputs
    },
    async release() {
      await session.release()
    },
  }
}

function refuseAbsentData(modelPath: string, facts: GraphFacts, given: readonly string[] | undefined): void {
  const absent = facts.externalData.filter((location) => given !== undefined && !given.includes(location))
  if (absent.length === 0) return
  const message = `needs the external data ${absent.join(', ')}, which the version does not list`
  throw new ModelError('model-unreadable', modelPath, [
    { path: 'artifact.externalData', message, repair: 'register the version again with its external data' },
  ])
}

/** ONNX Runtime has no code for it: its StringNormalizer, the only operator that asks for a locale, says it in these words. */
const MISSING_LOCALE = /Failed to construct locale with name:([\w.@-]+)/

function missingLocale(modelPath: string, locale: string): ModelError {
  const message = `operator StringNormalizer requires the locale ${locale}, which this machine does not have`
  const [language, encoding = 'UTF-8'] = locale.split('.')
  const repair = `install it: apt-get install locales && localedef -i ${language} -f ${encoding} ${locale}`
  return new ModelError('model-locale-missing', modelPath, [{ path: '', message, repair }])
}

async function loadNative(
  factory: typeof InferenceSession,
  modelPath: string,
  { threads = 1, executionProviders = ['cpu'] }: SessionOptions,
): Promise<InferenceSession> {
  try {
    return await factory.create(modelPath, {
      executionProviders: [...executionProviders],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // Fatal only. Errors come back as exceptions and are logged as JSON by whoever called; a line on standard error for each
      // input that a caller got wrong would be neither JSON nor bounded.
      logSeverityLevel: 4,
    })
  } catch (error) {
    const locale = MISSING_LOCALE.exec(reasonOf(error))?.[1]
    if (locale !== undefined) throw missingLocale(modelPath, locale)
    const message = `ONNX Runtime refused it: ${reasonOf(error)}`
    throw new ModelError('model-refused', modelPath, [
      { path: '', message, repair: 'check the model with onnx.checker, its operator set and its external data' },
    ])
  }
}

function fromNative({ type, data, dims }: RuntimeTensor): Tensor {
  // Node 24 has a Float16Array, and the binding then answers with it; here float16 is always its bits.
  const bits =
    type === 'float16' && !(data instanceof Uint16Array)
      ? new Uint16Array((data as Float32Array).buffer, (data as Float32Array).byteOffset, data.length)
      : data
  return { datatype: type as Datatype, shape: [...dims], data: bits as TensorData }
}
