let passed = 0
let failed = 0

/** Runs one named check. A failure is told with its message; false then, for those that build upon it. */
export async function check(name: string, run: () => void | Promise<void>): Promise<boolean> {
  const started = Date.now()
  try {
    await run()
    passed++
    console.log(`ok: ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
    return true
  } catch (error) {
    failed++
    console.log(`FAILED: ${name}\n${(error as Error).message.replace(/^/gm, '  ')}`)
    return false
  }
}

/** What a check could not have, and how to get it. */
export function skip(what: string): void {
  console.log(`skipped: ${what}`)
}

/** The line that CI adds up; exit status 1 when a check failed. */
export function summary(): void {
  console.log(`${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}
