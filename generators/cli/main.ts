#!/usr/bin/env node
import { runProgram } from './run.ts'

await runProgram(process.argv.slice(2))
