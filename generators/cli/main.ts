#!/usr/bin/env node
import { runProgram } from './run.ts'

// A reader that has seen enough (`| head`) is no fault; what is left to say has nobody to read it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

await runProgram(process.argv.slice(2))
