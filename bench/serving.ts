import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, constants, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Contestant } from './serving/contestant.ts'
import { prepareExample, ROOT } from './serving/example.ts'
import { imageDependenciesMb } from './serving/image-size.ts'
import { loadless } from './serving/load.ts'
import { Field, measureAll, readiness } from './serving/measure.ts'
import {
  bulkServer,
  echo,
  echoServer,
  large,
  loops,
  modelyard,
  modelyardServer,
  unmonitored,
} from './serving/node-contestants.ts'
import { Unavailable } from './serving/peers.ts'
import { plot } from './serving/plot.ts'
import { pinThisProcess, unpinnable } from './serving/process-tree.ts'
import { bentoml, fastapi, mlflow, mlserver } from './serving/python-contestants.ts'
import type { Results } from './serving/ratios.ts'
import { figuresOfPage, replaceFigures, tables } from './serving/report.ts'

const HELP = `Usage: npm run bench:serving [-- options]

Measures the compiled server against an echo in Fastify, ONNX Runtime alone and the Python servers that tutorials use, and
writes bench/results/serving.json, serving.svg and the figures of docs/speed.md. docs/speed.md says how.

  --rounds <number>     turns of all contestants (7)
  --seconds <number>    load on each in one turn (1)
  --without-python      only what runs in Node; writes nothing
`

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '1' },
    'without-python': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** Starts of each server whose readiness is compared. */
const STARTS = 5

async function main(): Promise<void> {
  if (flags.help) return void process.stdout.write(HELP)
  if (loadless !== undefined) return void console.log(`skipped: ${loadless}`)
  const scratch = mkdtempSync(join(tmpdir(), 'modelyard-bench-'))
  const field = new Field()
  const stop = () => {
    field.close()
    rmSync(scratch, { recursive: true, force: true })
  }
  // Servers that are stopped in their tracks would stay so for ever.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stop()
      process.exit(128 + constants.signals[signal])
    })
  }
  try {
    const results = await run(field, scratch)
    console.log(`\n${tables(results)}\n`)
    if (!flags['without-python']) write(results)
  } finally {
    stop()
  }
}

async function run(field: Field, scratch: string): Promise<Results> {
  pinThisProcess()
  const skipped = unpinnable === undefined ? [] : [unpinnable]
  const attempt = async <T>(what: string, work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      skipped.push(`${what}: ${error instanceof Unavailable ? reason : (reason.split('\n', 1)[0] ?? '')}`)
      console.error(`${what}: ${reason}`)
      return undefined
    }
  }

  const forest = await prepareExample('staging', 'diabetes-progression', join(scratch, 'forest'))
  const linear = await prepareExample('production', 'breast-biopsy', join(scratch, 'linear'))
  const forestServer = await modelyardServer(forest)
  const linearServer = await modelyardServer(linear)
  const echoing = await echoServer()
  const bulk = await prepareExample('staging', 'diabetes-progression', join(scratch, 'bulk'))
  const rows = large(await bulkServer(bulk), bulk)
  const ours = [
    modelyard('forest', forestServer, forest),
    await unmonitored('forest-unmonitored', forest),
    echo('forest-echo', echoing, forest),
    modelyard('linear', linearServer, linear),
    echo('linear-echo', echoing, linear),
    rows.binary,
    rows.json,
  ]
  for (const contestant of ours) await field.enter(contestant)
  let tutorials: Contestant[] = []
  if (!flags['without-python']) {
    const enter = async (what: string, make: () => Promise<Contestant[]>) => {
      const made = await attempt(what, async () => {
        const contestants = await make()
        await field.enter(...contestants)
        return contestants
      })
      return made ?? []
    }
    tutorials = await enter('FastAPI', () => fastapi('forest', 'diabetes_service', forest))
    await enter('FastAPI', () => fastapi('linear', 'biopsy_service', linear))
    await enter('MLflow', async () => [await mlflow('forest-mlflow', forest)])
    await enter('MLServer', async () => [await mlserver('forest-mlserver', forest, scratch)])
    await enter('BentoML', async () => [await bentoml('forest-bentoml', forest, scratch)])
  }
  const readySeconds: Record<string, number> = {}
  for (const { id, server } of field.contestants) readySeconds[id] ??= field.readySeconds(server)
  // These two are compared: the others are started once.
  readySeconds['forest'] = await readiness(await modelyardServer(forest), STARTS)
  if (tutorials.length > 0) {
    const [again] = await fastapi('forest', 'diabetes_service', forest)
    if (again !== undefined) readySeconds[again.id] = await readiness(again.server, STARTS)
  }

  const rounds = Number(flags.rounds)
  const seconds = Number(flags.seconds)
  const measured = await measureAll(field, loops(forest), { rounds, seconds, scratch })
  const mb = await attempt('dependencies of the image', () => imageDependenciesMb(scratch))
  return {
    taken: new Date().toISOString().slice(0, 10),
    machine: {
      processor: cpus()[0]?.model ?? '',
      cores: String(availableParallelism()),
      memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      node: process.version,
      'load average before': loadavg()[0]?.toFixed(1) ?? '',
      pinned: unpinnable === undefined ? 'servers on one core, load on another' : 'no',
    },
    rounds,
    seconds,
    ...measured,
    readySeconds,
    ...(mb === undefined ? {} : { imageDependenciesMb: mb }),
    skipped,
  }
}

function write(results: Results): void {
  const folder = join(ROOT, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'serving.json'), `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(join(folder, 'serving.svg'), plot(results))
  const page = join(ROOT, 'docs', 'speed.md')
  writeFileSync(page, replaceFigures(readFileSync(page, 'utf8'), figuresOfPage(results)))
  console.log('written: bench/results/serving.json, bench/results/serving.svg, docs/speed.md')
}

await main()
