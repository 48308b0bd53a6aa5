import type { LoadedVersion } from '../../models/index.ts'
import { componentName, type Paths, ref } from './components.ts'
import { bodyProblems, json } from './responses.ts'
import { type Schema, truthSchema } from './schema.ts'

/** Truths of earlier answers, for a model of which at least one version's predictions are logged. */
export function addFeedback(
  paths: Paths,
  schemas: Record<string, Schema>,
  versions: readonly LoadedVersion[],
  only: boolean,
): void {
  const logged = versions.find((version) => version.logged)
  if (logged === undefined) return
  const { model, served } = logged
  const truth = truthSchema(served.interface)
  const entry = componentName(model, 'feedback')
  schemas[entry] = {
    type: 'object',
    required: ['requestId', 'truth'],
    properties: {
      requestId: {
        type: 'string',
        pattern: '^[A-Za-z0-9_.:/+=-]{1,128}$',
        description: '`x-request-id` of the answer that this is the truth of',
      },
      truth: {
        description: 'by output; for a request of several rows a list, null where nothing is known of a row',
        anyOf: [truth, { type: 'array', items: { anyOf: [truth, { type: 'null' }] }, contains: truth, minItems: 1 }],
      },
      time: { type: 'string', format: 'date-time', description: 'when the truth was known; now without it' },
    },
    additionalProperties: false,
  }
  const operation = (operationId: string) => ({
    operationId,
    tags: [model],
    summary: 'Say what turned out to be true',
    description: 'One truth, or a list of them. They are logged beside the predictions, to be joined by request id.',
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { anyOf: [ref(entry), { type: 'array', items: ref(entry), minItems: 1, maxItems: 1000 }] },
        },
      },
    },
    responses: {
      '202': json('accepted', {
        type: 'object',
        required: ['accepted'],
        properties: { accepted: { type: 'integer', description: 'how many truths' } },
      }),
      ...bodyProblems('422'),
    },
  })
  paths[`/models/${encodeURIComponent(model)}/feedback`] = { post: operation(componentName(model, 'feedback')) }
  if (only) paths['/feedback'] = { post: operation('feedback') }
}
