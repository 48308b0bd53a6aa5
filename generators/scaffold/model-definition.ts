import type { Baseline, GoldenSamples } from 'modelyard-serving/contract'
import type { GraphFacts, GraphValue } from 'modelyard-serving/session'
import { quoted } from './environment-definition.ts'

/** What a training wrote beside the ONNX file, as far as it tells what a feature is. */
export interface Evidence {
  samples?: Pick<GoldenSamples, 'samples'>
  baseline?: Pick<Baseline, 'features'>
}

export interface NewModel {
  name: string
  owner: string
}

export interface ModelDefinitionText {
  /** `models/<name>/model.ts`. */
  text: string
  /** What a person has to complete, since neither graph nor data tells it. */
  notes: string[]
}

/** Writes the definition that describes a graph: names, types and shapes from the file; ranges, labels and missing values from the data. */
export function modelDefinition({ name, owner }: NewModel, facts: GraphFacts, evidence: Evidence): ModelDefinitionText {
  const used = new Set(['defineModel'])
  const notes: string[] = []
  const call = (word: string, args: string) => {
    used.add(word)
    return `${word}(${args})`
  }
  const inputs = inputsText(facts, evidence, { call, notes })
  const outputs = facts.outputs.map((value) => `    ${key(value.name)}: ${tensorText(value, call)},`)
  const text = `import { ${[...used].sort((a, b) => a.localeCompare(b)).join(', ')} } from 'modelyard'

export default defineModel({
  name: ${quoted(name)},
  owner: ${quoted(owner)},

  ${inputs}
  outputs: {
${outputs.join('\n')}
  },

  serving: { resources: { cpu: '250m', memory: '256Mi' }, replicas: { min: 2, max: 4 } },
})
`
  return { text, notes }
}

interface Writer {
  call(word: string, args: string): string
  notes: string[]
}

function inputsText(facts: GraphFacts, evidence: Evidence, writer: Writer): string {
  const { inputs } = facts
  const seen = featuresSeen(evidence)
  if (inputs.length > 0 && inputs.every((value) => isColumn(value, seen))) {
    const fields = inputs.map(
      (value) => `    ${key(value.name)}: ${featureText(value.type, seen.get(value.name), value.name, writer)},`,
    )
    return `inputs: ${writer.call('columns', `{\n${fields.join('\n')}\n  }`)},`
  }
  const [only] = inputs
  const width = only?.shape?.[1]
  if (inputs.length === 1 && only && isMatrix(only) && width === seen.size && seen.size > 0) {
    const fields = [...seen].map(
      ([name, feature]) => `      ${key(name)}: ${featureText(only.type, feature, name, writer, true)},`,
    )
    const matrix = writer.call('features', `${quoted(only.type)}, {\n${fields.join('\n')}\n    }`)
    return `inputs: {\n    ${key(only.name)}: ${matrix},\n  },`
  }
  if (only && isMatrix(only) && seen.size === 0) {
    writer.notes.push(
      `${only.name} is a matrix: golden samples or a baseline with named features turn it into features({...})`,
    )
  }
  if (only === undefined) return 'inputs: {},'
  const tensors = inputs.map((value) => `    ${key(value.name)}: ${tensorText(value, writer.call)},`)
  return `inputs: {\n${tensors.join('\n')}\n  },`
}

/** A feature as the data shows it. */
interface SeenFeature {
  labels: Set<string>
  min: number
  max: number
  missing: boolean
  example: number | string | undefined
}

/** In the order of the first sample, which is the order of a matrix's columns; then what only the baseline has. */
function featuresSeen({ samples, baseline }: Evidence): Map<string, SeenFeature> {
  const seen = new Map<string, SeenFeature>()
  const at = (name: string): SeenFeature => {
    const found = seen.get(name) ?? {
      labels: new Set<string>(),
      min: Number.POSITIVE_INFINITY,
      max: Number.NEGATIVE_INFINITY,
      missing: false,
      example: undefined,
    }
    seen.set(name, found)
    return found
  }
  const include = (feature: SeenFeature, value: number) => {
    feature.min = Math.min(feature.min, value)
    feature.max = Math.max(feature.max, value)
  }
  for (const { features = {} } of samples?.samples ?? []) {
    for (const [name, value] of Object.entries(features)) {
      const feature = at(name)
      if (value === null) feature.missing = true
      else if (typeof value === 'string') feature.labels.add(value)
      else include(feature, value)
      if (value !== null) feature.example ??= value
    }
  }
  for (const [name, bins] of Object.entries(baseline?.features ?? {})) {
    const feature = at(name)
    feature.missing ||= bins.missing > 0
    if (bins.kind === 'category') for (const label of Object.keys(bins.counts)) feature.labels.add(label)
    else for (const edge of bins.edges) include(feature, edge)
  }
  return seen
}

function isFreeBatch(value: GraphValue): boolean {
  return value.kind === 'tensor' && typeof value.shape?.[0] !== 'number'
}

/** A tensor `[batch, 1]` for one feature. A text of which no label is known stays a tensor: its labels are a person's to name. */
function isColumn(value: GraphValue, seen: ReadonlyMap<string, SeenFeature>): boolean {
  if (!isFreeBatch(value) || value.shape?.length !== 2 || value.shape[1] !== 1) return false
  if (value.type === 'string') return (seen.get(value.name)?.labels.size ?? 0) > 0
  return ['float32', 'float64', 'int32', 'int64'].includes(value.type)
}

function isMatrix(value: GraphValue): boolean {
  return isFreeBatch(value) && value.shape?.length === 2 && ['float16', 'float32', 'float64'].includes(value.type)
}

function featureText(
  type: string,
  feature: SeenFeature | undefined,
  name: string,
  { call, notes }: Writer,
  inMatrix = false,
): string {
  const isInteger = !inMatrix && type.startsWith('int')
  const options: string[] = []
  if (feature && feature.labels.size > 0) {
    const labels = [...feature.labels].sort()
    if (feature.missing) options.push('missing: true')
    const rest = options.length > 0 ? `, { ${options.join(', ')} }` : ''
    if (!inMatrix && type === 'string') return call('category', `[${labels.map(quoted).join(', ')}]${rest}`)
    notes.push(`${name}: give each label the number that the training used; 0, 1, ... is an assumption`)
    return call('category', `{ ${labels.map((label, code) => `${key(label)}: ${code}`).join(', ')} }${rest}`)
  }
  if (feature && Number.isFinite(feature.min)) options.push(`min: ${feature.min}`, `max: ${feature.max}`)
  if (typeof feature?.example === 'number') options.push(`example: ${feature.example}`)
  // An integer tensor has no NaN to say that a value is missing.
  if (feature?.missing && !isInteger) options.push('missing: true')
  if (!inMatrix && type !== (isInteger ? 'int64' : 'float32')) options.push(`datatype: ${quoted(type)}`)
  return call(isInteger ? 'integer' : 'number', options.length > 0 ? `{ ${options.join(', ')} }` : '')
}

function tensorText({ type, shape }: GraphValue, call: Writer['call']): string {
  const free = new Set<string>()
  const dimensions = (shape ?? []).map((dimension, axis) => {
    if (typeof dimension === 'number') return String(dimension)
    const wanted = axis === 0 ? 'batch' : (dimension ?? `dimension${axis}`)
    let name = wanted
    for (let number = 2; free.has(name); number++) name = `${wanted}${number}`
    free.add(name)
    return quoted(name)
  })
  return call('tensor', `${quoted(type)}, [${dimensions.join(', ')}]`)
}

/** A property name, quoted where TypeScript requires it. */
function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}
