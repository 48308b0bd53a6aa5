import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { requirePinned } from '../../generators/pins/index.ts'
import { prepareLocalPod } from '../../generators/registry/index.ts'
import { loadRepository, requirePlan } from '../../generators/repository/index.ts'
import { sha256File } from '../../serving/artifact/index.ts'
import {
  type BootConfiguration,
  type BootModel,
  CONFIGURATION_API_VERSION,
  DATATYPES,
  type Datatype,
  type Dimension,
} from '../../serving/contract/index.ts'
import { type GraphValue, readModel } from '../../serving/session/index.ts'

// `boot.ts <listing.json> <folder>`: boot.json and a cache in the folder, for one server of many models. The listing is
// {examples, files}: whether the examples of the repository are among them, as the first environment runs them, and ONNX files
// that nobody has registered, each {name, path, ranks}; `ranks` has those that the graph leaves open.
interface Listing {
  examples: boolean
  files: UnregisteredFile[]
}

interface UnregisteredFile {
  name: string
  path: string
  ranks: Record<string, number>
}

const datatypes: ReadonlySet<string> = new Set(DATATYPES)
const [listingPath = '', folder = ''] = process.argv.slice(2)
const { examples, files } = JSON.parse(readFileSync(listingPath, 'utf8')) as Listing
mkdirSync(folder, { recursive: true })
const models = examples ? await exampleModels() : []
for (const file of files) models.push(await unregisteredModel(file))
const boot: BootConfiguration = {
  apiVersion: CONFIGURATION_API_VERSION,
  server: { port: 0, threads: 1, bodyLimit: 64 * 1024 * 1024, drain: { delaySeconds: 0, timeoutSeconds: 5 } },
  models,
}
writeFileSync(join(folder, 'boot.json'), JSON.stringify(boot))

async function exampleModels(): Promise<BootModel[]> {
  const repository = await loadRepository(process.cwd())
  const [environment] = requirePlan(repository).environments
  if (environment === undefined) throw new Error('the repository has no environment')
  const booted: BootModel[] = []
  for (const { name } of environment.models) {
    const pod = await prepareLocalPod(repository, requirePinned(environment, name), folder)
    booted.push(...(JSON.parse(readFileSync(pod.bootPath, 'utf8')) as BootConfiguration).models)
  }
  return booted
}

/** Its interface is what the graph says of itself. */
async function unregisteredModel({ name, path, ranks }: UnregisteredFile): Promise<BootModel> {
  const { inputs, outputs } = await readModel(path)
  const declare = (value: GraphValue) => ({
    name: value.name,
    // A type that no interface can name: the server has to refuse the graph, whatever the interface says.
    datatype: datatypes.has(value.type) ? (value.type as Datatype) : ('float32' as const),
    shape: (value.shape ?? new Array(ranks[value.name] ?? 0).fill(null)).map(
      (size, axis): Dimension => size ?? `${value.name}_${axis}`,
    ),
  })
  const version = {
    name: '1.0.0',
    artifact: { address: pathToFileURL(path).href, ...(await sha256File(path)), externalData: [] },
    interface: { inputs: inputs.map(declare), outputs: outputs.map(declare) },
    batching: { maxSize: 32, maxDelayMs: 0 },
    strict: false,
  }
  return { name, stable: version.name, versions: [version], slo: { latencyP99Ms: 1000 } }
}
