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
import { type ModelServer, type ServerOptions, startServer } from '../start-server.ts'
import { fixture } from './fixtures.ts'

/** A directory of its own for one test; removed by the second value. */
export function scratch(): { directory: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'modelyard-serving-'))
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
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
  directory: string
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
  stop(): Promise<void>
}

export interface Answer {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server answered
  json: any
}

/** A real server on 127.0.0.1 with a cache and a configuration of its own. */
export async function testServer(
  boot: BootConfiguration,
  options: Partial<ServerOptions> & { directory?: string } = {},
): Promise<TestServer> {
  const place = scratch()
  const directory = options.directory ?? place.directory
  const bootPath = join(place.directory, 'boot.json')
  writeFileSync(bootPath, JSON.stringify(boot))
  const server = await startServer({ bootPath, cacheDirectory: join(place.directory, 'cache'), port: 0, ...options })

  return {
    ...server,
    directory,
    get: (path, headers = {}) => answer(fetch(server.address + path, { headers })),
    post: (path, body, headers = {}) =>
      answer(
        fetch(server.address + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      ),
    async stop() {
      await server.close()
      place.remove()
    },
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

/** Waits until a condition holds; throws after ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
