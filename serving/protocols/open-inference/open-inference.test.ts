import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DATATYPES, PROTOCOL_DATATYPES } from '../../contract/index.ts'
import { goldenSamples, INTERFACES, SILERO } from '../../testing/fixtures.ts'
import { bootConfiguration, cleanUp, referenceTo, servedVersion, testServer } from '../../testing/server.ts'

test.after.each(cleanUp)

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)
const types = await servedVersion('1.0.0', 'types.onnx', INTERFACES.types)
const trailing = await servedVersion('1.0.0', 'trailing.onnx', INTERFACES.trailing)
const lookup = await servedVersion('1.0.0', 'lookup.onnx', INTERFACES.lookup)

test('the server says who it is and how it is', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  const { json } = await server.get('/v2')
  assert.is(json.name, 'modelyard-serving')
  assert.type(json.version, 'string')
  assert.ok(json.extensions.includes('binary_tensor_data'))
  assert.equal((await server.get('/v2/health/live')).json, { live: true })
  assert.equal((await server.get('/v2/health/ready')).json, { ready: true })
})

test('a model says its tensors, free dimensions as -1, with and without a version', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  for (const path of ['/v2/models/iris', '/v2/models/iris/versions/2.1.0']) {
    assert.equal((await server.get(path)).json, {
      name: 'iris',
      versions: ['2.1.0'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
      ],
    })
    assert.equal((await server.get(`${path}/ready`)).json, { name: 'iris', ready: true })
  }
  assert.is((await server.get('/v2/models/iris/versions/7/ready')).status, 404)
  assert.is((await server.get('/v2/models/iris/versions/7')).status, 404)
  assert.is((await server.get('/v2/models/nobody')).status, 404)
})

test('id, requested outputs and their order are honoured; data may be flat or nested', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  const row = [5.1, 3.5, 1.4, 0.2]
  const flat = [{ name: 'features', datatype: 'FP32', shape: [2, 4], data: [...row, ...row] }]
  const nested = [{ name: 'features', datatype: 'FP32', shape: [2, 4], data: [row, row] }]
  const all = await server.post('/v2/models/iris/infer', { inputs: flat })
  assert.is(all.json.model_name, 'iris')
  assert.is(all.json.model_version, '2.1.0')
  assert.not.ok('id' in all.json)
  assert.equal(
    all.json.outputs.map(({ name, datatype, shape }: Record<string, unknown>) => [name, datatype, shape]),
    [
      ['label', 'INT64', [2]],
      ['probabilities', 'FP32', [2, 3]],
    ],
  )
  assert.equal((await server.post('/v2/models/iris/infer', { inputs: nested })).json, all.json)
  const outputs = [{ name: 'probabilities' }, { name: 'label' }]
  const some = await server.post('/v2/models/iris/versions/2.1.0/infer', { id: 'call "7"', inputs: flat, outputs })
  assert.is(some.json.id, 'call "7"')
  assert.equal(
    some.json.outputs.map(({ name }: { name: string }) => name),
    ['probabilities', 'label'],
  )
  const one = await server.post('/v2/models/iris/infer', { inputs: flat, outputs: [{ name: 'label' }] })
  assert.equal(one.json.outputs, [{ name: 'label', datatype: 'INT64', shape: [2], data: [0, 0] }])
})

test('golden samples are answered as scikit-learn computed them, missing values included', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  const { samples } = goldenSamples('iris')
  const data = samples.flatMap(({ features }) => Object.values(features ?? {}))
  const inputs = [{ name: 'features', datatype: 'FP32', shape: [samples.length, 4], data }]
  const { json } = await server.post('/v2/models/iris/infer', { inputs })
  assert.equal(
    json.outputs[0].data,
    samples.flatMap(({ outputs }) => outputs.label),
  )
  const expected = samples.flatMap(({ outputs }) => outputs.probabilities as number[])
  json.outputs[1].data.forEach((got: number, index: number) => {
    assert.ok(Math.abs(got - (expected[index] as number)) < 1e-5)
  })
})

test('every datatype goes in and out', async () => {
  const server = await testServer(bootConfiguration({ types }))
  const data = (datatype: string) => {
    if (datatype === 'string') return ['', 'naïve "text"']
    if (datatype === 'bool') return [true, false]
    if (datatype === 'int64') return [-(2 ** 53 - 1), 7]
    return datatype.startsWith('float') ? [0.5, 1024] : [0, 100]
  }
  const inputs = DATATYPES.map((datatype) => ({
    name: `in_${datatype}`,
    datatype: PROTOCOL_DATATYPES[datatype],
    shape: [1, 2],
    data: data(datatype),
  }))
  const { status, json } = await server.post('/v2/models/types/infer', { inputs })
  assert.is(status, 200)
  assert.equal(
    json.outputs,
    inputs.map(({ name, ...rest }) => ({ ...rest, name: name.replace('in_', 'out_') })),
  )
})

test('numbers that JSON cannot hold go in and out: bare as Python writes them, or as text', async () => {
  const server = await testServer(bootConfiguration({ types, iris, trailing }))
  const post = (model: string, name: string, datatype: string, data: string, width = 2) =>
    server.post(
      `/v2/models/${model}/infer`,
      `{"id":"a \\"NaN\\" 12345678901234567","inputs":[{"name":"${name}","datatype":"${datatype}","shape":[1,${width}],"data":${data}}]}`,
    )
  const doubled = async (data: string, width?: number) => {
    const { status, json } = await post('trailing', 'x', 'FP32', data, width)
    assert.is(status, 200, json.error)
    assert.is(json.id, 'a "NaN" 12345678901234567')
    return json.outputs[0].data
  }
  assert.equal(await doubled('[NaN, Infinity, -Infinity, 1]', 4), [null, 'Infinity', '-Infinity', 2])
  assert.equal(await doubled('["NaN", "Infinity", "-Infinity", 1]', 4), [null, 'Infinity', '-Infinity', 2])
  // JSON.parse would make 0 of the last digits.
  const inputs = DATATYPES.map((datatype) => ({
    name: `in_${datatype}`,
    datatype: PROTOCOL_DATATYPES[datatype],
    shape: [1, 2],
    data: datatype === 'string' ? ['12345678901234567', ''] : datatype === 'bool' ? [true, false] : [1, 2],
  }))
  const text = JSON.stringify({ inputs })
    .replace(
      '"INT64","shape":[1,2],"data":[1,2]',
      '"INT64","shape":[1,2],"data":[-9223372036854775807,9007199254740993]',
    )
    .replace('"UINT64","shape":[1,2],"data":[1,2]', '"UINT64","shape":[1,2],"data":[18446744073709551615,"7"]')
    .replace('"FP64","shape":[1,2],"data":[1,2]', '"FP64","shape":[1,2],"data":[10000000000000000,-Infinity]')
  const answer = await server.post('/v2/models/types/infer', text)
  assert.is(answer.status, 200, answer.text)
  for (const part of [
    '[-9223372036854775807,9007199254740993]',
    '[18446744073709551615,7]',
    '["12345678901234567",""]',
  ]) {
    assert.ok(answer.text.includes(`"data":${part}`), part)
  }
  assert.ok(answer.text.includes('"data":[10000000000000000,"-Infinity"]'))
  const named = async (data: string) => (await post('iris', 'features', 'FP32', data, 4)).json
  assert.equal((await named('[5, 3, NaN, 1]')).outputs[0].shape, [1])
  for (const data of ['[NaN, 3, 4, 1]', '[1, 3, Infinity, 1]']) {
    assert.match((await named(data)).error, /inputs\[0\]\.data\[\d\] must be a number, not a string/)
  }
  for (const broken of ['[NaN', '[1, -NaN, 2, 3]', '[nan, 1, 2, 3]', '["NaN, 1, 2, 3]', '[1 2 3 NaN]']) {
    assert.is((await post('iris', 'features', 'FP32', broken, 4)).status, 400, broken)
  }
})

test('a model without inputs answers in every form, and has no named features', async () => {
  const constant = await servedVersion('1.0.0', 'constant.onnx', INTERFACES.constant)
  const server = await testServer(bootConfiguration({ constant }))
  assert.equal((await server.get('/v2/models/constant')).json.inputs, [])
  const { json } = await server.post('/v2/models/constant/infer', { inputs: [] })
  assert.equal(json.outputs, [{ name: 'y', datatype: 'FP32', shape: [2], data: [0.5, 'Infinity'] }])
  assert.is((await server.post('/v2/models/constant/infer', { inputs: [{ name: 'x' }] })).status, 400)
  assert.match((await server.post('/models/constant/predict', {})).json.error, 'takes raw tensors')
  assert.is((await server.get('/openapi.json')).status, 200)
})

test('a network with state and a scalar input is served', async () => {
  const artifact = { ...(await referenceTo(SILERO)), externalData: [] }
  const server = await testServer(bootConfiguration({ silero: { ...iris, artifact, interface: INTERFACES.silero } }))
  const inputs = [
    { name: 'input', datatype: 'FP32', shape: [1, 512], data: new Array(512).fill(0) },
    { name: 'state', datatype: 'FP32', shape: [2, 1, 128], data: new Array(256).fill(0) },
    { name: 'sr', datatype: 'INT64', shape: [], data: [16000] },
  ]
  const { json } = await server.post('/v2/models/silero/infer', { inputs })
  assert.equal(json.outputs[0].shape, [1, 1])
  assert.equal(json.outputs[1].shape, [2, 1, 128])
  assert.ok(json.outputs[0].data[0] < 0.5)
})

test('what is wrong is a 400 that lists every wrong input', async () => {
  const server = await testServer(bootConfiguration({ iris, trailing }))
  const good = { name: 'features', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }
  const post = (body: unknown) => server.post('/v2/models/iris/infer', body)
  const cases: [unknown, RegExp][] = [
    [[], /must be a JSON object/],
    [{}, /^inputs must be a list/],
    [{ inputs: [] }, /inputs\.features is required/],
    [{ inputs: [7] }, /inputs\[0\] must be an object/],
    [{ inputs: [{ ...good, name: 'x' }] }, /"x" is not an input of this model; it has features/],
    [{ inputs: [good, good] }, /given twice/],
    [{ inputs: [{ ...good, datatype: 'FP64' }] }, /must be FP32, not "FP64"/],
    [{ inputs: [{ ...good, shape: [4] }] }, /inputs\.features\.shape must be \[batch, 4\], not \[4\]/],
    [{ inputs: [{ ...good, shape: [1, 5] }] }, /holds 4 elements/],
    [{ inputs: [{ ...good, shape: [0, 4], data: [] }] }, /at least one row/],
    [{ inputs: [{ ...good, data: [1, 2, 3, '4'] }] }, /data\[3\] must be a number/],
    [{ inputs: [{ ...good, data: [1, 2, 3, 1e39] }] }, /finite as a float32/],
    [{ inputs: [{ ...good, data: [null, 2, 3, 4] }] }, /data\[0\] must be a number, not null/],
    [{ inputs: [good], outputs: [{ name: 'score' }] }, /"score" is not an output/],
    [{ inputs: [good], outputs: 'label' }, /outputs must be a list/],
    [{ inputs: [good], outputs: [{ name: 'label' }, { name: 'label' }] }, /asked for twice/],
    [{ inputs: [good], id: 7 }, /id must be a string/],
    [{ inputs: [good], parameters: 7 }, /parameters must be an object/],
    [{ inputs: [good], parameters: { shared_memory_region: 'x' } }, /Triton's shared memory extension/],
    [
      { inputs: [good], outputs: [{ name: 'probabilities', parameters: { classification: 2 } }] },
      /classification extension/,
    ],
  ]
  for (const [body, message] of cases) {
    const { status, json } = await post(body)
    assert.is(status, 400, JSON.stringify(body))
    assert.match(json.error, message)
  }
  const { json } = await post({ inputs: [{ ...good, data: ['1', true, 3, 4] }] })
  assert.equal(
    json.details.map(({ path }: { path: string }) => path),
    ['inputs[0].data[0]', 'inputs[0].data[1]'],
  )
  assert.is((await post({ inputs: [good], outputs: [] })).status, 200, 'an empty list of outputs means all')
})

test('an input that the model itself cannot take fails alone, and tells nothing of the inside', async () => {
  const server = await testServer(bootConfiguration({ lookup }))
  const call = (index: number) =>
    server.post('/v2/models/lookup/infer', {
      inputs: [{ name: 'index', datatype: 'INT64', shape: [1, 1], data: [index] }],
    })
  const answers = await Promise.all([0, 77, 3].map(call))
  assert.equal(
    answers.map(({ status }) => status),
    [200, 400, 200],
  )
  assert.equal(answers[1]?.json, { error: 'the model cannot run on this input' })
  assert.equal(answers[2]?.json.outputs[0].data, [40])
})

test.run()
