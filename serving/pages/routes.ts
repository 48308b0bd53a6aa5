import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import type { ModelRegistry, ServedModel } from '../models/index.ts'
import { describeModel } from './describe-model.ts'
import { type Access, openApiDocument, withAccess } from './openapi/index.ts'

/** Everything that the pages load; nothing comes from another host. */
const FILES: Record<string, { file: string; type: string }> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/docs': { file: 'docs.html', type: 'text/html; charset=utf-8' },
  '/assets/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  '/assets/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/assets/ask.js': { file: 'ask.js', type: 'text/javascript; charset=utf-8' },
  '/assets/form.js': { file: 'form.js', type: 'text/javascript; charset=utf-8' },
  '/assets/element.js': { file: 'element.js', type: 'text/javascript; charset=utf-8' },
  '/assets/result.js': { file: 'result.js', type: 'text/javascript; charset=utf-8' },
  '/assets/docs.js': { file: 'docs.js', type: 'text/javascript; charset=utf-8' },
  '/assets/icon.svg': { file: 'icon.svg', type: 'image/svg+xml' },
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  // A new image brings new pages; the answer is small.
  'cache-control': 'no-cache',
}

/**
 * For people: a form for each model at `/`, the API's documentation at `/docs`, and what both are made from,
 * `/openapi.json`, `/models` and `/models/:model`.
 */
export function pages(app: FastifyInstance, registry: ModelRegistry, access: Access): void {
  for (const [path, { file, type }] of Object.entries(FILES)) {
    const content = readFileSync(new URL(`./assets/${file}`, import.meta.url))
    // The same bytes in every pod: what they show of a model they have to ask for, with a key where one is needed.
    app.get(path, { config: { open: 'page' } }, (_request, reply) => reply.headers(HEADERS).type(type).send(content))
  }

  app.get('/openapi.json', (_request, reply) => {
    const models = registry.names.flatMap((name) => documented(registry.find(name)))
    return reply.type(JSON_TYPE).send(exactJson(withAccess(openApiDocument(models), access)))
  })

  app.get('/models', () => ({
    models: registry.states().map(({ name, state, versions }) => ({ name, state, versions })),
  }))

  app.get('/models/:model', (request, reply) => {
    const { model: name } = request.params as { model: string }
    const model = registry.find(name)
    if (model !== undefined) return reply.type(JSON_TYPE).send(exactJson(describeModel(model)))
    const error = `there is no model ${JSON.stringify(name.slice(0, 100))}`
    return reply.code(404).send({ error, models: registry.names })
  })
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** JSON in which a bigint is a number with all its digits. */
function exactJson(value: unknown): string {
  // U+0000 stands in no document of ours, since no name and no label may have it.
  const text = JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? `\0${item}` : item))
  return text.replace(/"\\u0000(-?\d+)"/g, '$1')
}

function documented(model: ServedModel | undefined) {
  const stable = model?.version()
  if (model === undefined || stable === undefined) return []
  const versions = model.state().versions.flatMap((name) => model.version(name) ?? [])
  return [{ stable, versions }]
}
