// GitHub's own OpenAPI description, as a judge of requests and responses and as the source of what a response has beside what
// the embedded forge knows.
import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'

type Json = Record<string, unknown>

export interface Schema {
  $ref?: string
  type?: string
  enum?: unknown[]
  nullable?: boolean
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  allOf?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  format?: string
  additionalProperties?: boolean | Schema
}

interface Operation {
  parameters?: ({ $ref?: string } & Parameter)[]
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> }
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: Schema }> }>
}

interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: Schema
}

/** What the description says of one request. */
export interface Described {
  operation: Operation
  method: string
  /** As the description writes it. */
  path: string
  parameters: Record<string, string>
}

export class Description {
  readonly #document: {
    paths: Record<string, Record<string, Operation>>
    components: Record<string, Record<string, Json>>
  }
  readonly #ajv: Ajv
  readonly #compiled = new Map<string, ValidateFunction>()

  constructor(file: string) {
    this.#document = JSON.parse(readFileSync(file, 'utf8'))
    this.#ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true, formats: FORMATS })
    this.#ajv.addSchema({ ...this.#document, $id: 'github' })
  }

  /** The operation of a request; undefined when GitHub has none such. */
  find(method: string, pathname: string): Described | undefined {
    for (const [path, operations] of Object.entries(this.#document.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
      const found = new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`).exec(pathname)
      const operation = operations[method.toLowerCase()]
      if (!found || !operation) continue
      const values = names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')])
      return { operation, method, path, parameters: Object.fromEntries(values) }
    }
    return undefined
  }

  /** What is wrong with a request, in words; a parameter or a field that GitHub does not name is wrong too. */
  requestProblems({ operation, parameters }: Described, query: URLSearchParams, body: unknown): string[] {
    const described = (operation.parameters ?? []).map((item) => this.#resolve<Parameter>(item))
    const given: Record<string, string> = { ...parameters, ...Object.fromEntries(query) }
    const problems = [...query.keys()]
      .filter((name) => !described.some((item) => item.in === 'query' && item.name === name))
      .map((name) => `query parameter ${name} is not described`)
    for (const { name, required, schema } of described) {
      const text = given[name]
      if (text === undefined) {
        if (required) problems.push(`parameter ${name} is missing`)
        continue
      }
      const value = ['integer', 'number'].includes(this.#resolve<Schema>(schema).type ?? '') ? Number(text) : text
      problems.push(...this.#problems(schema, value, name))
    }
    const wanted = operation.requestBody?.content['application/json']?.schema
    if (wanted) problems.push(...this.#problems(wanted, body, 'body'), ...this.#unknownFields(wanted, body))
    else if (body !== undefined) problems.push('a body is sent, and none is described')
    return problems
  }

  /** What is wrong with a response, in words. A status that is not described must be an error of GitHub's general form. */
  responseProblems({ operation }: Described, status: number, body: unknown): string[] {
    const schema = this.#responseSchema(operation, status)
    if (schema) return this.#problems(schema, body, `response ${status}`)
    if (status < 400) return [`status ${status} is not described`]
    return this.#problems({ $ref: '#/components/schemas/basic-error' }, body, `response ${status}`)
  }

  /** The response with everything that GitHub's has, what is known over what the schema makes up. */
  complete({ operation }: Described, status: number, known: unknown): unknown {
    const schema = this.#responseSchema(operation, status)
    return schema && status < 400 ? this.#fill(schema, known) : known
  }

  #responseSchema(operation: Operation, status: number): Schema | undefined {
    const response = operation.responses[String(status)]
    return response && this.#resolve<typeof response>(response).content?.['application/json']?.schema
  }

  #resolve<T>(item: { $ref?: string }): T {
    if (item.$ref === undefined) return item as T
    const [, , kind = '', name = ''] = item.$ref.split('/')
    return this.#resolve(this.#document.components[kind]?.[name] as { $ref?: string })
  }

  #problems(schema: Schema, value: unknown, where: string): string[] {
    const key = JSON.stringify(schema)
    let validate = this.#compiled.get(key)
    if (!validate) {
      const absolute = JSON.parse(key.replaceAll('"#/components/', '"github#/components/'))
      validate = this.#ajv.compile(absolute)
      this.#compiled.set(key, validate)
    }
    if (validate(value)) return []
    return (validate.errors ?? []).map(({ instancePath, message }) => `${where}${instancePath} ${message}`)
  }

  #unknownFields(schema: Schema, body: unknown): string[] {
    const names = new Set(this.#alternatives(schema).flatMap(({ properties = {} }) => Object.keys(properties)))
    return Object.keys((body ?? {}) as Json)
      .filter((name) => !names.has(name))
      .map((name) => `field ${name} of the body is not described`)
  }

  #alternatives(schema: Schema): Schema[] {
    const resolved = this.#resolve<Schema>(schema)
    const { allOf = [], anyOf = [], oneOf = [] } = resolved
    return [resolved, ...[...allOf, ...anyOf, ...oneOf].flatMap((part) => this.#alternatives(part))]
  }

  #fill(schema: Schema, known: unknown): unknown {
    const resolved = this.#resolve<Schema>(schema)
    const { type, properties, items, allOf, anyOf, oneOf, nullable, format } = resolved
    if (known === undefined && nullable) return null
    if (known === null) return null
    if (allOf) return allOf.reduce((value: unknown, part) => merge(value, this.#fill(part, known)), {})
    const choice = anyOf ?? oneOf
    if (choice) {
      const fits = choice.find((part) => this.#fits(part, known)) ?? choice[0]
      return fits === undefined ? known : this.#fill(fits, known)
    }
    if (type === 'array' || items) return ((known ?? []) as unknown[]).map((item) => this.#fill(items ?? {}, item))
    if (type === 'object' || properties) {
      const given = (known ?? {}) as Json
      const names = new Set([...(resolved.required ?? []), ...Object.keys(given)])
      return Object.fromEntries([...names].map((name) => [name, this.#fill(properties?.[name] ?? {}, given[name])]))
    }
    if (known !== undefined) return known
    if (resolved.enum) return resolved.enum[0]
    return SCALARS[format ?? ''] ?? SCALARS[type ?? ''] ?? null
  }

  #fits(schema: Schema, known: unknown): boolean {
    const { type } = this.#resolve<Schema>(schema)
    if (known === undefined || type === undefined) return true
    return type === (Array.isArray(known) ? 'array' : typeof known)
  }
}

const SCALARS: Record<string, unknown> = {
  uri: 'https://github.example/x',
  'date-time': '2026-01-05T10:00:00Z',
  string: 'x',
  integer: 1,
  number: 1,
  boolean: false,
}

/** Formats of the description that a string can have. */
const FORMATS: Record<string, true | RegExp> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
  email: /^\S+@\S+$/,
  int64: true,
  'repo.nwo': /^[^/]+\/[^/]+$/,
}

function merge(one: unknown, other: unknown): unknown {
  const isObject = (value: unknown): value is Json =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject(one) && isObject(other) ? { ...one, ...other } : other
}
