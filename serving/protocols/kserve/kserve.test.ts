import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { goldenSamples, INTERFACES, SILERO } from '../../testing/fixtures.ts'
import { bootConfiguration, cleanUp, referenceTo, servedVersion, testServer } from '../../testing/server.ts'

test.after.each(cleanUp)

const diabetes = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes)
const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)
const house = await servedVersion('1.0.0', 'house.onnx', INTERFACES.house)
const trailing = await servedVersion('1.0.0', 'trailing.onnx', INTERFACES.trailing)
const [patient] = goldenSamples('diabetes').samples
const record = patient?.features ?? {}

test('models, the readiness of one, and a model that there is not', async () => {
  const server = await testServer(bootConfiguration({ diabetes, iris }))
  assert.equal((await server.get('/v1/models')).json, { models: ['diabetes', 'iris'] })
  assert.equal((await server.get('/v1/models/iris')).json, { name: 'iris', ready: true })
  const unknown = await server.get('/v1/models/nobody')
  assert.is(unknown.status, 404)
  assert.match(unknown.json.error, 'nobody')
  assert.is((await server.post('/v1/models/nobody:predict', { instances: [[1]] })).status, 404)
  const wrongMethod = await server.get('/v1/models/iris:predict')
  assert.is(wrongMethod.status, 405)
  assert.is(wrongMethod.headers.get('allow'), 'POST')
})

test('a model that is refused is not ready and does not predict', async () => {
  const broken = { ...iris, artifact: { ...iris.artifact, sha256: '0'.repeat(64) } }
  const server = await testServer(bootConfiguration({ broken }))
  for (const answer of [
    await server.get('/v1/models/broken'),
    await server.post('/v1/models/broken:predict', { instances: [] }),
  ]) {
    assert.is(answer.status, 503)
    assert.match(answer.json.error, 'not ready')
  }
})

test('records, rows and columns of the same values are predicted the same, as the golden sample says', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const coded = { ...record, sex: record.sex === 'female' ? 1 : 2 }
  const bodies = [
    { instances: [record, record] },
    { instances: [Object.values(coded), Object.values(record)] },
    { instances: [{ features: Object.values(coded) }, coded] },
    { inputs: Object.fromEntries(Object.entries(record).map(([name, value]) => [name, [value, value]])) },
    { inputs: { features: [Object.values(coded), Object.values(coded)] } },
    { inputs: [Object.values(coded), Object.values(coded)] },
  ]
  const expected = patient?.outputs.progression?.[0] as number
  for (const body of bodies) {
    const { status, json, text, headers } = await server.post('/v1/models/diabetes:predict', body)
    assert.is(status, 200, text)
    assert.is(headers.get('x-modelyard-version'), '1.0.0')
    assert.equal(Object.keys(json), ['predictions'])
    assert.is(json.predictions.length, 2)
    for (const [value] of json.predictions) assert.ok(Math.abs(value - expected) < 0.01, `${value}, not ${expected}`)
  }
})

test('several outputs are an object for each instance, and an object of columns for columns', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  const row = [5.1, 3.5, 1.4, 0.2]
  const { predictions: byInstance } = (await server.post('/v1/models/iris:predict', { instances: [row, row] })).json
  assert.equal(Object.keys(byInstance[0]), ['label', 'probabilities'])
  assert.is(byInstance[0].probabilities.length, 3)
  const { predictions: byColumn } = (await server.post('/v1/models/iris:predict', { inputs: [row, row] })).json
  assert.equal(byColumn, {
    label: byInstance.map(({ label }: { label: number }) => label),
    probabilities: byInstance.map(({ probabilities }: { probabilities: number[] }) => probabilities),
  })
})

test('a model of several inputs takes bare values and those of shape [1]', async () => {
  const server = await testServer(bootConfiguration({ house }))
  const [sample] = goldenSamples('house').samples
  const { area, town } = sample?.features as { area: number; town: string }
  const answers = []
  for (const body of [
    { instances: [{ area, town }] },
    { instances: [{ area: [area], town: [town] }] },
    { instances: [[area, town]] },
    { inputs: { area: [area], town: [town] } },
    { inputs: { area: [[area]], town: [[town]] } },
  ]) {
    const { status, json, text } = await server.post('/v1/models/house:predict', body)
    assert.is(status, 200, text)
    answers.push(json)
  }
  for (const answer of answers) assert.equal(answer, answers[0])
})

test('raw tensors are nested lists, one input bare and several by name', async () => {
  const silero = {
    ...iris,
    artifact: { ...(await referenceTo(SILERO)), externalData: [] },
    interface: INTERFACES.silero,
  }
  const server = await testServer(bootConfiguration({ trailing, silero }))
  const doubled = await server.post('/v1/models/trailing:predict', {
    instances: [
      [1, 2.5],
      [3, 4],
    ],
  })
  assert.equal(doubled.json.predictions, [
    { doubled: [2, 5], total: [3.5] },
    { doubled: [6, 8], total: [7] },
  ])
  // TensorFlow Serving takes these, and Python writes them.
  const bare = await server.post('/v1/models/trailing:predict', '{"instances": [[NaN, 1], [1, 2]]}')
  assert.equal(bare.json.predictions[0], { doubled: [null, 2], total: [null] })
  const byName = await server.post('/v1/models/trailing:predict', { instances: [{ x: [1, 2.5] }, { x: [3, 4] }] })
  assert.equal(byName.json, doubled.json)
  const inputs = {
    input: [new Array(512).fill(0)],
    state: [[new Array(128).fill(0)], [new Array(128).fill(0)]],
    sr: 16000,
  }
  const voice = await server.post('/v1/models/silero:predict', { inputs })
  assert.is(voice.status, 200, voice.text)
  assert.is(voice.json.predictions.stateN[1][0].length, 128)
  const nameless = await server.post('/v1/models/silero:predict', { instances: [[1]] })
  assert.is(nameless.status, 400)
  assert.match(nameless.json.error, 'input, state, sr')
})

test('what is wrong is a 400 that names each place in the body', async () => {
  const server = await testServer(bootConfiguration({ diabetes, trailing }))
  const { bmi: _absent, ...rest } = record
  const columns = Object.fromEntries(Object.entries(record).map(([name, value]) => [name, [value]]))
  const named: [unknown, string[]][] = [
    [{ instances: [record, { ...rest, s1: 'x' }] }, ['instances[1].bmi', 'instances[1].s1']],
    [{ instances: [[1, 2]] }, ['instances[0]']],
    [{ instances: [7, null] }, ['instances[0]', 'instances[1]']],
    [{ instances: [] }, ['instances']],
    [{ instances: [{ ...record, sex: 3 }] }, ['instances[0].sex']],
    [{ inputs: { ...rest, bmi: [1] } }, Object.keys(rest).map((name) => `inputs.${name}`)],
    [
      { inputs: { ...columns, age: [1, 2] } },
      Object.keys(rest)
        .slice(1)
        .map((name) => `inputs.${name}`)
        .concat('inputs.bmi')
        .sort(),
    ],
    [
      { inputs: { age: [1], sex: ['male'] } },
      Object.keys(record)
        .slice(2)
        .map((name) => `inputs.${name}`),
    ],
    [{ inputs: { ...columns, bmi: ['1'] } }, ['inputs.bmi[0]']],
    [{ inputs: {} }, Object.keys(record).map((name) => `inputs.${name}`)],
  ]
  for (const [body, paths] of named) {
    const { status, json, text } = await server.post('/v1/models/diabetes:predict', body)
    assert.is(status, 400, text)
    assert.equal(json.details.map(({ path }: { path: string }) => path).sort(), paths.toSorted(), text)
  }
  const raw: [unknown, string][] = [
    [{ instances: [[1, 'a']] }, 'instances[0][1]'],
    [{ instances: [[1, 2], [3]] }, 'instances'],
    [{ instances: [[[1]]] }, 'instances'],
    [{ instances: [{ x: [1, null] }] }, 'instances[0].x[1]'],
    [{ instances: [{ y: [1] }] }, 'instances.y'],
    [{ inputs: { x: [[1e39]] } }, 'inputs.x[0][0]'],
    [{ inputs: {} }, 'inputs.x'],
  ]
  for (const [body, path] of raw) {
    const { status, json, text } = await server.post('/v1/models/trailing:predict', body)
    assert.is(status, 400, text)
    assert.is(json.details[0].path, path, text)
  }
})

test('nonsense bodies are 400 with one sentence, whatever Content-Type says', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  const bodies = [
    '',
    '{',
    '[]',
    '7',
    'null',
    '{}',
    '{"instances":{}}',
    '{"instances":[],"inputs":[]}',
    `{"instances":${'['.repeat(300_000)}`,
  ]
  for (const body of [...bodies, `{"instances":${'['.repeat(200_000)}${']'.repeat(200_000)}}`]) {
    for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
      const { status, json } = await server.post('/v1/models/iris:predict', body, { 'content-type': type })
      assert.is(status, 400, body.slice(0, 50))
      assert.type(json.error, 'string')
    }
  }
})

test('requests are counted under a route of their own', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  await server.post('/v1/models/iris:predict', { instances: [[5.1, 3.5, 1.4, 0.2]] })
  await server.get('/v1/models/iris')
  const { text } = await server.get('/metrics')
  assert.match(text, 'modelyard_requests_total{model="iris",version="2.1.0",route="v1-predict",code="200"} 1')
  assert.match(text, 'modelyard_requests_total{model="iris",version="",route="v1-ready",code="200"} 1')
})

test.run()
