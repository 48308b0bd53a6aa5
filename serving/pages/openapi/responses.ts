import type { Schema } from './schema.ts'

/** Shapes that every model shares, as `components.schemas`. */
export const SHARED_SCHEMAS: Record<string, Schema> = {
  Error: {
    type: 'object',
    required: ['error'],
    properties: {
      error: { type: 'string', description: 'one sentence that says what to do' },
      models: { type: 'array', items: { type: 'string' }, description: 'the models that this server has' },
    },
  },
  WrongFields: {
    type: 'object',
    required: ['error'],
    properties: {
      error: { type: 'string', description: 'the first wrong field' },
      details: {
        type: 'array',
        description: 'every wrong field',
        items: {
          type: 'object',
          required: ['path', 'message'],
          properties: {
            path: { type: 'string', examples: ['[1].bmi'] },
            message: { type: 'string', examples: ['must be a number, not a string'] },
          },
        },
      },
    },
  },
}

const ERROR = { $ref: '#/components/schemas/Error' }
const WRONG_FIELDS = { $ref: '#/components/schemas/WrongFields' }

/** A JSON answer. */
export function json(description: string, schema: Schema, more: object = {}): object {
  return { description, content: { 'application/json': { schema, ...more } } }
}

const RETRY_AFTER = { 'retry-after': { description: 'seconds', schema: { type: 'string' } } }

const NOT_READY = { ...json('the model does not answer yet, or was refused', ERROR), headers: RETRY_AFTER }

/** Answers that a question about one model may have besides 200. */
export const MODEL_PROBLEMS = { '404': json('no such model or version', ERROR), '503': NOT_READY }

/** Answers to a body that cannot be read. */
export const UNREADABLE = {
  '400': json('the body is not valid JSON', ERROR),
  '413': json('the body is too large', ERROR),
  '415': json('the body is of another type or encoding', ERROR),
}

/** Answers that a request with a body may have besides 200. `wrongInput` is the status for wrong fields. */
export function bodyProblems(wrongInput: '400' | '422'): Record<string, object> {
  return {
    ...UNREADABLE,
    ...MODEL_PROBLEMS,
    '429': { ...json('too many requests wait for this model', ERROR), headers: RETRY_AFTER },
    [wrongInput]: json('the request is wrong; `details` lists every wrong field', WRONG_FIELDS),
  }
}

/** The header that names the version. */
export const VERSION_HEADERS = {
  'x-modelyard-version': { description: 'the version that answered', schema: { type: 'string' } },
}

/** `$stats_model_response` of Triton's statistics extension. */
export const STATISTICS: Schema = {
  type: 'object',
  required: ['model_stats'],
  properties: {
    model_stats: {
      type: 'array',
      items: { type: 'object', required: ['name', 'version', 'inference_count', 'inference_stats'] },
    },
  },
}
