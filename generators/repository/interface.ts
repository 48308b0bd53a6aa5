import type { Column, ModelInterface } from 'modelyard-serving/contract'
import type { DefinedModel, Feature } from '../definitions/index.ts'
import { isColumns } from './definition-rules.ts'

/** The interface that a model definition declares: what `register` compares with the ONNX graph and freezes. */
export function declaredInterface(model: DefinedModel): ModelInterface {
  const outputs = Object.entries(model.outputs).map(([name, output]) => ({ name, ...output }))
  if (isColumns(model.inputs)) {
    const inputs = Object.entries(model.inputs.columns).map(([name, feature]) => ({
      name,
      datatype: feature.datatype,
      shape: ['batch', 1],
      columns: [column(name, feature)],
    }))
    return { inputs, outputs }
  }
  const inputs = Object.entries(model.inputs).map(([name, input]) => {
    if (!('matrix' in input)) return { name, datatype: input.datatype, shape: input.shape }
    const columns = Object.entries(input.features).map(([feature, options]) => column(feature, options))
    return { name, datatype: input.matrix, shape: ['batch', columns.length], columns }
  })
  return { inputs, outputs }
}

function column(name: string, { datatype: _, ...feature }: Feature): Column {
  return { name, ...feature }
}
