export type Case = [name: string, run: () => Promise<void>]

/** Runs them one after the other; the last line is the count. */
export async function runCases(cases: readonly Case[], pattern: RegExp): Promise<void> {
  const counts = { passed: 0, failed: 0 }
  for (const [name, run] of cases.filter(([title]) => pattern.test(title))) {
    const started = performance.now()
    try {
      await run()
      counts.passed++
      console.log(`ok    ${name} (${Math.round(performance.now() - started)} ms)`)
    } catch (error) {
      counts.failed++
      const details = (error as { details?: string }).details ?? ''
      console.log(`FAIL  ${name}\n${error instanceof Error ? error.stack : String(error)}\n${details}`)
    }
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`)
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1
}
