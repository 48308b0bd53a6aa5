import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KINDS } from './candidates.ts'
import { checkPage, expectedPage } from './check.ts'
import { createReader } from './markdown.ts'
import { changedBodies } from './mutations.ts'
import { openBody } from './repository.ts'

/**
 * Opens a body for every kind of candidate and seed and checks every sentence and cell of it against the data; then changes each number
 * and word of judgement of it and holds that the check sees that.
 *
 *     main.ts <folder with node_modules> [seeds] [kind]
 */
const [tools = '', seeds = '1', only = ''] = process.argv.slice(2)
const read = await createReader(tools)
/** A page that cannot even be read is refused, too. */
function isSeen(check: () => { wrong: string[] }): boolean {
  try {
    return check().wrong.length > 0
  } catch {
    return true
  }
}

let [passed, failed] = [0, 0]
for (let seed = 1; seed <= Number(seeds); seed++) {
  for (const [kind, make] of Object.entries(KINDS).filter(([name]) => name.includes(only))) {
    const world = make(seed)
    let wrong: string[]
    let [checked, changes] = [0, 0]
    const started = Date.now()
    try {
      const opened = await openBody(world)
      if (process.env['MODELYARD_BODIES']) {
        mkdirSync(process.env['MODELYARD_BODIES'], { recursive: true })
        writeFileSync(join(process.env['MODELYARD_BODIES'], `${kind}-${seed}.md`), opened.body)
      }
      const expected = expectedPage(world, opened)
      ;({ wrong, checked } = checkPage(world, expected, opened, read))
      const changed = changedBodies(opened.body)
      const unseen = changed.filter(({ body }) => !isSeen(() => checkPage(world, expected, { ...opened, body }, read)))
      if (wrong.length === 0) wrong = unseen.map(({ what }) => `a wrong page passes: ${what}`)
      changes = changed.length
    } catch (error) {
      wrong = [error instanceof Error ? (error.stack ?? error.message) : String(error)]
      const findings = (error as { details?: string }).details
      if (findings) wrong.push(findings)
    }
    if (wrong.length === 0) passed++
    else failed++
    console.log(
      `${wrong.length === 0 ? 'ok   ' : 'FAIL '} ${kind}, seed ${seed}: ${checked} units, ${changes} changes in ${Date.now() - started} ms`,
    )
    for (const line of wrong) console.log(`        ${line.replaceAll('\n', '\n        ')}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
