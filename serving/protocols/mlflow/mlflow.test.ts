import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { goldenSamples, INTERFACES } from '../../testing/fixtures.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../../testing/server.ts'

test.after.each(cleanUp)

const diabetes = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes)
const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)
const house = await servedVersion('1.0.0', 'house.onnx', INTERFACES.house)
const trailing = await servedVersion('1.0.0', 'trailing.onnx', INTERFACES.trailing)
const [patient] = goldenSamples('diabetes').samples
const record = patient?.features ?? {}
/** As the graph takes them, which is what MLflow's users send. */
const coded: Record<string, unknown> = { ...record, sex: record.sex === 'female' ? 1 : 2 }
const columns = Object.keys(coded)
const values = Object.values(coded)
const csv = (...rows: unknown[][]) => [columns, ...rows].map((row) => row.join(',')).join('\n')
const asCsv = { 'content-type': 'text/csv' }

// What `mlflow models serve` 3.17.2 answers for this model logged with mlflow.onnx.
const FRAME = { predictions: [{ progression: 231.34091186523438 }, { progression: 231.34091186523438 }] }
const TENSOR = { predictions: { progression: [[231.34091186523438], [231.34091186523438]] } }

/** The same shape and names, and numbers to the rounding that kernels of different machines have. */
function sameAnswer(actual: unknown, expected: unknown, text = ''): void {
  const rounded = (value: unknown) =>
    JSON.stringify(value, (_key, item) => (typeof item === 'number' ? Number(item.toPrecision(5)) : item))
  assert.is(rounded(actual), rounded(expected), text)
}

test('each form of a data frame is answered with the records that MLflow answers', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const bodies = [
    { dataframe_split: { columns, data: [values, values] } },
    { dataframe_split: { columns, index: ['a', 'b'], data: [values, values] } },
    { dataframe_split: { columns: columns.map((_, at) => at), data: [values, values] } },
    { dataframe_split: { data: [values, Object.values(record)] } },
    { dataframe_records: [coded, record], params: { temperature: 1 } },
    { dataframe_records: [{ ...coded, 'made up': 1 }, coded] },
    { instances: [coded, coded] },
    { inputs: [coded, coded] },
    { inputs: Object.fromEntries(columns.map((name, at) => [name, [values[at], values[at]]])) },
  ]
  for (const body of bodies) {
    const { status, json, text, headers } = await server.post('/invocations', body)
    assert.is(status, 200, text)
    sameAnswer(json, FRAME)
    assert.is(headers.get('x-modelyard-version'), '1.0.0')
  }
})

test('tensors are answered with an object of whole outputs, as MLflow answers', async () => {
  const server = await testServer(bootConfiguration({ diabetes, iris }))
  for (const body of [
    { instances: [values, values] },
    { inputs: [values, values] },
    { inputs: { features: [values, values] } },
  ]) {
    sameAnswer((await server.post('/models/diabetes/invocations', body)).json, TENSOR)
  }
  const { json } = await server.post('/models/iris/invocations', { instances: [[5.1, 3.5, 1.4, 0.2]] })
  sameAnswer(json.predictions, {
    label: [0],
    probabilities: [[0.9912, 0.0087992, 3.8827e-7]],
  })
})

test('what MLflow cannot frame or feed is answered a row each', async () => {
  const server = await testServer(bootConfiguration({ iris, house, trailing }))
  const flower = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }
  const iris_ = await server.post('/models/iris/invocations', { dataframe_records: [flower, flower] })
  assert.is(iris_.json.predictions.length, 2)
  sameAnswer(iris_.json.predictions[0], {
    label: 0,
    probabilities: [0.9912, 0.0087992, 3.8827e-7],
  })
  const split = {
    columns: ['town', 'area'],
    data: [
      ['north', 120],
      ['west', 90],
    ],
  }
  const house_ = await server.post('/models/house/invocations', { dataframe_split: split })
  const nested = { area: [[120], [90]], town: [['north'], ['west']] }
  const tensors = await server.post('/models/house/invocations', { inputs: nested })
  sameAnswer(tensors.json, { predictions: { variable: [[298.6217041015625], [246.36956787109375]] } })
  sameAnswer(house_.json, { predictions: [{ variable: 298.6217041015625 }, { variable: 246.36956787109375 }] })
  // The only raw input takes the whole matrix, whatever its columns are called.
  for (const body of [
    { dataframe_split: { columns: ['a', 'b'], data: [[1, 2.5]] } },
    { dataframe_records: [{ a: 1, b: 2.5 }] },
  ]) {
    const { json } = await server.post('/models/trailing/invocations', body)
    assert.equal(json, { predictions: [{ doubled: [2, 5], total: [3.5] }] })
  }
})

test('CSV: an index column, quoted fields, blank lines, labels and missing values', async () => {
  const server = await testServer(bootConfiguration({ diabetes, house, iris, trailing }))
  const files = [
    csv(values, values),
    `${csv(values).replaceAll('\n', '\r\n')}\r\n\r\n${Object.values(record)
      .map((value) => `"${value}"`)
      .join(',')}\r\n`,
    `,${columns.join(',')}\n0,${values.join(',')}\n1,${values.join(',')}\n`,
    `\ufeff${csv(values, values)}`,
  ]
  for (const file of files) {
    const { json, text } = await server.post('/models/diabetes/invocations', file, asCsv)
    sameAnswer(json, FRAME, text)
  }
  const towns = 'town,area\n"no, ""such""\ntown",120\nNA,120\nnorth,1.2e2\n'
  const { predictions } = (await server.post('/models/house/invocations', towns, asCsv)).json
  assert.is(predictions.length, 3)
  sameAnswer(predictions[2], { variable: 298.6217041015625 })
  const flowers = 'sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,NaN,0.2\n5.1,3.5,,0.2'
  const missing = await server.post('/models/iris/invocations', flowers, asCsv)
  const same = await server.post('/models/iris/predict', {
    sepal_length: 5.1,
    sepal_width: 3.5,
    petal_length: null,
    petal_width: 0.2,
  })
  for (const { label } of missing.json.predictions) assert.is(label, same.json.prediction.label)
  const { text } = await server.get('/metrics')
  assert.match(text, 'feature="petal_length",kind="missing"} 3')
  const matrix = await server.post('/models/trailing/invocations', 'a,b\n1,2.5\n', asCsv)
  assert.equal(matrix.json.predictions, [{ doubled: [2, 5], total: [3.5] }])
})

test("Python's NaN is a missing value where the feature may be missing, inside strings it is text", async () => {
  const server = await testServer(bootConfiguration({ iris, house }))
  const flower = (petal: string) =>
    `{"dataframe_records": [{"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": ${petal}, "petal_width": 0.2}]}`
  const missing = await server.post('/models/iris/invocations', flower('NaN'))
  assert.is(missing.status, 200)
  sameAnswer(missing.json, (await server.post('/models/iris/invocations', flower('null'))).json)
  for (const infinity of ['Infinity', '-Infinity', '1e39']) {
    const { status, json } = await server.post('/models/iris/invocations', flower(infinity))
    assert.is(status, 400)
    assert.match(json.error, /^dataframe_records\[0\]\.petal_length must be/)
  }
  const refused = await server.post('/models/iris/invocations', flower('1.4').replace('5.1', 'NaN'))
  assert.equal(refused.json.details, [
    { path: 'dataframe_records[0].sepal_length', message: 'must be a number, not a string' },
  ])
  const town = '{"dataframe_records": [{"area": NaN, "town": "say \\"NaN\\", Infinity"}]}'
  const text = await server.post('/models/house/invocations', town)
  assert.equal(text.json.details, [{ path: 'dataframe_records[0].area', message: 'must be a number, not a string' }])
})

test('what is wrong is a 400 in the words of both, and never a stack', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const { bmi: _absent, ...rest } = coded
  const bodies: [unknown, string][] = [
    [{}, 'exactly one of'],
    [{ instances: [values], inputs: [values] }, 'got instances and inputs'],
    [{ instances: [values], parms: {} }, 'parms is not a field of a request'],
    [{ instances: [values], params: [1] }, 'params must be an object'],
    [[], 'must be a JSON object'],
    ['7', 'must be a JSON object'],
    ['{', 'not valid JSON'],
    ['{"instances": NaN', 'not valid JSON'],
    ['', 'body is empty'],
    [{ instances: [] }, 'at least one record'],
    [{ instances: 5 }, 'instances must be a list'],
    [{ inputs: 1.5 }, 'inputs must be a list'],
    [{ inputs: values }, 'inputs[0] must be an object, or a list of 10 values'],
    [{ inputs: { age: [59] } }, 'inputs.sex is required'],
    [{ inputs: { ...coded, age: 59 } }, 'inputs.age must be a list of rows'],
    [{ dataframe_records: {} }, 'dataframe_records must be a list'],
    [{ dataframe_records: [7] }, 'dataframe_records[0] must be an object'],
    [{ dataframe_records: [coded, rest] }, 'dataframe_records[1].bmi is required'],
    [{ dataframe_split: [] }, 'dataframe_split must be an object'],
    [{ dataframe_split: { columns } }, 'dataframe_split.data must be a list'],
    [{ dataframe_split: { columns: 'age', data: [] } }, 'dataframe_split.columns must be a list of names'],
    [{ dataframe_split: { columns: ['a', 'a'], data: [] } }, 'has "a" twice'],
    [{ dataframe_split: { columns, data: [values.slice(1)] } }, 'data[0] has 9 values, but there are 10 columns'],
    [{ dataframe_split: { columns, data: [values], index: [] } }, 'dataframe_split.index must be a list as long'],
    [{ dataframe_split: { columns, data: [values], dtypes: [] } }, 'has "dtypes", which no split has'],
    [{ dataframe_split: { columns, data: [values.map(String)] } }, 'data[0].age must be a number, not a string'],
  ]
  for (const [body, message] of bodies) {
    const { status, json, text } = await server.post('/invocations', body)
    assert.is(status, 400, text)
    assert.ok(json.error.includes(message), `${json.error}, not ${message}`)
    assert.is(json.message, json.error)
    assert.is(json.error_code, 'BAD_REQUEST')
    assert.not.match(text, /\/work|node_modules|\n\s+at |traceback/i)
  }
  const files: [string, string][] = [
    ['', 'the CSV file has no header'],
    ['\n\n', 'the CSV file has no header'],
    [`${columns.join(',')}\n`, 'at least one record'],
    [csv(values, values.slice(1)), 'row 2 has 9 fields, but the header 10'],
    [csv(values).replace('59', '"59'), 'row 1 has a quoted field'],
    [`${csv(values)}\n"5"9,1`, 'row 2 has a quoted field'],
    [`${csv(values)}\n"${'"'.repeat(400_000)}"`, 'row 2 is longer than'],
    [`age\n${'1\n'.repeat(500_001)}`, 'more than 500000 rows'],
    [csv(['x', ...values.slice(1)]), 'rows[0].age must be a number, not a string'],
  ]
  for (const [file, message] of files) {
    const { status, json, text } = await server.post('/invocations', file, asCsv)
    assert.is(status, 400, text)
    assert.ok(json.error.includes(message), `${json.error}, not ${message}`)
  }
})

test('other media types, charsets and parameters are a 415; bytes that are not UTF-8 a 400', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const send = (type: string, body: string | Uint8Array = '{}') =>
    fetch(`${server.address}/invocations`, { method: 'POST', headers: { 'content-type': type }, body })
  for (const type of [
    'application/xml',
    'application/json; charset=latin-1',
    'text/csv; header=present',
    'text/plain',
  ]) {
    assert.is((await send(type)).status, 415, type)
  }
  assert.is((await send('application/vnd.apache.parquet')).status, 415)
  assert.is((await send('text/csv; charset=UTF-8', csv(values, values))).status, 200)
  assert.is((await send('text/csv', Uint8Array.of(97, 10, 0xff, 0xfe))).status, 400)
})

test('health and version are plain; a model that does not answer is a 503', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  for (const path of ['/ping', '/health']) {
    const { status, text } = await server.get(path)
    assert.is(status, 200)
    assert.is(text, '\n')
  }
  assert.match((await server.get('/version')).text, /^\d+\.\d+\.\d+$/)
  const broken = { ...diabetes, artifact: { ...diabetes.artifact, sha256: '0'.repeat(64) } }
  const refused = await testServer(bootConfiguration({ broken }))
  assert.is((await refused.get('/ping')).status, 503)
  const { status, json } = await refused.post('/invocations', { instances: [values] })
  assert.is(status, 503)
  assert.is(json.error_code, 'TEMPORARILY_UNAVAILABLE')
})

test('requests are counted under a route of their own', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  await server.post('/invocations', { instances: [values] })
  const { text } = await server.get('/metrics')
  assert.match(text, 'modelyard_requests_total{model="diabetes",version="1.0.0",route="invocations",code="200"} 1')
})

test('a body made to keep a parser busy is refused at once', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const nasty = [`NaN"${'\\"'.repeat(400_000)}`, `[${'"NaN",'.repeat(150_000)}`, `${'"'.repeat(900_001)}NaN`]
  for (const body of nasty) assert.is((await server.post('/invocations', body)).status, 400)
  const quotes = await server.post('/invocations', `a\n${'"'.repeat(900_001)}`, asCsv)
  assert.is(quotes.status, 400)
})

test.run()
