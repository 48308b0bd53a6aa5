import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const card = { owner: 'clinic', metrics: { r2: 0.5 }, lineage: { 'dataset.name': 'diabetes' } }
const diabetes = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes, {
  samples: 'diabetes.samples.json',
  release: '1.0.0-8f3c2a9d',
  card,
})
const house = await servedVersion('1.0.0', 'house.onnx', INTERFACES.house)
const trailing = await servedVersion('1.0.0', 'trailing.onnx', INTERFACES.trailing)

test('pages and everything they load come from this server, under a policy that allows nothing else', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  for (const page of ['/', '/docs']) {
    const { status, text, headers } = await server.get(page)
    assert.is(status, 200)
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, "default-src 'none'")
    assert.not.match(policy, 'unsafe')
    assert.not.match(text, /https?:|\sstyle=|\son\w+=|<script>|<style/)
    for (const [, file = ''] of text.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)) {
      assert.is((await server.get(`/${file}`)).status, 200, file)
    }
  }
})

test('every module that a page imports is served', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const waiting = ['page.js', 'docs.js']
  for (const file of waiting) {
    const { status, text } = await server.get(`/assets/${file}`)
    assert.is(status, 200, file)
    for (const [, other = ''] of text.matchAll(/from '\.\/([^']+)'/g)) if (!waiting.includes(other)) waiting.push(other)
  }
  assert.ok(waiting.length >= 5)
})

test('a model is described by its card, its features and its golden samples, and by no address', async () => {
  const server = await testServer(bootConfiguration({ diabetes, house }))
  const { models } = (await server.get('/models')).json
  assert.equal(models[0], { name: 'diabetes', state: 'ready', versions: ['1.0.0'] })
  const { json, text } = await server.get('/models/diabetes')
  assert.equal(json.stable.card, card)
  assert.is(json.stable.release, '1.0.0-8f3c2a9d')
  assert.is(json.stable.sha256, diabetes.artifact.sha256)
  assert.is(json.stable.features.length, 10)
  assert.is(json.stable.examples.length, 3)
  assert.not.match(text, 'file:')
  const answer = await server.post('/models/diabetes/predict', json.stable.examples[0].record)
  assert.is(answer.status, 200)
  const unknown = await server.get('/models/nobody')
  assert.is(unknown.status, 404)
  assert.equal(unknown.json.models, ['diabetes', 'house'])
})

test('the example of a model of raw tensors is a request that it answers, without golden samples too', async () => {
  const server = await testServer(bootConfiguration({ trailing, diabetes }))
  for (const model of ['trailing', 'diabetes']) {
    const { stable } = (await server.get(`/models/${model}`)).json
    const { status, text } = await server.post(`/v2/models/${model}/infer`, stable.inference)
    assert.is(status, 200, text)
  }
  assert.is((await server.get('/models/trailing')).json.stable.features, null)
})

test.run()
