import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { requestsAnswered } from './live-figures.ts'
import { recipientsOf } from './recipients.ts'

const CHURN = { model: 'churn', namespace: 'ml' }
const server = (address: string) => ({ address, recipients: recipientsOf(undefined, 'origin/main', [address]) })

process.env['PROMETHEUS_TOKEN'] = 'secret-token'

/** Answers as Prometheus' HTTP API is documented, and tells what it was asked. */
async function answering<T>(
  answer: { status?: number; body: string },
  ask: (address: string) => Promise<T>,
): Promise<{ result: T; query: string | null; authorization: string | undefined }> {
  let query: string | null = null
  let authorization: string | undefined
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => (text += chunk))
    request.on('end', () => {
      query = new URLSearchParams(text).get('query')
      authorization = request.headers.authorization
      response.writeHead(request.url === '/prefix/api/v1/query' ? (answer.status ?? 200) : 404).end(answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const result = await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix`)
    return { result, query, authorization }
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const vector = (...values: string[]) =>
  JSON.stringify({
    status: 'success',
    data: {
      resultType: 'vector',
      result: values.map((value, index) => ({ metric: { route: `route-${index}` }, value: [0, value] })),
    },
  })

test('requests are counted over all pods of the namespace, with the token in a header alone', async () => {
  const { result, query, authorization } = await answering({ body: vector('34.2', '1200.4', '0') }, (address) =>
    requestsAnswered(server(address), CHURN, '7d'),
  )
  const routes = [
    { route: 'route-1', requests: 1200 },
    { route: 'route-0', requests: 34 },
  ]
  assert.equal(result, { requests: 1235, during: '7d', routes })
  assert.is(query, 'sum by (route) (increase(modelyard_requests_total{namespace="ml",model="churn"}[7d]))')
  assert.is(authorization, 'Bearer secret-token')
})

test('no series, a refusal, nonsense and silence are unknown, never zero', async () => {
  const refused = JSON.stringify({ status: 'error', error: 'bad expression' })
  for (const [answer, unknown] of [
    [{ body: vector() }, /has nothing of churn in namespace ml/],
    [{ body: vector('NaN') }, /no number/],
    [{ status: 422, body: refused }, /answered 422 bad expression/],
    [{ body: '<html>' }, /could not be asked/],
    [{ body: 'null' }, /is no Prometheus/],
  ] as const) {
    const { result } = await answering(answer, (address) => requestsAnswered(server(address), CHURN, '7d'))
    assert.match(JSON.stringify(result), unknown)
  }
  const nobody = await requestsAnswered(server('http://127.0.0.1:1'), CHURN, '7d')
  assert.match(JSON.stringify(nobody), /^{"unknown":"Prometheus could not be asked/)
  assert.match(JSON.stringify(await requestsAnswered(server('nonsense'), CHURN, '7d')), /unknown/)
})

test.run()
