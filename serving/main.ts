#!/usr/bin/env node
import { realpathSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { POD } from './contract/index.ts'
import { type LaunchedServer, launchServer } from './start-server.ts'

export { ConfigurationError, type ModelServer, type ServerOptions, startServer } from './start-server.ts'

/** Could not run: wrong flags, wrong configuration, port taken. */
const COULD_NOT_RUN = 2

const DEFAULTS = {
  boot: join(POD.bootDirectory, POD.bootFile),
  routing: join(POD.routingDirectory, POD.routingFile),
  cache: POD.cacheDirectory,
  host: '0.0.0.0',
}

const HELP = `Usage: modelyard-serving [options]
       modelyard-serving join [options] [<file or folder> ...]

Serves the ONNX models that a configuration names. In a pod of Modelyard every option has the right default.

Options:
  --boot <file>      process settings and stable versions (${DEFAULTS.boot})
  --routing <file>   candidates and weights; watched, need not exist (${DEFAULTS.routing})
  --cache <dir>      artifacts by digest (${DEFAULTS.cache})
  --host <address>   address to listen on (${DEFAULTS.host})
  --port <number>    port to listen on (the boot configuration's)
  --grpc-port <number>
                     port for gRPC (the boot configuration's; off without one)
  --management-port <number>
                     port for probes and metrics alone (the boot configuration's; with the others without one)
  --help             this text

SIGTERM and SIGINT stop the server after it has answered what it has accepted; a second one stops it at once.
Exit status: 0 stopped as asked, 2 could not run.

modelyard-serving join --help tells how prediction logs and feedback are joined.
`

interface Flags {
  boot: string
  routing: string
  cache: string
  host: string
  port: number | undefined
  grpcPort: number | undefined
  managementPort: number | undefined
}

/** The flags, or null when help was asked for; throws an Error that says which flag is wrong. */
function readFlags(args: string[]): Flags | null {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args,
    options: {
      ...{ boot: text, routing: text, cache: text, host: text, port: text, 'grpc-port': text },
      'management-port': text,
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return null
  const port = readPort('--port', values.port)
  const grpcPort = readPort('--grpc-port', values['grpc-port'])
  const managementPort = readPort('--management-port', values['management-port'])
  const { boot, routing, cache, host } = { ...DEFAULTS, ...values }
  return { boot, routing, cache, host, port, grpcPort, managementPort }
}

function readPort(flag: string, value: string | undefined): number | undefined {
  const port = value === undefined ? undefined : Number(value)
  if (port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65535)) return port
  throw new Error(`${flag} must be a whole number from 0 to 65535, got ${value}`)
}

async function main(args: string[]): Promise<void> {
  if (args[0] === 'join') return joinLogs(args.slice(1))
  let flags: Flags | null
  try {
    flags = readFlags(args)
  } catch (error) {
    giveUp(`${error instanceof Error ? error.message : String(error)}\nSee modelyard-serving --help.`)
  }
  if (flags === null) {
    process.stdout.write(HELP)
    return
  }
  let server: LaunchedServer | undefined
  let stopping = false
  const stop = (signal: 'SIGTERM' | 'SIGINT') => {
    // A second signal, or one before there is anything to drain.
    if (stopping || server === undefined) process.exit(stopping ? 128 + constants.signals[signal] : 0)
    stopping = true
    server.drain().then(
      () => process.exit(0),
      (error: unknown) => giveUp(error instanceof Error ? error.message : String(error)),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  try {
    server = await launchServer({
      bootPath: flags.boot,
      routingPath: flags.routing,
      cacheDirectory: flags.cache,
      host: flags.host,
      ...(flags.port === undefined ? {} : { port: flags.port }),
      ...(flags.grpcPort === undefined ? {} : { grpcPort: flags.grpcPort }),
      ...(flags.managementPort === undefined ? {} : { managementPort: flags.managementPort }),
      logger: true,
    })
    await server.loaded
  } catch (error) {
    giveUp(error instanceof Error ? error.message : String(error))
  }
}

async function joinLogs(args: string[]): Promise<void> {
  // Loaded here only: a server has no use for it.
  const { joinCommand } = await import('./join/index.ts')
  try {
    process.exitCode = await joinCommand(args)
  } catch (error) {
    giveUp(`join: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function giveUp(reason: string): never {
  process.stderr.write(`modelyard-serving: ${reason}\n`)
  process.exit(COULD_NOT_RUN)
}

/** True when Node was started with this file, directly or by the link in node_modules/.bin. */
function isEntryPoint(): boolean {
  const [, script] = process.argv
  if (script === undefined) return false
  try {
    return import.meta.url === pathToFileURL(realpathSync(script)).href
  } catch {
    return false
  }
}

if (isEntryPoint()) await main(process.argv.slice(2))
