import type { InputTensor, ModelInterface } from '../contract/index.ts'
import type { Problem } from './model-error.ts'
import { propertyPath } from './property-path.ts'
import type { Tensor, Tensors } from './tensor.ts'

/**
 * Everything about a request's tensors that the interface does not allow: names absent or unknown, datatype, rank, fixed
 * dimensions, and free dimensions of the same name that differ. ONNX Runtime ignores unknown names and runs on zero rows, so
 * this is asked before. Paths are `inputs.<name>`.
 */
export function checkFeeds(modelInterface: ModelInterface, feeds: Tensors): Problem[] {
  const problems: Problem[] = []
  const sizes = new Map<string, { size: number; input: string }>()
  const known = new Set<string>()
  for (const input of modelInterface.inputs) {
    known.add(input.name)
    const path = propertyPath('inputs', input.name)
    const tensor = Object.hasOwn(feeds, input.name) ? feeds[input.name] : undefined
    if (tensor === undefined) problems.push({ path, message: 'is required' })
    else checkTensor(input, tensor, path, sizes, problems)
  }
  for (const name of Object.keys(feeds)) {
    if (!known.has(name)) {
      const message = `is not an input of this model; it has ${[...known].join(', ')}`
      problems.push({ path: propertyPath('inputs', name), message })
    }
  }
  return problems
}

function checkTensor(
  input: InputTensor,
  tensor: Tensor,
  path: string,
  sizes: Map<string, { size: number; input: string }>,
  problems: Problem[],
): void {
  const shown = `[${tensor.shape.join(', ')}]`
  const wanted = `[${input.shape.join(', ')}]`
  if (tensor.datatype !== input.datatype) {
    problems.push({ path: `${path}.datatype`, message: `must be ${input.datatype}, not ${tensor.datatype}` })
  }
  if (tensor.shape.length !== input.shape.length) {
    problems.push({ path: `${path}.shape`, message: `must be ${wanted}, not ${shown}` })
    return
  }
  if (input.columns !== undefined && tensor.shape[0] === 0) {
    problems.push({ path: `${path}.shape`, message: 'must hold at least one row' })
  }
  for (const [axis, declared] of input.shape.entries()) {
    const size = tensor.shape[axis] as number
    if (typeof declared === 'number') {
      if (size !== declared) problems.push({ path: `${path}.shape`, message: `must be ${wanted}, not ${shown}` })
      continue
    }
    const other = sizes.get(declared)
    if (other === undefined) sizes.set(declared, { size, input: input.name })
    else if (other.size !== size) {
      const message = `${declared} is ${size} here but ${other.size} in ${other.input}`
      problems.push({ path: `${path}.shape`, message })
    }
  }
}
