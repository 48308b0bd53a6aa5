import { writeFileSync } from 'node:fs'
import { onnxModel } from '../../serving/testing/onnx-model.ts'

/** Writes a model that makes texts lower-case to the file that the first argument names: its operator needs the locale en_US.UTF-8. */
const value = { type: 'string' as const, shape: ['batch'] }
const attributes = { case_change_action: 'LOWER' }
const model = onnxModel({
  inputs: [{ name: 'x', ...value }],
  outputs: [{ name: 'y', ...value }],
  nodes: [{ operator: 'StringNormalizer', inputs: ['x'], outputs: ['y'], attributes }],
})
writeFileSync(process.argv[2] ?? '', model)
