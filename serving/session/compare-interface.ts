import type { Column, Datatype, InputTensor, ModelInterface, OutputTensor } from '../contract/index.ts'
import type { GraphFacts, GraphValue } from './graph-facts.ts'
import type { Problem } from './model-error.ts'
import { isWellFormed, scalarOf } from './scalar.ts'

/**
 * Every difference between a frozen interface and the graph it describes; empty when they agree. A path points into the
 * interface (`inputs[0].shape[1]`). Order does not matter. Names of free dimensions may differ, and the interface may fix a
 * dimension that the graph leaves free; it may not free or change one that the graph fixes.
 */
export function compareInterface(
  modelInterface: ModelInterface,
  facts: Pick<GraphFacts, 'inputs' | 'outputs'>,
): Problem[] {
  const problems = [
    ...compareValues('inputs', modelInterface.inputs, facts.inputs),
    ...compareValues('outputs', modelInterface.outputs, facts.outputs),
  ]
  for (const [side, tensors] of [
    ['inputs', modelInterface.inputs],
    ['outputs', modelInterface.outputs],
  ] as const) {
    tensors.forEach(({ name }, index) => {
      const message = nameProblem(name)
      if (message !== undefined) problems.push({ path: `${side}[${index}].name`, message })
    })
  }
  const features = new Set<string>()
  modelInterface.inputs.forEach((input, index) => {
    problems.push(...columnProblems(input, `inputs[${index}]`, features))
  })
  modelInterface.outputs.forEach((output, index) => {
    const width = output.shape.at(-1)
    if (output.labels !== undefined && typeof width === 'number' && width !== output.labels.length) {
      const message = `${output.labels.length} labels for a last dimension of ${width}`
      problems.push({ path: `outputs[${index}].labels`, message })
    }
  })
  return problems
}

function compareValues(
  side: 'inputs' | 'outputs',
  declared: (InputTensor | OutputTensor)[],
  actual: GraphValue[],
): Problem[] {
  const problems: Problem[] = []
  const inGraph = new Map(actual.map((value) => [value.name, value]))
  const seen = new Set<string>()
  declared.forEach((tensor, index) => {
    const path = `${side}[${index}]`
    const value = inGraph.get(tensor.name)
    if (seen.has(tensor.name)) {
      problems.push({ path: `${path}.name`, message: `${JSON.stringify(tensor.name)} is listed twice` })
    } else if (value === undefined) {
      const known = actual.map(({ name }) => JSON.stringify(name)).join(', ')
      const message = `the graph has no ${side.slice(0, -1)} ${JSON.stringify(tensor.name)}; it has ${known || 'none'}`
      problems.push({ path: `${path}.name`, message })
    } else {
      problems.push(...compareTensor(tensor, value, path))
    }
    seen.add(tensor.name)
  })
  for (const value of actual) {
    if (!seen.has(value.name)) {
      const message = `the graph's ${side.slice(0, -1)} ${JSON.stringify(value.name)} (${describe(value)}) is missing`
      problems.push({ path: side, message })
    }
  }
  return problems
}

function compareTensor(tensor: InputTensor | OutputTensor, value: GraphValue, path: string): Problem[] {
  const problems: Problem[] = []
  if (tensor.datatype !== value.type) {
    problems.push({ path: `${path}.datatype`, message: `${tensor.datatype}, but the graph says ${value.type}` })
  }
  if (value.shape === null) return problems
  if (tensor.shape.length !== value.shape.length) {
    const message = `rank ${tensor.shape.length}, but the graph says ${describe(value)}`
    problems.push({ path: `${path}.shape`, message })
    return problems
  }
  value.shape.forEach((fixed, axis) => {
    const declared = tensor.shape[axis]
    if (typeof fixed === 'number' && declared !== fixed) {
      const message = `${JSON.stringify(declared)}, but the graph fixes this dimension at ${fixed}`
      problems.push({ path: `${path}.shape[${axis}]`, message })
    }
  })
  return problems
}

/** `features` gathers the names of all inputs: a record has one field for each, so no two columns may share one. */
function columnProblems(input: InputTensor, path: string, features: Set<string>): Problem[] {
  const { columns, shape } = input
  if (columns === undefined) return []
  const problems: Problem[] = []
  if (shape.length !== 2 || shape[1] !== columns.length) {
    const message = `${columns.length} columns need the shape ["batch", ${columns.length}], not ${JSON.stringify(shape)}`
    problems.push({ path: `${path}.columns`, message })
  }
  columns.forEach((column, index) => {
    const message = nameProblem(column.name) ?? columnProblem(column, input.datatype)
    if (message !== undefined) problems.push({ path: `${path}.columns[${index}]`, message })
    if (features.has(column.name)) {
      const twice = `the feature ${JSON.stringify(column.name)} is listed twice`
      problems.push({ path: `${path}.columns[${index}].name`, message: twice })
    }
    features.add(column.name)
  })
  return problems
}

/**
 * Why a name cannot be asked for in every protocol; undefined when it can. Readers of JSON refuse or drop `__proto__`, UTF-8 has no
 * unpaired surrogates, ONNX Runtime's names end at U+0000, and a byte order mark before the header of a CSV file is not part of it.
 */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'an empty name cannot be asked for'
  if (name === '__proto__') return '"__proto__" cannot be asked for: readers of JSON refuse this name'
  const shown = JSON.stringify(name)
  if (name.includes('\0')) return `${shown} holds the character U+0000, at which names end`
  if (name.startsWith('\ufeff')) return `${shown} begins with a byte order mark`
  return isWellFormed(name) ? undefined : `${shown} has an unpaired surrogate`
}

/** Why a column cannot be encoded into a tensor of `datatype`; undefined when it can. */
export function columnProblem(column: Column, datatype: Datatype): string | undefined {
  const { kind, categories, missing, missingText, name } = column
  const quoted = JSON.stringify(name)
  const text = datatype === 'string'
  if (kind === 'number' && text) return `${quoted} is a number in a string tensor`
  if (kind === 'category' && !text && (categories === undefined || Array.isArray(categories))) {
    return `${quoted} is a category in a ${datatype} tensor: it needs a map of label to number`
  }
  if (kind === 'category' && text && categories !== undefined && !Array.isArray(categories)) {
    return `${quoted} maps labels to numbers, but its tensor holds strings`
  }
  if (kind === 'category' && categories !== undefined && !Array.isArray(categories)) {
    for (const [label, code] of Object.entries(categories)) {
      const wrong = scalarOf(datatype).problem(code)
      if (wrong !== undefined) return `the number for ${JSON.stringify(label)} of ${quoted} ${wrong}`
    }
  }
  if (missingText !== undefined && !(missing && text)) {
    return `${quoted} has a missingText, which only a text that may be missing has`
  }
  if (missing && !text && !datatype.startsWith('float')) {
    return `${quoted} may be missing, but ${datatype} has no NaN to say so`
  }
  return undefined
}

function describe(value: GraphValue): string {
  const shape = value.shape === null ? '' : ` [${value.shape.map((dimension) => dimension ?? '?').join(', ')}]`
  return `${value.type}${shape}`
}
