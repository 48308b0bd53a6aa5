/**
 * Serves every example model as the first environment runs it, each on a free port of 127.0.0.1, runs a command with the
 * addresses in EXAMPLES (JSON: model -> address), stops the servers and exits as the command did.
 *
 *     node e2e/served/serve-examples.mjs <command> [arguments]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [command, ...args] = process.argv.slice(2)
const names = readdirSync(`${root}models`).filter((name) => existsSync(`${root}models/${name}/model.ts`))
const servers = []

async function serve(name) {
  const cli = ['-C', 'modelyard-source', '--import', 'tsx', 'generators/cli/main.ts']
  const server = spawn(process.execPath, [...cli, 'serve', name, '--port', '0', '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  servers.push(server)
  let text = ''
  for await (const chunk of server.stdout) {
    text += chunk
    try {
      return [name, JSON.parse(text).address]
    } catch {
      // Not whole yet.
    }
  }
  throw new Error(`${name} is not served`)
}

let status = 2
try {
  const addresses = Object.fromEntries(await Promise.all(names.map(serve)))
  const env = { ...process.env, EXAMPLES: JSON.stringify(addresses) }
  const [code] = await once(spawn(command, args, { cwd: root, env, stdio: 'inherit' }), 'exit')
  status = code ?? 2
} finally {
  for (const server of servers) server.kill()
}
process.exit(status)
