import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelInterface } from '../contract/index.ts'
import { createSession, readModelGraph, type Session, type Tensors } from '../session/index.ts'
import { fixture, goldenSamples, INTERFACES } from '../testing/fixtures.ts'
import { type GeneratedGraph, GRAPH_KINDS, generateGraph } from '../testing/generated-graphs.ts'
import { type OnnxNode, onnxModel } from '../testing/onnx-model.ts'
import { OPERATOR_CASES, operatorGraph, UNREPEATABLE_CASES } from '../testing/operator-graphs.ts'
import { type Random, random } from '../testing/random.ts'
import { cleanUp, scratch } from '../testing/server.ts'
import { Batcher } from './batcher.ts'
import { describeObstacle, proveJoining } from './joining.ts'
import { findMixedOutput } from './row-flow/follow-rows.ts'

test.after.each(cleanUp)

const SEED = Number(process.env.MODELYARD_SEED ?? 1)
/** Graphs of each kind; row-wise and row-mixing ones have many operators to choose from. */
const GRAPHS = { 'row-wise': 30, 'row-mixing': 40, 'time-major': 2, scalar: 3, constant: 3, 'inner-batch': 4 }
const DEFAULT_MAX_SIZE = 32

/** Two calls add up in different orders. */
const ROUNDING = 1e-4

function rowsFor({ interface: { inputs } }: GeneratedGraph, rows: number, next: () => number): Tensors {
  const shape = inputs[0]?.shape.map((size, axis) => (typeof size === 'number' ? size : axis === 0 ? rows : 2)) ?? []
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).map(next)
  return { x: { datatype: 'float32', shape, data } }
}

/** The outputs as plain numbers, or the word that the model failed. */
async function outcome(call: Promise<Tensors>): Promise<{ shape: number[]; data: number[] } | 'failed'> {
  const answer = await call.catch(() => undefined)
  return answer?.y === undefined ? 'failed' : { shape: answer.y.shape, data: [...(answer.y.data as Float32Array)] }
}

function same(one: Awaited<ReturnType<typeof outcome>>, other: typeof one): boolean {
  if (one === 'failed' || other === 'failed') return one === other
  const largest = Math.max(1e-6, ...one.data.map(Math.abs).filter(Number.isFinite))
  return (
    one.shape.join() === other.shape.join() &&
    one.data.every(
      (value, at) =>
        Object.is(value, other.data[at]) || Math.abs(value - (other.data[at] as number)) <= ROUNDING * largest,
    )
  )
}

function defaultBatcher(session: Session, joined: boolean) {
  const options = { joined, maxSize: DEFAULT_MAX_SIZE, maxDelayMs: 0, maxQueue: 1024 }
  const calls: number[] = []
  const batcher = new Batcher(session.run, session.interface, options, {
    queued: () => {},
    called: (_seconds, rows) => calls.push(rows),
    rejected: () => {},
    batchingDisabled: () => {},
  })
  return { batcher, calls }
}

async function prove(path: string, modelInterface: ModelInterface, samples?: string) {
  const session = await createSession(path, modelInterface)
  const golden = samples === undefined ? undefined : goldenSamples(samples)
  const model = await readModelGraph(path)
  return { session, joining: await proveJoining({ model, session, golden, maxSize: DEFAULT_MAX_SIZE }) }
}

async function check(graph: GeneratedGraph, chance: Random, shown: string): Promise<void> {
  const path = join(scratch(), 'model.onnx')
  writeFileSync(path, graph.model)
  const { session, joining } = await prove(path, graph.interface)
  const reason = joining.joined ? 'joined' : describeObstacle(joining.obstacle)
  assert.is(joining.joined, graph.mixes === undefined, `${shown}: ${reason}`)
  if (!joining.joined && joining.obstacle.kind === 'operator') {
    assert.ok(joining.obstacle.operator.endsWith(`.${graph.mixes}`), `${shown}: ${reason}`)
  }
  const { batcher, calls } = defaultBatcher(session, joining.joined)
  // Ordinary callers, one with values far from all others, and one with more rows than a call may have.
  const requests = [
    ...Array.from({ length: 8 }, () => rowsFor(graph, 1 + chance.below(4), () => chance.next() * 2 - 1)),
    rowsFor(graph, 1, () => (chance.next() - 0.5) * 1e8),
    rowsFor(graph, DEFAULT_MAX_SIZE + 8, () => chance.next()),
  ]
  const alone = []
  for (const feeds of requests) alone.push(await outcome(session.run(feeds)))
  assert.ok(
    alone.some((one) => one !== 'failed'),
    `${shown}: the model answers nothing`,
  )
  const order = requests.map((_, index) => index).sort(() => chance.next() - 0.5)
  const together = await Promise.all(
    order.map(async (index) => {
      if (chance.oneIn(4)) await turn()
      return { index, got: await outcome(batcher.submit(requests[index] as Tensors)) }
    }),
  )
  for (const { index, got } of together) {
    const expected = alone[index] as typeof got
    // Its own digits are lost in its own size; what counts is that nobody else's change.
    if (index === 8 && joining.joined) continue
    assert.ok(
      same(expected, got),
      `${shown}: request ${index} got ${JSON.stringify(got)}, alone ${JSON.stringify(expected)}`,
    )
  }
  assert.is(calls.length < requests.length, joining.joined && graph.kind === 'row-wise', `${shown}: ${calls}`)
  await session.release()
}

for (const kind of GRAPH_KINDS) {
  test(`any interleaving of requests to a generated graph gives each its lone answer: ${kind}`, async () => {
    for (let number = 0; number < GRAPHS[kind]; number++) {
      const chance = random(SEED * 10_000 + number)
      const graph = generateGraph(kind, chance)
      await check(graph, chance, `seed ${SEED}, ${kind} ${number} (${graph.operators.join(', ')})`)
    }
  })
}

for (const [index, [name, operatorCase]] of Object.entries(OPERATOR_CASES).entries()) {
  test(`any interleaving gives each its lone answer: ${name}`, async () => {
    const chance = random(SEED * 20_000 + index)
    await check(operatorGraph(name, operatorCase, chance), chance, `seed ${SEED}`)
  })
}

test('graphs that draw random numbers or normalize while they train are never joined', async () => {
  for (const [name, operatorCase] of Object.entries(UNREPEATABLE_CASES)) {
    const graph = operatorGraph(name, operatorCase, random(SEED))
    const path = join(scratch(), 'model.onnx')
    writeFileSync(path, graph.model)
    const found = findMixedOutput(await readModelGraph(path), graph.interface)
    assert.is(found?.cause?.operator, `ai.onnx.${graph.mixes}`, name)
  }
})

test('an operator of a domain that nobody knows is never joined', async () => {
  const model = await readModelGraph(fixture('diabetes.onnx'))
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  for (const node of model.graph.nodes) node.domain = 'acme.ops'
  const joining = await proveJoining({ model, session, golden: goldenSamples('diabetes'), maxSize: 32 })
  assert.match(joining.joined ? '' : describeObstacle(joining.obstacle), /^acme\.ops\.\w+ \(node .*\) is not known to/)
  await session.release()
})

test('a runtime whose operators mix rows against their specification is found by the trial', async () => {
  const value = (name: string) => ({ name, type: 'float32' as const, shape: ['batch', 2] })
  const save = (name: string, ...nodes: OnnxNode[]) => {
    const path = join(scratch(), name)
    writeFileSync(path, onnxModel({ inputs: [value('x')], outputs: [value('y')], nodes }))
    return path
  }
  const named = (name: string) => ({ name, datatype: 'float32' as const, shape: ['batch', 2] })
  const modelInterface: ModelInterface = { inputs: [named('x')], outputs: [named('y')] }
  const declared = await readModelGraph(save('declared.onnx', { operator: 'Relu', inputs: ['x'], outputs: ['y'] }))
  // What runs subtracts the mean over the rows.
  const mean = { operator: 'ReduceMean', inputs: ['x'], outputs: ['m'], attributes: { axes: [0], keepdims: 1 } }
  const path = save('run.onnx', mean, { operator: 'Sub', inputs: ['x', 'm'], outputs: ['y'] })
  const session = await createSession(path, modelInterface)
  const joining = await proveJoining({ model: declared, session, golden: undefined, maxSize: DEFAULT_MAX_SIZE })
  assert.is(joining.joined ? undefined : joining.obstacle.kind, 'trial')
  await session.release()
})

test('models as scikit-learn and PyTorch export them share calls, with golden samples and without', async () => {
  for (const name of ['diabetes', 'house', 'iris'] as const) {
    for (const samples of [name, undefined]) {
      const { session, joining } = await prove(fixture(`${name}.onnx`), INTERFACES[name], samples)
      assert.equal(joining, { joined: true }, `${name} ${samples}`)
      await session.release()
    }
  }
})

test.run()
