import { randomBytes } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { closeStores, failureOf, sendRange, storeServer } from '../testing/store.ts'
import { createStoreClient } from './store-client.ts'

test.after.each(closeStores)

test('a probe says the size that a store tells, what is not there and what was refused, and takes no bytes', async () => {
  const content = randomBytes(64 * 2 ** 20)
  let sent = 0
  const store = await storeServer((request, response) => {
    if (request.url === '/gone') response.writeHead(404).end()
    else if (request.url === '/secret') response.writeHead(403).end()
    else {
      sendRange(request, response, content)
      response.on('close', () => {
        sent = response.socket?.bytesWritten ?? response.writableLength
      })
    }
  })
  const { probe } = createStoreClient({ env: {}, stallMs: 1000 })
  assert.equal(await probe(`${store.origin}/model.onnx`), { size: content.length })
  assert.is((await failureOf(probe(`${store.origin}/gone`))).code, 'artifact-not-found')
  assert.is((await failureOf(probe(`${store.origin}/secret`))).code, 'artifact-forbidden')
  assert.ok(sent < content.length / 2, `${sent} bytes were sent`)
  store.close()
  assert.is((await failureOf(probe(`${store.origin}/model.onnx`))).code, 'artifact-unreachable')
})

test.run()
