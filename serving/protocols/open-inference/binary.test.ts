import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DATATYPES, PROTOCOL_DATATYPES } from '../../contract/index.ts'
import { createData, type Tensor, tensorToBytes } from '../../session/index.ts'
import { goldenSamples, INTERFACES } from '../../testing/fixtures.ts'
import { bootConfiguration, cleanUp, servedVersion, type TestServer, testServer } from '../../testing/server.ts'

test.after.each(cleanUp)

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)
const types = await servedVersion('1.0.0', 'types.onnx', INTERFACES.types)

/** Posts JSON and raw bytes as Triton's client does, and takes the answer apart. */
async function binary(server: TestServer, path: string, json: unknown, raw: Uint8Array[], length?: number | string) {
  const head = Buffer.from(JSON.stringify(json))
  const response = await fetch(server.address + path, {
    method: 'POST',
    headers: { 'inference-header-content-length': String(length ?? head.byteLength) },
    body: Buffer.concat([head, ...raw]),
  })
  const body = Buffer.from(await response.arrayBuffer())
  const answered = response.headers.get('inference-header-content-length')
  const end = answered === null ? body.byteLength : Number(answered)
  return { status: response.status, json: JSON.parse(body.toString('utf8', 0, end)), rest: body.subarray(end) }
}

test('every datatype goes in and out as raw bytes, whatever the alignment', async () => {
  const server = await testServer(bootConfiguration({ types }))
  const tensors: [string, Tensor][] = DATATYPES.map((datatype) => {
    const data = createData(datatype, 2)
    const big = datatype === 'int64' || datatype === 'uint64'
    const values = datatype === 'string' ? ['', 'naïve'] : big ? [0n, 2n ** 63n - 1n] : [0, 1]
    values.forEach((value, index) => {
      data[index] = value as number
    })
    return [`in_${datatype}`, { datatype, shape: [1, 2], data }]
  })
  for (const id of ['', 'x', 'xy', 'xyz']) {
    const inputs = tensors.map(([name, tensor]) => ({
      name,
      datatype: PROTOCOL_DATATYPES[tensor.datatype],
      shape: tensor.shape,
      parameters: { binary_data_size: tensorToBytes(tensor).byteLength },
    }))
    const raw = tensors.map(([, tensor]) => tensorToBytes(tensor))
    const got = await binary(
      server,
      '/v2/models/types/versions/1.0.0/infer',
      { id, inputs, parameters: { binary_data_output: true } },
      raw,
    )
    assert.is(got.status, 200, JSON.stringify(got.json))
    assert.is(got.json.id, id)
    assert.equal(
      got.json.outputs,
      inputs.map(({ name, ...rest }) => ({ ...rest, name: name.replace('in_', 'out_') })),
    )
    assert.ok(got.rest.equals(Buffer.concat(raw)))
  }
})

test('each output comes as it was asked for: raw, JSON, or as the request says for all', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  const [sample] = goldenSamples('iris').samples
  const inputs = [{ name: 'features', datatype: 'FP32', shape: [1, 4], data: Object.values(sample?.features ?? {}) }]
  const post = (more: object) => binary(server, '/v2/models/iris/infer', { inputs, ...more }, [])
  const mixed = await post({
    outputs: [{ name: 'probabilities', parameters: { binary_data: true } }, { name: 'label' }],
  })
  assert.equal(mixed.json.outputs[0].parameters, { binary_data_size: 12 })
  assert.equal(mixed.json.outputs[1].data, sample?.outputs.label)
  assert.is(mixed.rest.byteLength, 12)
  const overruled = await post({
    parameters: { binary_data_output: true },
    outputs: [{ name: 'label', parameters: { binary_data: false } }, { name: 'probabilities' }],
  })
  assert.equal(overruled.json.outputs[0].data, sample?.outputs.label)
  assert.is(overruled.rest.byteLength, 12)
})

test('bytes that do not add up are a 400 that says where', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  const input = (size: unknown, more = {}) => ({
    inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 4], parameters: { binary_data_size: size }, ...more }],
  })
  const row = [Buffer.alloc(16)]
  const cases: [unknown, Uint8Array[], RegExp, (number | string)?][] = [
    [input(17), row, /binary_data_size is 17, but 16 bytes are left/],
    [input(12), row, /has 4 bytes after the JSON/],
    [input(12), [Buffer.alloc(12)], /data holds 12 bytes, but the shape \[1, 4\] needs 16/],
    [input(-1), row, /whole number of bytes/],
    [input('16'), row, /whole number of bytes/],
    [input(16, { data: [1, 2, 3, 4] }), row, /excludes data/],
    [input(16), row, /Inference-Header-Content-Length must be/, 100000],
    [input(16), row, /Inference-Header-Content-Length must be/, 'all'],
    [input(16), row, /not valid JSON/, 20],
    [{ ...input(16), parameters: { binary_data_output: 1 } }, row, /must be true or false/],
    [{ ...input(16), outputs: [{ name: 'label', parameters: [] }] }, row, /outputs\[0\]\.parameters must be an object/],
    [input(16), [Buffer.from(Float32Array.of(1, 2, 3, Number.NaN).buffer)], /got NaN at element 3/],
  ]
  for (const [json, raw, expected, length] of cases) {
    const got = await binary(server, '/v2/models/iris/infer', json, raw, length)
    assert.is(got.status, 400, JSON.stringify(json))
    assert.match(got.json.error, expected)
  }
})

test('statistics count requests, failures, rows and calls by their size, of one version, one model or all', async () => {
  const server = await testServer(bootConfiguration({ iris, types }))
  const body = { inputs: [{ name: 'features', datatype: 'FP32', shape: [2, 4], data: [1, 2, 3, 4, 5, 6, 7, 8] }] }
  for (const given of [body, body, {}]) await server.post('/v2/models/iris/infer', given)
  for (const path of ['/v2/models/iris/stats', '/v2/models/iris/versions/2.1.0/stats']) {
    const [{ inference_stats: times, batch_stats: batches, ...totals }, ...others] = (await server.get(path)).json
      .model_stats
    assert.equal(others, [])
    assert.is(totals.name, 'iris')
    assert.is(totals.version, '2.1.0')
    assert.is(totals.inference_count, 4)
    assert.is(totals.execution_count, 2)
    assert.ok(totals.last_inference > 1e12)
    assert.is(times.success.count, 2)
    assert.is(times.queue.count, 2)
    assert.ok(times.compute_infer.ns > 0 && times.success.ns > times.compute_infer.ns)
    assert.equal(
      batches.map((batch: Record<string, { count: number }>) => [batch.batch_size, batch.compute_infer?.count]),
      [[2, 2]],
    )
  }
  const all = (await server.get('/v2/models/stats')).json.model_stats
  assert.equal(
    all.map(({ name }: { name: string }) => name),
    ['iris', 'types'],
  )
  assert.is((await server.get('/v2/models/iris/versions/9/stats')).status, 404)
})

test('the repository index lists what answers and why the rest does not; loading is refused with the reason', async () => {
  const broken = { ...iris, artifact: { ...types.artifact, externalData: [] } }
  const server = await testServer(bootConfiguration({ iris, broken }))
  const index = await server.post('/v2/repository/index', '', {})
  const ready = { name: 'iris', version: '2.1.0', state: 'READY' }
  assert.equal(index.json, [ready, { name: 'broken', state: 'UNAVAILABLE', reason: 'model-interface-differs' }])
  assert.equal((await server.post('/v2/repository/index', { ready: true })).json, [ready])
  for (const wrong of [{ ready: 'yes' }, [], true]) {
    assert.is((await server.post('/v2/repository/index', wrong)).status, 400)
  }
  for (const action of ['load', 'unload']) {
    const { status, json } = await server.post(`/v2/repository/models/iris/${action}`, {})
    assert.is(status, 400)
    assert.match(json.error, `cannot ${action} the model iris: the configuration decides`)
  }
  assert.is((await server.post('/v2/repository/models/nobody/load', {})).status, 404)
})

test('a body without JSON is the data of the only input, and every output is raw', async () => {
  const trailing = await servedVersion('1.0.0', 'trailing.onnx', INTERFACES.trailing)
  const server = await testServer(bootConfiguration({ iris, trailing, types }))
  const sendRaw = async (model: string, bytes: Uint8Array) => {
    const headers = { 'inference-header-content-length': '0', 'content-type': 'application/octet-stream' }
    const response = await fetch(`${server.address}/v2/models/${model}/infer`, { method: 'POST', headers, body: bytes })
    const body = Buffer.from(await response.arrayBuffer())
    const length = Number(response.headers.get('inference-header-content-length') ?? body.byteLength)
    return { status: response.status, json: JSON.parse(body.toString('utf8', 0, length)), rest: body.subarray(length) }
  }
  const bytesOf = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
  // One free dimension is what the length says.
  const rows = await sendRaw('iris', bytesOf(5.1, 3.5, 1.4, 0.2, 6.3, 3.3, 6, 2.5))
  assert.is(rows.status, 200, rows.json.error)
  assert.equal(
    rows.json.outputs.map(({ shape }: { shape: number[] }) => shape),
    [[2], [2, 3]],
  )
  assert.is(rows.rest.byteLength, 2 * 8 + 2 * 3 * 4)
  // Of two the first is 1.
  const long = await sendRaw('trailing', bytesOf(1, 2, 3))
  assert.equal(long.json.outputs[0].shape, [1, 3])
  assert.equal([...new Float32Array(Uint8Array.from(long.rest.subarray(0, 12)).buffer)], [2, 4, 6])
  const refused: [string, Uint8Array, RegExp][] = [
    ['iris', bytesOf(5.1, 3.5, 1.4), /has 12 bytes, but float32 \[batch, 4\] needs a multiple of 16/],
    ['iris', bytesOf(Number.NaN, 3.5, 1.4, 0.2), /must be finite/],
    ['types', bytesOf(1), /^the request is raw bytes for one input, but this model has 13/],
    ['iris', new Uint8Array(0), /body is empty; send JSON/],
  ]
  for (const [model, bytes, message] of refused) {
    const { status, json } = await sendRaw(model, bytes)
    assert.is(status, 400)
    assert.match(json.error, message)
  }
})

test.run()
