import { REPOSITORY_ATTACKS } from './repository.ts'
import { createScratch } from './scratch.ts'
import { isWell, SERVER_ATTACKS, startAttackedServer } from './server.ts'

/** Runs every attack, or those whose title holds the argument; ends in `N passed, N failed`. */
const [only = ''] = process.argv.slice(2)
let passed = 0
let failed = 0

async function attempt(title: string, run: () => string[] | Promise<string[]>): Promise<void> {
  let wrong: string[]
  try {
    wrong = await run()
  } catch (error) {
    wrong = [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  }
  if (wrong.length === 0) passed++
  else failed++
  console.log(`${wrong.length === 0 ? 'ok   ' : 'FAIL '} ${title}`)
  for (const line of wrong) console.log(`        ${line.replaceAll('\n', '\n        ')}`)
}

const scratch = createScratch()
try {
  for (const { title, run } of REPOSITORY_ATTACKS.filter((attack) => attack.title.includes(only))) {
    await attempt(title, () => run(scratch))
    scratch.reset()
  }
} finally {
  scratch.remove()
}
const onServer = SERVER_ATTACKS.filter((attack) => attack.title.includes(only))
if (onServer.length > 0) {
  const server = await startAttackedServer()
  try {
    for (const { title, run } of onServer) {
      await attempt(title, async () => [...(await run(server)), ...(await isWell(server))])
    }
  } finally {
    await server.stop()
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
