import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { formatReference, type PinFile, type ReleaseFile, type VersionFile } from '../definitions/index.ts'
import { type Finding, sortFindings } from '../findings/index.ts'
import {
  loadRepository,
  type Plan,
  type PlannedModel,
  type Repository,
  releaseReference,
  resolvePlan,
} from '../repository/index.ts'
import { contentDigest } from '../text/index.ts'
import { formatYaml } from '../yaml/index.ts'

/** Text by path; undefined takes a file of the fixture away. */
export type Overrides = Record<string, string | undefined>

/** A small repository in a temporary folder: model `wine` in development, staging and production. */
export interface RepositoryFixture {
  root: string
  read(file: string): string
  write(file: string, text: string): void
  remove(file: string): void
  /** Replaces a text that must be there. */
  edit(file: string, from: string, to: string): void
  /** 1-based line of the first occurrence of a text that must be there. */
  lineOf(file: string, text: string): number
  /** Content by path of every file below a folder, empty when there is no such folder. */
  tree(folder: string): Record<string, string>
  /** Loads definitions and follows pins as every command does, all findings together and sorted. */
  load(): Promise<{ repository: Repository; plan: Plan; findings: Finding[] }>
  /** A planned model of a repository without findings. */
  planned(environment: string, model?: string): Promise<PlannedModel>
}

export const IMAGE = `registry.example.com/serving@sha256:${'a'.repeat(64)}`

export const WINE = `import { category, defineModel, features, number, tensor } from 'modelyard'

export default defineModel({
  name: 'wine',
  owner: 'cellar',
  inputs: {
    features: features('float32', {
      alcohol: number({ unit: '%', min: 8, max: 15, example: 12.5 }),
      colour: category({ red: 0, white: 1 }),
    }),
  },
  outputs: { quality: tensor('float32', ['batch', 1]) },
  serving: {
    resources: { cpu: '200m', memory: '256Mi', cpuLimit: '500m' },
    replicas: { min: 2, max: 6 },
    batching: { maxSize: 16, maxDelay: '2ms' },
  },
  slo: { latencyP99: '40ms', availability: 0.99 },
})
`

/** What `model.ts` of the fixture comes to, with another version's share of it where a test says so. */
export const SETTINGS: ReleaseFile['settings'] = {
  owner: 'cellar',
  resources: { cpu: '200m', memory: '256Mi', cpuLimit: '500m' },
  replicas: { min: 2, max: 6 },
  batching: { maxSize: 16, maxDelayMs: 2 },
  slo: { latencyP99Ms: 40, availability: 0.99 },
  strict: false,
}

export function versionFile(version: string, changes: Partial<VersionFile> = {}): VersionFile {
  const digit = version.at(2) ?? '0'
  return {
    model: 'wine',
    version,
    bundle: {
      model: { path: `artifacts/${version}/model.onnx`, sha256: digit.repeat(64), size: 4096 },
      goldenSamples: { path: `artifacts/${version}/samples.json`, sha256: `${digit}a`.repeat(32), size: 512 },
      baseline: { path: `artifacts/${version}/baseline.json`, sha256: `${digit}b`.repeat(32), size: 256 },
    },
    interface: {
      inputs: [
        {
          name: 'features',
          datatype: 'float32',
          shape: ['batch', 2],
          columns: [
            { name: 'alcohol', kind: 'number', unit: '%', min: 8, max: 15, example: 12.5 },
            { name: 'colour', kind: 'category', categories: { red: 0, white: 1 } },
          ],
        },
      ],
      outputs: [{ name: 'quality', datatype: 'float32', shape: ['batch', 1] }],
    },
    runtime: { opset: { 'ai.onnx': 17 }, onnxruntime: '1.30.0' },
    evaluation: { dataset: { name: 'wine', split: 'test', rows: 100 }, metrics: { r2: 0.5 } },
    lineage: { run: 'run-1' },
    ...changes,
  }
}

/** Digests of releases by name, for the pins of tests. */
const sealed = new Map<string, string>()

/** A release of the fixture's model, the name that its content gives it, and how a pin names it. */
export function release(
  version: VersionFile,
  changes: Partial<ReleaseFile> = {},
): { name: string; reference: string; text: string } {
  const content: ReleaseFile = {
    model: version.model,
    version: version.version,
    versionDigest: contentDigest(version),
    servingImage: IMAGE,
    settings: SETTINGS,
    ...changes,
  }
  const reference = releaseReference(content)
  sealed.set(reference.name, reference.digest)
  return { name: reference.name, reference: formatReference(reference), text: formatYaml(content) }
}

export const V1 = versionFile('1.0.0')
export const V2 = versionFile('1.1.0')
export const R1 = release(V1)
export const R2 = release(V2)

/** Two releases of V2 that only their image tells apart, found by trying: they have one short name. */
export const [TWIN, EVIL_TWIN] = ['5605', '8e7e'].map((digits) =>
  release(V2, { servingImage: `registry.example.com/serving@sha256:${digits.padStart(64, '0')}` }),
) as [ReturnType<typeof release>, ReturnType<typeof release>]

export interface EnvironmentText {
  promotesFrom?: string
  /** Properties as they stand in the source, one a line. */
  properties?: string[]
  imports?: string[]
}

/** An `environment.ts`; a first environment names the image. */
export function environmentText(name: string, { promotesFrom, properties = [], imports = [] }: EnvironmentText = {}) {
  return [
    "import { defineEnvironment, files, hpa, https, mlflow, oci, override, s3 } from 'modelyard'",
    ...(promotesFrom ? [`import ${promotesFrom} from '../${promotesFrom}/environment.ts'`] : []),
    ...imports,
    '',
    'export default defineEnvironment({',
    `  name: '${name}',`,
    promotesFrom ? `  promotesFrom: ${promotesFrom},` : `  servingImage: '${IMAGE}',`,
    '  revision: 1,',
    `  cluster: { name: '${name}', server: 'https://${name}.example.com' },`,
    `  namespace: 'models-${name}',`,
    ...(properties.some((line) => line.startsWith('artifacts'))
      ? []
      : ["  artifacts: https('https://store.example.com'),"]),
    "  argocd: { repoURL: 'https://git.example.com/models.git' },",
    ...properties.map((line) => `  ${line},`),
    '})',
    '',
  ].join('\n')
}

/** A pin, with the digest of each release of `release()` that it names. */
export function pinText({ stable, candidate }: PinFile): string {
  const pinned = (name: string) => {
    const digest = sealed.get(name)
    return formatReference({ name, ...(digest !== undefined && { digest }) })
  }
  return formatYaml({
    stable: pinned(stable),
    ...(candidate && { candidate: { ...candidate, release: pinned(candidate.release) } }),
  })
}

/** Paths of the fixture's files. */
export const FILES = {
  model: 'models/wine/model.ts',
  v1: 'models/wine/versions/1.0.0.yaml',
  v2: 'models/wine/versions/1.1.0.yaml',
  r1: `models/wine/releases/${R1.name}.yaml`,
  r2: `models/wine/releases/${R2.name}.yaml`,
  development: 'environments/development/environment.ts',
  staging: 'environments/staging/environment.ts',
  production: 'environments/production/environment.ts',
  developmentPin: 'environments/development/pins/wine.yaml',
  stagingPin: 'environments/staging/pins/wine.yaml',
  productionPin: 'environments/production/pins/wine.yaml',
} as const

const DEFAULTS: Overrides = {
  [FILES.model]: WINE,
  [FILES.v1]: formatYaml(V1),
  [FILES.v2]: formatYaml(V2),
  [FILES.r1]: R1.text,
  [FILES.r2]: R2.text,
  [FILES.development]: environmentText('development'),
  [FILES.staging]: environmentText('staging', { promotesFrom: 'development' }),
  [FILES.production]: environmentText('production', { promotesFrom: 'staging' }),
  [FILES.developmentPin]: pinText({ stable: '1.1.0' }),
  [FILES.stagingPin]: pinText({ stable: R2.name }),
  [FILES.productionPin]: pinText({ stable: R1.name }),
}

/** Calls `test` with a fresh repository, in which `overrides` replace or remove files, and removes it afterwards. */
export async function withRepository(
  overrides: Overrides,
  test: (fixture: RepositoryFixture) => Promise<void> | void,
): Promise<void> {
  // A space, since people's folders have some.
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'modelyard fixture-')))
  try {
    const fixture = fixtureIn(root)
    for (const [file, text] of Object.entries({ ...DEFAULTS, ...overrides })) {
      if (text !== undefined) fixture.write(file, text)
    }
    await test(fixture)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function fixtureIn(root: string): RepositoryFixture {
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  const indexOf = (file: string, text: string) => {
    const index = read(file).indexOf(text)
    if (index < 0) throw new Error(`${file} does not hold ${JSON.stringify(text)}`)
    return index
  }
  const load = async () => {
    const repository = await loadRepository(root)
    const plan = resolvePlan(repository)
    return { repository, plan, findings: sortFindings([...repository.findings, ...plan.findings]) }
  }
  return {
    root,
    read,
    write,
    remove: (file) => rmSync(join(root, file), { recursive: true }),
    edit(file, from, to) {
      const index = indexOf(file, from)
      const text = read(file)
      write(file, text.slice(0, index) + to + text.slice(index + from.length))
    },
    lineOf: (file, text) => read(file).slice(0, indexOf(file, text)).split('\n').length,
    tree: (folder) => treeOf(root, folder),
    load,
    async planned(environment, name = 'wine') {
      const { plan, findings } = await load()
      const model = plan.environments
        .find(({ definition }) => definition.name === environment)
        ?.models.find((item) => item.name === name)
      if (findings.length > 0 || !model) throw new Error(`not planned: ${JSON.stringify(findings, null, 2)}`)
      return model
    },
  }
}

function treeOf(root: string, folder: string): Record<string, string> {
  let names: string[] = []
  try {
    names = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort()
  } catch {
    return {}
  }
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(root, name), 'utf8')]))
}
