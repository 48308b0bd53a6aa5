/**
 * Writes objects, one a file, whose verdict is known: valid ones in many forms, and the same with one fault each. The same seed
 * writes the same files.
 *
 *     corpus.ts <folder> <number>      writes <number> files and labels.json
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { type Random, random } from '../../generators/testing/random.ts'

type Value = Record<string, unknown>
type Path = (string | number)[]

/** What was done to a file, and what a validator must say of it. */
interface Label {
  /** `valid`, or the kind of fault. */
  fault: string
  /** Kind of the object, and where the fault is. */
  where: string
}

const GOOD = fileURLToPath(new URL('../../generators/validation/testing/good/', import.meta.url))
const KINDS =
  'config-map cron-job deployment horizontal-pod-autoscaler ingress job namespace network-policy persistent-volume-claim pod-disruption-budget role-binding role service-account service'.split(
    ' ',
  )
const OBJECTS = KINDS.map((kind) => parse(readFileSync(`${GOOD}${kind}.yaml`, 'utf8')) as Value)

/** Maps whose keys anybody may choose. */
const FREE = new Set(['labels', 'annotations', 'matchLabels', 'data', 'selector', 'requests', 'limits', 'nodeSelector'])
const ENUMERATIONS = new Set([
  'imagePullPolicy',
  'restartPolicy',
  'concurrencyPolicy',
  'whenUnsatisfiable',
  'protocol',
  'pathType',
])
const PORTS = new Set(['containerPort', 'number'])
const COUNTS = new Set([
  'replicas',
  'minReplicas',
  'maxReplicas',
  'backoffLimit',
  'maxSurge',
  'maxSkew',
  'minReadySeconds',
])

/** One fault in the object, at a place that the generator chooses; undefined when the object has no such place. */
type Fault = (object: Value, random: Random) => Path | undefined

const FAULTS: Record<string, Fault> = {
  'unknown field': at(
    (path) => path.length > 1 && !path.slice(0, -1).some(isFree) && !isIndex(path.at(-1)),
    (parent, key) => {
      parent[`${key}x`] = parent[key]
      delete parent[key]
    },
  ),
  'wrong type': at(
    (path) => path.length > 1,
    (parent, key) => {
      parent[key] = typeof parent[key] === 'object' ? 7 : { unexpected: true }
    },
  ),
  'required field missing': at(
    (path) =>
      path.length === 1
        ? ['apiVersion', 'kind', 'roleRef'].includes(String(path[0]))
        : ['containers', 'template', 'schedule', 'whenUnsatisfiable', 'maxReplicas'].includes(String(path.at(-1))),
    (parent, key) => delete parent[key],
  ),
  'metadata missing': at(
    (path) => path.length === 1 && path[0] === 'metadata',
    (parent, key) => delete parent[key],
  ),
  'unknown kind of value': at(
    (path) => ENUMERATIONS.has(String(path.at(-1))),
    (parent, key) => {
      parent[key] = 'Nonsense'
    },
  ),
  'port out of range': at(
    (path) => PORTS.has(String(path.at(-1))),
    (parent, key) => {
      parent[key] = 70_000
    },
  ),
  'negative count': at(
    (path) => COUNTS.has(String(path.at(-1))),
    (parent, key) => {
      parent[key] = -1
    },
  ),
  'no quantity': at(
    (path) =>
      ['cpu', 'memory', 'storage'].includes(String(path.at(-1))) &&
      path.some((part) => part === 'requests' || part === 'limits'),
    (parent, key) => {
      parent[key] = '12 gigs'
    },
  ),
  'no name': at(
    (path) => path.join('.') === 'metadata.name',
    (parent, key) => {
      parent[key] = 'Not/A Name'
    },
  ),
  'no label': at(
    (path) => path.at(-2) === 'labels',
    (parent, key) => {
      parent[key] = 'two words'
    },
  ),
  'fraction for a whole number': at(
    (path) => COUNTS.has(String(path.at(-1))) && path.at(-1) !== 'maxSurge',
    (parent, key) => {
      parent[key] = 1.5
    },
  ),
}

/** Changes that leave an object valid. */
const HARMLESS: ((object: Value, random: Random) => void)[] = [
  () => {},
  (object, { below }) => {
    metadata(object)['labels'] = { ...(metadata(object)['labels'] as Value), 'example.com/added': `v${below(1000)}` }
  },
  (object, { below }) => {
    metadata(object)['annotations'] = { 'example.com/note': `any text: #${below(1000)}, "quoted"\nand a second line` }
  },
  (object) => {
    const { name: _, ...rest } = metadata(object)
    object['metadata'] = { ...rest, generateName: 'made-up-' }
  },
  (object) => {
    for (const key of Object.keys(object).reverse()) {
      const value = object[key]
      delete object[key]
      object[key] = value
    }
  },
]

/** The same object in another form of YAML. */
const FORMS: ((object: Value) => string)[] = [
  (object) => stringify(object),
  (object) => JSON.stringify(object, null, 2),
  (object) => stringify(object, { indentSeq: false, lineWidth: 40 }),
  (object) => stringify(object, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' }),
  (object) => `# a comment\n---\n${stringify(object, { flowCollectionPadding: false, indent: 4 })}`,
]

function metadata(object: Value): Value {
  return object['metadata'] as Value
}

function isFree(part: string | number): boolean {
  return FREE.has(String(part))
}

function isIndex(part: string | number | undefined): boolean {
  return typeof part === 'number'
}

function at(suits: (path: Path) => boolean, change: (parent: Value, key: string) => void): Fault {
  return (object, { pick }) => {
    const places = [...pathsOf(object)].filter(suits)
    if (places.length === 0) return undefined
    const path = pick(places)
    const parent = path.slice(0, -1).reduce<unknown>((value, part) => (value as Value)[part], object)
    change(parent as Value, String(path.at(-1)))
    return path
  }
}

function* pathsOf(value: unknown, above: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, child] of Object.entries(value)) {
    const path = [...above, Array.isArray(value) ? Number(name) : name]
    yield path
    yield* pathsOf(child, path)
  }
}

/** Half are valid. A key twice is a fault of the text, so that it is not in the table. */
function make(seed: number): { text: string; label: Label } {
  const chance = random(seed)
  const object = structuredClone(chance.pick(OBJECTS))
  const kind = String(object['kind'])
  const form = chance.pick(FORMS)
  if (seed % 2 === 0) {
    chance.pick(HARMLESS)(object, chance)
    return { text: form(object), label: { fault: 'valid', where: kind } }
  }
  const names = [...Object.keys(FAULTS), 'key twice']
  for (;;) {
    const fault = chance.pick(names)
    if (fault === 'key twice') {
      const text = `${stringify(object)}metadata:\n  name: again\n`
      return { text, label: { fault, where: `${kind} metadata` } }
    }
    const path = FAULTS[fault]?.(object, chance)
    if (path) return { text: form(object), label: { fault, where: `${kind} ${path.join('.')}` } }
  }
}

const [folder = '', number = ''] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const labels: Record<string, Label> = {}
for (let seed = 0; seed < Number(number); seed++) {
  const { text, label } = make(seed)
  const name = `${String(seed).padStart(5, '0')}.yaml`
  writeFileSync(join(folder, name), text)
  labels[name] = label
}
writeFileSync(`${folder}.labels.json`, JSON.stringify(labels))
