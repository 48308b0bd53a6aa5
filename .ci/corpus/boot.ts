import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { sha256File } from '../../serving/artifact/index.ts'
import {
  type BootConfiguration,
  CONFIGURATION_API_VERSION,
  DATATYPES,
  type Datatype,
  type Dimension,
  type ServedVersion,
} from '../../serving/contract/index.ts'
import { type GraphValue, readModel } from '../../serving/session/index.ts'

// `boot.ts <models.json> <boot.json>`: a boot configuration for ONNX files that nobody has registered, given as a list of
// {name, path, ranks}. Each interface is what the graph says of itself; `ranks` has the ranks that a graph leaves open.
interface Given {
  name: string
  path: string
  ranks: Record<string, number>
}

const datatypes: ReadonlySet<string> = new Set(DATATYPES)
const [listPath = '', bootPath = ''] = process.argv.slice(2)
const given = JSON.parse(readFileSync(listPath, 'utf8')) as Given[]
const models: BootConfiguration['models'] = []
for (const model of given) {
  const version = await servedVersion(model)
  models.push({ name: model.name, stable: version.name, versions: [version], slo: { latencyP99Ms: 1000 } })
}
const boot: BootConfiguration = {
  apiVersion: CONFIGURATION_API_VERSION,
  server: { port: 0, threads: 1, bodyLimit: 64 * 1024 * 1024, drain: { delaySeconds: 0, timeoutSeconds: 5 } },
  models,
}
writeFileSync(bootPath, JSON.stringify(boot))

async function servedVersion({ path, ranks }: Given): Promise<ServedVersion> {
  const { inputs, outputs } = await readModel(path)
  const declare = (value: GraphValue) => ({
    name: value.name,
    // A type that no interface can name: the server has to refuse the graph, whatever the interface says.
    datatype: datatypes.has(value.type) ? (value.type as Datatype) : ('float32' as const),
    shape: (value.shape ?? new Array(ranks[value.name] ?? 0).fill(null)).map(
      (size, axis): Dimension => size ?? `${value.name}_${axis}`,
    ),
  })
  return {
    name: '1.0.0',
    artifact: { address: pathToFileURL(path).href, ...(await sha256File(path)), externalData: [] },
    interface: { inputs: inputs.map(declare), outputs: outputs.map(declare) },
    batching: { maxSize: 32, maxDelayMs: 0 },
    strict: false,
  }
}
