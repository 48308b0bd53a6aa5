/**
 * Adds a server whose callers need a key to EXAMPLES, as `with-key`, and the key as WITH_KEY; then runs a command, stops the
 * server and exits as the command did.
 *
 *     EXAMPLES='{...}' node serve-with-key.mjs <command> [arguments]
 */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [command, ...args] = process.argv.slice(2)
const work = mkdtempSync(join(tmpdir(), 'modelyard-with-key-'))
const source = ['-C', 'modelyard-source', '--import', 'tsx']
let server
let status = 2
try {
  execFileSync(process.execPath, [...source, 'e2e/image/pod.ts', work], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const key = randomBytes(24).toString('hex')
  const keys = join(work, 'keys')
  writeFileSync(keys, key)
  const bootPath = join(work, 'boot/boot.json')
  const boot = JSON.parse(readFileSync(bootPath, 'utf8'))
  boot.server.authentication = { keys }
  writeFileSync(bootPath, JSON.stringify(boot))
  const files = ['--boot', bootPath, '--routing', join(work, 'none.json'), '--cache', join(work, 'cache')]
  server = spawn(process.execPath, [...source, 'serving/main.ts', ...files, '--host', '127.0.0.1', '--port', '0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let log = ''
  for await (const chunk of server.stdout) {
    log += chunk
    if (log.includes('version loaded')) break
  }
  const address = /listening at (http:\S+?)"/.exec(log)?.[1]
  const examples = { ...JSON.parse(process.env.EXAMPLES), 'with-key': address }
  const env = { ...process.env, EXAMPLES: JSON.stringify(examples), WITH_KEY: key }
  const [code] = await once(spawn(command, args, { cwd: root, env, stdio: 'inherit' }), 'exit')
  status = code ?? 2
} finally {
  server?.kill()
  rmSync(work, { recursive: true, force: true })
}
process.exit(status)
