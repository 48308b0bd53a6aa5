import { posix } from 'node:path'
import { DATATYPES } from '../contract/index.ts'
import type { GraphFacts, GraphValue } from './graph-facts.ts'
import type { Problem } from './model-error.ts'

const SERVABLE: ReadonlySet<string> = new Set(DATATYPES)

/** How each exporter is told to leave its ZipMap out, by the producer that it writes into the file. */
const ZIPMAP_REPAIRS: Record<string, string> = {
  skl2onnx: 'export with options={id(model): {"zipmap": False}}, so that probabilities are one float tensor',
  OnnxMLTools: 'export with convert_lightgbm(..., zipmap=False), so that probabilities are one float tensor',
}
const CUT_ZIPMAP =
  'remove the ZipMap node with the package onnx and make its input the output: one float tensor of probabilities'

/**
 * Everything about a graph that onnxruntime-node 1.30 cannot serve; empty when it can serve it. Only inputs and outputs
 * matter: a type such as int4 inside the graph is fine. To be asked before a session is made: an int4 output ends the
 * process when it is read.
 */
export function unsupportedBy(facts: GraphFacts): Problem[] {
  const problems: Problem[] = []
  facts.inputs.forEach((value, index) => {
    problems.push(...problemsOfValue(value, `inputs[${index}]`, facts))
  })
  facts.outputs.forEach((value, index) => {
    problems.push(...problemsOfValue(value, `outputs[${index}]`, facts))
  })
  for (const location of facts.externalData) {
    if (isUnsafePath(location)) {
      problems.push({
        path: 'externalData',
        message: `external data ${JSON.stringify(location)} lies outside the model's directory`,
        repair: 'save the model with its external data beside it, under a relative path',
      })
    }
  }
  return problems
}

/** True for a path that could leave the directory it is relative to. */
export function isUnsafePath(path: string): boolean {
  const parts = path.split(/[\\/]/)
  return path === '' || posix.isAbsolute(path) || /^[A-Za-z]:|^\\|\0/.test(path) || parts.includes('..')
}

function problemsOfValue(value: GraphValue, path: string, facts: GraphFacts): Problem[] {
  if (value.kind === 'tensor' && SERVABLE.has(value.type)) return []
  const described = `${JSON.stringify(value.name)} is ${value.kind === 'tensor' ? `a tensor of ${value.type}` : value.type}`
  if (value.kind === 'tensor') {
    const repair =
      value.type === 'undefined' ? 'declare the element type' : `cast it to one of ${DATATYPES.join(', ')} in the graph`
    return [{ path: `${path}.datatype`, message: `${described}, which onnxruntime-node cannot exchange`, repair }]
  }
  return [{ path, message: `${described}, which onnxruntime-node cannot exchange`, repair: repairOf(value, facts) }]
}

function repairOf(value: GraphValue, facts: GraphFacts): string {
  if (value.type.includes('map(') || facts.operators.includes('ai.onnx.ml.ZipMap')) {
    const { name } = facts.producer
    return (Object.hasOwn(ZIPMAP_REPAIRS, name) ? ZIPMAP_REPAIRS[name] : undefined) ?? CUT_ZIPMAP
  }
  if (value.kind === 'undeclared') return 'declare its type, for example with onnx.shape_inference'
  return 'exchange plain tensors instead'
}
