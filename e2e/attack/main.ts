import { REPOSITORY_ATTACKS } from './repository.ts'
import { createScratch } from './scratch.ts'

/** Runs every attack, or those whose title holds the argument; ends in `N passed, N failed`. */
const [only = ''] = process.argv.slice(2)
const scratch = createScratch()
let passed = 0
let failed = 0
try {
  for (const { title, run } of REPOSITORY_ATTACKS.filter((attack) => attack.title.includes(only))) {
    let wrong: string[]
    try {
      wrong = run(scratch)
    } catch (error) {
      wrong = [error instanceof Error ? (error.stack ?? error.message) : String(error)]
    }
    if (wrong.length === 0) passed++
    else failed++
    console.log(`${wrong.length === 0 ? 'ok   ' : 'FAIL '} ${title}`)
    for (const line of wrong) console.log(`        ${line.replaceAll('\n', '\n        ')}`)
    scratch.reset()
  }
} finally {
  scratch.remove()
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
