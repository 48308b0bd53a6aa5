import {
  type Column,
  type Datatype,
  type InputTensor,
  type ModelInterface,
  namedFeatures,
  type OutputTensor,
  PROTOCOL_DATATYPES,
  type ServedVersion,
} from '../../contract/index.ts'

/** A JSON Schema (draft 2020-12, which OpenAPI 3.1 uses). */
export type Schema = Record<string, unknown>

/** What a JSON number may be for each type: bounds beyond which it is refused whether or not the version is strict. */
const ELEMENTS: Record<Datatype, Schema> = {
  float32: { type: 'number', format: 'float', minimum: -3.4028234663852886e38, maximum: 3.4028234663852886e38 },
  float64: { type: 'number', format: 'double', minimum: -Number.MAX_VALUE, maximum: Number.MAX_VALUE },
  float16: { type: 'number', minimum: -65504, maximum: 65504 },
  int8: { type: 'integer', minimum: -128, maximum: 127 },
  int16: { type: 'integer', minimum: -32768, maximum: 32767 },
  int32: { type: 'integer', format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  // As digits, which `exactJson` writes: a number of JavaScript has lost the last of them.
  int64: { type: 'integer', format: 'int64', minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n },
  uint8: { type: 'integer', minimum: 0, maximum: 255 },
  uint16: { type: 'integer', minimum: 0, maximum: 65535 },
  uint32: { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1 },
  uint64: { type: 'integer', minimum: 0, maximum: 2n ** 64n - 1n },
  bool: { type: 'boolean' },
  // onnxruntime-node hands texts over as C strings: what stands after U+0000 would be lost, so it is refused.
  string: { type: 'string', pattern: '^[^\\u0000]*$' },
}

/** The record that `predict` takes. Only what the server refuses is a constraint; what it counts is in the description. */
export function recordSchema({ interface: modelInterface, strict }: ServedVersion): Schema {
  const properties = Object.fromEntries(
    modelInterface.inputs.flatMap(({ datatype, columns = [] }) =>
      columns.map((column) => [column.name, columnSchema(column, datatype, strict)]),
    ),
  )
  const required = namedFeatures(modelInterface).filter(({ missing }) => !missing)
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required: required.map(({ name }) => name) }),
    ...(strict && { additionalProperties: false }),
  }
}

function columnSchema(column: Column, datatype: Datatype, strict: boolean): Schema {
  const { description, unit, missing = false, example } = column
  const schema = column.kind === 'number' ? numberSchema(column, datatype, strict) : categorySchema(column, strict)
  const remarks = [description, unit && `in ${unit}`, ...counted(column, strict), missing && missingRemark(column)]
  const text = remarks.filter(Boolean).join('; ')
  const described = {
    ...(text !== '' && { description: text }),
    ...schema,
    ...(unit && { 'x-unit': unit }),
    ...(example !== undefined && { examples: [example] }),
  }
  if (!missing) return described
  const { type, enum: labels } = described as { type?: string; enum?: unknown[] }
  return { ...described, ...(type && { type: [type, 'null'] }), ...(labels && { enum: [...labels, null] }) }
}

function missingRemark({ missingText }: Column): string {
  if (missingText === undefined) return 'null or absent: missing'
  return `null or absent: missing, which the model is given as ${JSON.stringify(missingText)}`
}

function numberSchema({ min, max, integer }: Column, datatype: Datatype, strict: boolean): Schema {
  const element = ELEMENTS[datatype] as { type: string; minimum: number | bigint; maximum: number | bigint }
  return {
    ...element,
    ...(integer && { type: 'integer' }),
    ...(strict && min !== undefined && { minimum: min > element.minimum ? min : element.minimum }),
    ...(strict && max !== undefined && { maximum: max < element.maximum ? max : element.maximum }),
  }
}

function categorySchema({ categories }: Column, strict: boolean): Schema {
  if (categories === undefined || (Array.isArray(categories) && !strict)) return ELEMENTS.string
  return { type: 'string', enum: Array.isArray(categories) ? categories : Object.keys(categories) }
}

/** What a version that is not strict counts instead of refusing. */
function* counted({ kind, min, max, categories }: Column, strict: boolean): Generator<string> {
  if (strict) return
  if (kind === 'number' && (min !== undefined || max !== undefined)) {
    yield `expected ${min === undefined ? `up to ${max}` : max === undefined ? `from ${min}` : `from ${min} to ${max}`}`
  }
  if (Array.isArray(categories)) yield `expected one of ${categories.map((label) => JSON.stringify(label)).join(', ')}`
}

/** One prediction: each output as `decodeOutputs` writes it. NaN is null, an infinity a text, a large int64 value its digits. */
export function predictionSchema({ outputs }: ModelInterface): Schema {
  return {
    type: 'object',
    properties: Object.fromEntries(outputs.map((output) => [output.name, outputSchema(output)])),
    required: outputs.map(({ name }) => name),
  }
}

function outputSchema(output: OutputTensor): Schema {
  const { description, unit, labels, shape } = output
  const text = [description, unit && `in ${unit}`].filter(Boolean).join('; ')
  const about = { ...(text !== '' && { description: text }), ...(unit && { 'x-unit': unit }) }
  const element = answeredElement(output.datatype)
  if (labels !== undefined && shape.length === 2) {
    const properties = Object.fromEntries(labels.map((label) => [label, element]))
    return { ...about, type: 'object', properties, required: labels }
  }
  if (labels === undefined && shape.slice(1).every((size) => size === 1)) return { ...about, ...element }
  return { ...about, description: text || `values of shape [${shape.slice(1).join(', ')}]` }
}

function answeredElement(datatype: Datatype): Schema {
  if (datatype === 'int64' || datatype === 'uint64') return { type: ['integer', 'string'] }
  const { type } = ELEMENTS[datatype]
  if (type !== 'number') return { type }
  return { anyOf: [{ type: ['number', 'null'] }, { enum: ['Infinity', '-Infinity'] }] }
}

/** `$inference_request` of the Open Inference Protocol for one interface. */
export function inferenceRequestSchema({ inputs, outputs }: ModelInterface): Schema {
  const tensors = inputs.map(inputTensorSchema)
  const names = outputs.map(({ name }) => name)
  return {
    type: 'object',
    required: ['inputs'],
    properties: {
      id: { type: 'string', description: 'comes back in the answer' },
      parameters: { type: 'object' },
      inputs: {
        type: 'array',
        minItems: inputs.length,
        maxItems: inputs.length,
        items: tensors.length === 1 ? tensors[0] : { anyOf: tensors },
      },
      outputs: {
        type: 'array',
        description: 'only these outputs; all without it',
        items: { type: 'object', required: ['name'], properties: { name: { enum: names } } },
      },
    },
  }
}

function inputTensorSchema({ name, datatype, shape, columns }: InputTensor): Schema {
  const dimensions = shape.map((size) => (typeof size === 'number' ? { const: size } : { type: 'integer', minimum: 0 }))
  const { type } = ELEMENTS[datatype]
  const missing = columns?.some((column) => column.missing) ?? false
  return {
    type: 'object',
    title: name,
    required: ['name', 'shape', 'datatype', 'data'],
    properties: {
      name: { const: name },
      datatype: { const: PROTOCOL_DATATYPES[datatype] },
      shape: {
        type: 'array',
        description: `[${shape.join(', ')}]`,
        ...(dimensions.length > 0 && { prefixItems: dimensions }),
        items: false,
        minItems: dimensions.length,
        maxItems: dimensions.length,
      },
      data: {
        description: `row-major, flat or nested${columns ? `; columns ${columns.map((c) => c.name).join(', ')}` : ''}`,
        type: 'array',
        items: { type: [type, 'array', ...(missing ? ['null'] : [])] },
      },
    },
  }
}

/** `$inference_response`. */
export function inferenceResponseSchema({ outputs }: ModelInterface): Schema {
  return {
    type: 'object',
    required: ['model_name', 'model_version', 'outputs'],
    properties: {
      model_name: { type: 'string' },
      model_version: { type: 'string' },
      id: { type: 'string' },
      outputs: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'datatype', 'shape', 'data'],
          properties: {
            name: { enum: outputs.map(({ name }) => name) },
            datatype: { type: 'string' },
            shape: { type: 'array', items: { type: 'integer' } },
            data: { type: 'array' },
          },
        },
      },
    },
  }
}

/** What may turn out to be true of one row: a label, or a value of the output's type. */
export function truthSchema({ outputs }: ModelInterface): Schema {
  const comparable = outputs.filter(
    ({ labels, shape }) => labels !== undefined || shape.slice(1).every((size) => size === 1),
  )
  const properties = comparable.map(({ name, labels, datatype }) => {
    return [name, labels === undefined ? ELEMENTS[datatype] : { enum: labels }]
  })
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false, minProperties: 1 }
}
