import { ClientGoneError } from '../../batcher/index.ts'
import { hasNamedFeatures, type ServedVersion } from '../../contract/index.ts'
import type { VersionMetrics } from '../../monitoring/index.ts'
import {
  createPredictionWriter,
  createRecordEncoder,
  ModelRunError,
  type PredictionWriter,
  type RecordEncoder,
  type Tensor,
  type Tensors,
} from '../../session/index.ts'
import type { Caller, LoadContext, LoadedVersion } from '../loaded-version.ts'
import { type RemoteAddress, remoteAddress } from './remote-address.ts'
import { createRemoteClient, type RemoteAnswer, type RemoteClient } from './remote-client.ts'
import { RemoteError, RemoteInterfaceError } from './remote-error.ts'
import { compareMetadata, readInferenceAnswer, writeInferenceRequest } from './remote-messages.ts'

/** Requests under way to one version elsewhere; one more is not sent. Four turns of the connections. */
const MOST_IN_FLIGHT = 256

/** Failures in a row after which nothing is sent until the other server has proved itself again. */
const MOST_FAILURES = 3

/** The first and the longest pause between two looks at a version elsewhere that is down. */
const FIRST_CHECK_MS = 250
const LAST_CHECK_MS = 30_000

/** For metadata and readiness. */
const CHECK_TIMEOUT_MS = 5000

/** For a request whose caller says nothing; the stable version's own bounds do not apply to what runs elsewhere. */
const DEFAULT_TIMEOUT_MS = 10_000

/**
 * A version that another server answers for, by the Open Inference Protocol V2 over HTTP. It is returned when the other server
 * says that it is ready and that its interface is that of `like`, the stable version: requests are read, and answers written,
 * by that. Throws a `RemoteError` or a `RemoteInterfaceError` otherwise.
 */
export async function openRemoteVersion(
  model: string,
  like: ServedVersion,
  address: string,
  context: Pick<LoadContext, 'monitoring' | 'log' | 'availabilityChanged' | 'queue'>,
): Promise<LoadedVersion> {
  const at = remoteAddress(address, model, like.name)
  const client = createRemoteClient()
  try {
    const binary = await check(client, at, like)
    context.log.info({ model, version: like.name, address: at.model, binary }, 'version elsewhere found ready')
    return new RemoteVersion(model, like, at, { client, binary }, context)
  } catch (error) {
    client.close()
    throw error
  }
}

/** Whether the server there takes raw tensors; throws when the version there is not ready or not the same in interface. */
async function check(client: RemoteClient, at: RemoteAddress, like: ServedVersion): Promise<boolean> {
  const get = (url: string) => client.send(url, { method: 'GET', timeoutMs: CHECK_TIMEOUT_MS })
  const [server, metadata, ready] = await Promise.all([get(at.server), get(at.model), get(`${at.model}/ready`)])
  for (const [url, { status }] of [[at.model, metadata] as const, [`${at.model}/ready`, ready] as const]) {
    if (status !== 200) throw new RemoteError('status', `GET ${url}: ${status}`)
  }
  const differences = compareMetadata(like.interface, metadata)
  if (differences.length > 0) throw new RemoteInterfaceError(at.model, differences)
  return server.status === 200 && server.body.includes('"binary_tensor_data"')
}

class RemoteVersion implements LoadedVersion {
  readonly elsewhere = true
  readonly joining = null
  readonly model: string
  readonly served: ServedVersion
  readonly encode: RecordEncoder | null
  readonly write: PredictionWriter
  readonly metrics: VersionMetrics
  readonly examples = []
  /** The other server logs what it predicts. */
  readonly logged = false
  private readonly at: RemoteAddress
  private readonly client: RemoteClient
  private binary: boolean
  private readonly context: Pick<LoadContext, 'log' | 'availabilityChanged'>
  private readonly timeoutMs: number
  private readonly running = new Set<Promise<Tensors>>()
  private failures = 0
  private checkDelay = FIRST_CHECK_MS
  private checkTimer: NodeJS.Timeout | undefined
  private closed = false

  constructor(
    model: string,
    served: ServedVersion,
    at: RemoteAddress,
    { client, binary }: { client: RemoteClient; binary: boolean },
    context: Pick<LoadContext, 'monitoring' | 'log' | 'availabilityChanged' | 'queue'>,
  ) {
    this.model = model
    this.served = served
    this.at = at
    this.client = client
    this.binary = binary
    this.context = context
    this.timeoutMs = context.queue?.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.encode = hasNamedFeatures(served.interface) ? createRecordEncoder(served.interface) : null
    this.write = createPredictionWriter(served.interface)
    this.metrics = context.monitoring.version(model, served.name)
  }

  get available(): boolean {
    return this.failures < MOST_FAILURES
  }

  async predict(feeds: Tensors, outputNames: readonly string[] | undefined, caller: Caller): Promise<Tensors> {
    if (caller.gone?.()) throw new ClientGoneError()
    if (this.running.size >= MOST_IN_FLIGHT) {
      throw new RemoteError('busy', `${MOST_IN_FLIGHT} requests are under way to ${this.at.model}`)
    }
    const running = this.exchange(feeds, outputNames ?? this.served.interface.outputs.map(({ name }) => name), caller)
    this.running.add(running)
    this.metrics.entered()
    try {
      const outputs = await running
      this.failures = 0
      return outputs
    } catch (error) {
      if (error instanceof RemoteError) this.failed(error)
      throw error
    } finally {
      this.running.delete(running)
      this.metrics.left()
    }
  }

  /** The other server has searched itself. */
  async runs(): Promise<undefined> {}

  async retire(): Promise<void> {
    this.closed = true
    clearTimeout(this.checkTimer)
    await Promise.allSettled(this.running)
    this.client.close()
  }

  private async exchange(feeds: Tensors, outputNames: readonly string[], caller: Caller): Promise<Tensors> {
    const whole = Math.min(caller.timeoutMs ?? this.timeoutMs, this.timeoutMs)
    const timeoutMs = caller.leaveTime ? whole / 2 : whole
    const { headers, body } = writeInferenceRequest(feeds, { outputNames, timeoutMs, binary: this.binary })
    const url = `${this.at.model}/infer`
    const started = performance.now()
    const answer = await this.client.send(url, {
      method: 'POST',
      headers: { 'x-request-id': caller.requestId, ...caller.forward, ...headers },
      body,
      timeoutMs,
    })
    refuseStatus(url, answer)
    const outputs = readInferenceAnswer(answer, this.served.interface, outputNames, this.at.version)
    if (typeof outputs === 'string') throw new RemoteError('wrong_answer', `POST ${url}: ${outputs}`)
    const [first] = Object.values(feeds) as [Tensor, ...Tensor[]]
    const ended = performance.now()
    const rows = first.shape[0] ?? 1
    this.metrics.called((ended - started) / 1000, rows)
    caller.ran?.({ queued: started, started, ended, rows })
    return outputs
  }

  private failed(error: RemoteError): void {
    // Too many at once says nothing of the other server's health.
    if (error.reason === 'busy' || !this.available) return
    this.failures += 1
    if (this.available || this.closed) return
    this.context.log.error(
      { ...this.details(), reason: error.message },
      'the version elsewhere does not answer; it gets no requests until it does',
    )
    this.context.availabilityChanged?.()
    this.checkDelay = FIRST_CHECK_MS
    this.checkLater()
  }

  private checkLater(): void {
    if (this.closed) return
    // Half of it is chance, so that the pods of a fleet do not all ask at once.
    this.checkTimer = setTimeout(() => void this.checkNow(), this.checkDelay * (0.5 + Math.random() / 2))
    this.checkTimer.unref()
    this.checkDelay = Math.min(this.checkDelay * 2, LAST_CHECK_MS)
  }

  private async checkNow(): Promise<void> {
    try {
      this.binary = await check(this.client, this.at, this.served)
    } catch {
      this.checkLater()
      return
    }
    if (this.closed) return
    this.failures = 0
    this.context.log.info(this.details(), 'the version elsewhere answers again')
    this.context.availabilityChanged?.()
  }

  private details() {
    return { model: this.model, version: this.served.name, address: this.at.model }
  }
}

/** A 400 or 422 is about the input, as a model's own failure is; what else is not a success is no answer. */
function refuseStatus(url: string, { status, body }: RemoteAnswer): void {
  if (status === 200) return
  const told = `POST ${url}: ${status} ${body.toString('utf8', 0, 200)}`
  if (status === 400 || status === 422) throw new ModelRunError(told)
  throw new RemoteError('status', told)
}
