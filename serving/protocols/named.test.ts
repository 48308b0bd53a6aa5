import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { goldenSamples, INTERFACES, SILERO } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, referenceTo, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const diabetes = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes)
const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)
const house = await servedVersion('1.0.0', 'house.onnx', INTERFACES.house)
const [patient] = goldenSamples('diabetes').samples

for (const [name, version] of Object.entries({ diabetes, iris, house })) {
  test(`every golden sample of ${name}, alone and in one list, is answered as scikit-learn computed it`, async () => {
    const server = await testServer(bootConfiguration({ [name]: version }))
    const { samples } = goldenSamples(name)
    const list = await server.post(
      `/models/${name}/predict`,
      samples.map(({ features }) => features),
    )
    for (const [index, { features, outputs }] of samples.entries()) {
      const alone = await server.post(`/models/${name}/predict`, features)
      for (const prediction of [alone.json.prediction, list.json.predictions[index]]) {
        for (const [output, expected] of Object.entries(outputs)) {
          const got = prediction[output]
          const values = typeof got === 'object' ? Object.values(got as Record<string, number>) : [got]
          values.forEach((value, at) => {
            const wanted = expected[at] as number
            assert.ok(Math.abs(value - wanted) <= 1e-6 + 1e-4 * Math.abs(wanted), `${output}: ${value}, not ${wanted}`)
          })
        }
      }
    }
  })
}

test('one record is answered with one prediction, a list with a list; both say model and version', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  const record = { sepal_length: 5.1, sepal_width: 3.5, petal_length: null, petal_width: 0.2 }
  const one = await server.post('/predict', record)
  assert.is(one.headers.get('x-modelyard-version'), '2.1.0')
  assert.is(one.json.model, 'iris')
  assert.is(one.json.version, '2.1.0')
  assert.equal(Object.keys(one.json.prediction.probabilities), ['setosa', 'versicolor', 'virginica'])
  const two = await server.post('/predict', [record, record])
  assert.equal(two.json.predictions, [one.json.prediction, one.json.prediction])
})

test('a wrong record is a 422 that lists every wrong field with its path', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const { bp: _absent, ...rest } = patient?.features ?? {}
  const { status, json } = await server.post('/predict', [
    patient?.features,
    { ...rest, bmi: '26', s2: 1e39, sex: 'x' },
  ])
  assert.is(status, 422)
  assert.equal(json.details, [
    { path: '[1].sex', message: 'must be one of "female", "male", got "x"' },
    { path: '[1].bmi', message: 'must be a number, not a string' },
    { path: '[1].bp', message: 'is required' },
    { path: '[1].s2', message: 'must be finite as a float32, got 1e+39' },
  ])
  assert.is(json.error, '[1].sex must be one of "female", "male", got "x", and 3 more')
})

test('what the interface does not know is counted, or refused by a strict version', async () => {
  const strict = { ...diabetes, strict: true }
  const server = await testServer(bootConfiguration({ diabetes, strict }))
  const odd = { ...patient?.features, age: 7, 'made up by the caller': 1 }
  assert.is((await server.post('/models/diabetes/predict', odd)).status, 200)
  assert.is((await server.post('/models/strict/predict', odd)).status, 422)
  const { text } = await server.get('/metrics')
  for (const model of ['diabetes', 'strict']) {
    const labels = `model="${model}",version="1.0.0"`
    assert.ok(text.includes(`feature_anomalies_total{${labels},feature="age",kind="out_of_range"} 1`))
    assert.ok(text.includes(`feature_anomalies_total{${labels},feature="_unknown",kind="unknown"} 1`))
  }
  assert.not.match(text, 'made up')
})

test('nonsense bodies are 4xx with one sentence', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const bodies: [number, unknown][] = [
    [422, []],
    [422, [[]]],
    [422, [null]],
    [422, 'null'],
    [422, '"text"'],
    [422, '7'],
    [422, {}],
    [400, '{"age": NaN}'],
    [400, '{"age": 1'],
    [400, ''],
    [400, '{"__proto__": {"age": 1}}'],
    [413, `{"age": "${'x'.repeat(1024 * 1024)}"}`],
  ]
  for (const [status, body] of bodies) {
    const got = await server.post('/predict', body)
    assert.is(got.status, status, String(JSON.stringify(body)).slice(0, 50))
    assert.type(got.json.error, 'string')
    assert.not.match(got.text, /\/work|node_modules|\n\s+at /)
  }
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'text/csv']) {
    const { status, json } = await server.post('/predict', 'age=1', { 'content-type': type })
    assert.is(status, 415, type)
    assert.is(json.error, 'send the body as application/json')
  }
})

test('the first label of Host chooses the model; with several and no match the answer lists them', async () => {
  const server = await testServer(bootConfiguration({ diabetes, iris }))
  // fetch sets Host itself, so the request is made by Node's own client.
  const { request } = await import('node:http')
  const hosted = (host: string) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const headers = { host, 'content-type': 'application/json' }
      request(`${server.address}/predict`, { method: 'POST', headers }, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode, body }))
      })
        .on('error', reject)
        .end(JSON.stringify(patient?.features))
    })
  const found = await hosted('diabetes.ml-serving.svc.cluster.local:8080')
  assert.is(found.status, 200)
  assert.is(JSON.parse(found.body).model, 'diabetes')
  const lost = await hosted('elsewhere.example.com')
  assert.is(lost.status, 404)
  assert.equal(JSON.parse(lost.body).models, ['diabetes', 'iris'])
  const unknown = await server.post('/models/nobody/predict', {})
  assert.is(unknown.status, 404)
  assert.equal(unknown.json.models, ['diabetes', 'iris'])
})

test('a model of raw tensors names the route that takes them', async () => {
  const artifact = { ...(await referenceTo(SILERO)), externalData: [] }
  const server = await testServer(
    bootConfiguration({ silero: { ...diabetes, artifact, interface: INTERFACES.silero } }),
  )
  const { status, json } = await server.post('/predict', {})
  assert.is(status, 422)
  assert.match(json.error, '/v2/models/silero/infer')
})

test('concurrent callers each get their own answer', async () => {
  const server = await testServer(bootConfiguration({ house }))
  const { samples } = goldenSamples('house')
  const callers = Array.from({ length: 120 }, async (_, caller) => {
    const sample = samples[caller % samples.length]
    const { json } = await server.post('/predict', sample?.features)
    assert.ok(Math.abs(json.prediction.variable - (sample?.outputs.variable?.[0] as number)) < 0.01)
  })
  await Promise.all(callers)
  const { text } = await server.get('/metrics')
  assert.match(text, /modelyard_requests_total\{model="house",version="1.0.0",route="predict",code="200"\} 120/)
  assert.match(text, /modelyard_requests_in_flight\{model="house",version="1.0.0"\} 0/)
})

test.run()
