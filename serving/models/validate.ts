import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { Problem } from '../session/index.ts'

/**
 * - `configuration-unreadable`: no such file, or not JSON
 * - `configuration-invalid`: JSON that breaks the contract
 */
export type ConfigurationErrorCode = 'configuration-unreadable' | 'configuration-invalid'

/** A file that the server was told to read and cannot follow. `problems` holds every reason. */
export class ConfigurationError extends Error {
  readonly code: ConfigurationErrorCode
  readonly file: string
  readonly problems: Problem[]

  constructor(code: ConfigurationErrorCode, file: string, problems: Problem[]) {
    const lines = problems.map(({ path, message, repair }) => {
      return `${path === '' ? '' : `${path}: `}${message}${repair === undefined ? '' : ` (${repair})`}`
    })
    super(`${file}: ${lines.join('; ')}`)
    this.name = 'ConfigurationError'
    this.code = code
    this.file = file
    this.problems = problems
  }
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, verbose: true })
const compiled = new Map<object, ValidateFunction>()

/** The document in `text`, checked against a schema of the contract; throws a `ConfigurationError` with every problem. */
export function parseDocument<T>(schema: object, file: string, text: string): T {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    const message = `is not JSON: ${error instanceof Error ? error.message : String(error)}`
    throw new ConfigurationError('configuration-unreadable', file, [
      { path: '', message, repair: 'write it again with modelyard synth' },
    ])
  }
  let validate = compiled.get(schema)
  if (validate === undefined) {
    validate = ajv.compile(schema)
    compiled.set(schema, validate)
  }
  if (!validate(document)) {
    throw new ConfigurationError('configuration-invalid', file, (validate.errors ?? []).map(toProblem))
  }
  return document as T
}

function toProblem({ instancePath, message = 'is wrong', keyword, params, parentSchema }: ErrorObject): Problem {
  const path = jsonPath(instancePath)
  if (keyword === 'additionalProperties') {
    return { path, message: `has the unknown property ${params.additionalProperty}`, repair: 'remove it' }
  }
  if (keyword === 'required') return { path, message: `lacks ${params.missingProperty}`, repair: 'add it' }
  if (keyword === 'const') return { path, message: `must be ${JSON.stringify(params.allowedValue)}` }
  if (keyword === 'enum') return { path, message: `must be one of ${params.allowedValues.join(', ')}` }
  if (keyword === 'pattern' && parentSchema?.description)
    return { path, message: `must be ${parentSchema.description}` }
  return { path, message }
}

/** `/models/0/stable` as `models[0].stable`. */
function jsonPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => {
      if (/^\d+$/.test(part)) return `${path}[${part}]`
      return path === '' ? part : `${path}.${part}`
    }, '')
}
