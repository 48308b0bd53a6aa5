import { Agent, request } from 'node:http'

/** Asks a small request every 20 ms, from a process of its own so that an attacker's work is not taken for the server's; prints each answer when its input ends. */
const [port = '', path = '', body = ''] = process.argv.slice(2)
const agent = new Agent({ keepAlive: false })
const INTERVAL_MS = 20
const TIMEOUT_MS = 30_000

function ask(): Promise<{ status: number; ms: number }> {
  const started = performance.now()
  return new Promise((resolve) => {
    const end = (status: number) => resolve({ status, ms: Math.round(performance.now() - started) })
    const headers = { 'content-type': 'application/json' }
    const options = { agent, host: '127.0.0.1', port, method: 'POST', path, headers, timeout: TIMEOUT_MS }
    const outgoing = request(options, (response) => {
      response.resume()
      response.on('end', () => end(response.statusCode ?? 0))
    })
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.on('error', () => end(0))
    outgoing.end(body)
  })
}

let done = false
process.stdin.resume().on('end', () => {
  done = true
})
const answers: { status: number; ms: number }[] = []
while (!done) {
  answers.push(await ask())
  // Says that it has begun.
  if (answers.length === 1) process.stdout.write('\n')
  await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
}
process.stdout.write(JSON.stringify(answers))
