import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sha256File } from '../artifact/index.ts'
import {
  type BootConfiguration,
  CONFIGURATION_API_VERSION,
  type ContentReference,
  type ModelInterface,
  type RoutedModel,
  type RoutingConfiguration,
  type ServedVersion,
} from '../contract/index.ts'
import { createProofs } from '../models/index.ts'
import { type ModelServer, type ServerOptions, startServer } from '../start-server.ts'
import { fixture } from './fixtures.ts'

/** Shared by the servers of one test process: a fixture proves itself once. */
const proofDirectory = mkdtempSync(join(tmpdir(), 'modelyard-proofs-'))
process.on('exit', () => rmSync(proofDirectory, { recursive: true, force: true }))
export const proofs = createProofs(proofDirectory)

const openServers = new Set<ModelServer>()
const directories = new Set<string>()

/** Stops the servers and removes the directories that a test has made; for `test.after.each`, so that a failed test cannot hang. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...openServers].map((server) => server.close()))
  openServers.clear()
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
  directories.clear()
}

/** A directory of its own for one test, until `cleanUp`. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'modelyard-serving-'))
  directories.add(directory)
  return directory
}

export async function referenceTo(path: string): Promise<ContentReference> {
  return { address: pathToFileURL(path).href, ...(await sha256File(path)) }
}

/** A version that serves a fixture. */
export async function servedVersion(
  name: string,
  file: string,
  modelInterface: ModelInterface,
  more: Partial<ServedVersion> & { samples?: string } = {},
): Promise<ServedVersion> {
  const { samples, ...rest } = more
  return {
    name,
    artifact: { ...(await referenceTo(fixture(file))), externalData: [] },
    ...(samples === undefined ? {} : { goldenSamples: await referenceTo(fixture(samples)) }),
    interface: modelInterface,
    batching: { maxSize: 32, maxDelayMs: 0 },
    strict: false,
    ...rest,
  }
}

export function bootConfiguration(models: Record<string, ServedVersion>): BootConfiguration {
  return {
    apiVersion: CONFIGURATION_API_VERSION,
    server: { port: 0, threads: 1, bodyLimit: 1024 * 1024, drain: { delaySeconds: 0, timeoutSeconds: 5 } },
    models: Object.entries(models).map(([name, version]) => ({
      name,
      stable: version.name,
      versions: [version],
      slo: { latencyP99Ms: 25 },
    })),
  }
}

export function routingConfiguration(models: RoutedModel[]): RoutingConfiguration {
  return { apiVersion: CONFIGURATION_API_VERSION, models }
}

/** A mounted ConfigMap: `<directory>/<file>` is a link through `..data`, which is swapped as Kubernetes swaps it. */
export function mountConfigMap(directory: string, file: string): { path: string; update(text: string): void } {
  mkdirSync(directory, { recursive: true })
  let generation = 0
  return {
    path: join(directory, file),
    update(text) {
      generation += 1
      const data = `..generation-${generation}`
      mkdirSync(join(directory, data))
      writeFileSync(join(directory, data, file), text)
      symlinkSync(data, join(directory, '..data_tmp'))
      renameSync(join(directory, '..data_tmp'), join(directory, '..data'))
      if (generation === 1) symlinkSync(join('..data', file), join(directory, file))
    },
  }
}

export interface TestServer extends ModelServer {
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
}

export interface Answer {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server answered
  json: any
}

/** A real server on 127.0.0.1 with a cache and a configuration of its own, until `cleanUp`. */
export async function testServer(boot: BootConfiguration, options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const directory = scratch()
  const bootPath = join(directory, 'boot.json')
  writeFileSync(bootPath, JSON.stringify(boot))
  const server = await startServer({ bootPath, cacheDirectory: join(directory, 'cache'), port: 0, proofs, ...options })
  openServers.add(server)

  return {
    ...server,
    get: (path, headers = {}) => answer(fetch(server.address + path, { headers })),
    post: (path, body, headers = {}) =>
      answer(
        fetch(server.address + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
        }),
      ),
  }
}

async function answer(response: Promise<Response>): Promise<Answer> {
  const { status, headers, text } = await response.then(async (got) => ({
    status: got.status,
    headers: got.headers,
    text: await got.text(),
  }))
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  return { status, headers, text, json }
}

/** A copy of a fixture that a test may damage. */
export function copyOfFixture(file: string, directory: string): string {
  const copy = join(directory, file)
  copyFileSync(fixture(file), copy)
  return copy
}

/** Waits until a condition holds; throws after half a minute, which only a busy machine comes near. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
