import type { FastifyError, FastifyInstance } from 'fastify'
import { HttpProblem } from '../protocols/index.ts'

/** Fastify's own refusals, in words that name the repair and nothing of the inside. */
const MESSAGES: Record<string, string> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'send the body as application/json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body is empty; send JSON',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not valid JSON',
  FST_ERR_CTP_BODY_TOO_LARGE: 'the body is larger than this server accepts',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body is not as long as Content-Length says',
}

/** Every answer that is not a success is `{error}`, sometimes with details; what it was stays in the log. */
export function uniformErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | HttpProblem, request, reply) => {
    if (error instanceof HttpProblem) {
      return reply.code(error.statusCode).headers(error.headers).send(error.body)
    }
    const status = error.statusCode ?? 500
    if (status >= 500) {
      request.log.error({ err: error }, 'a request failed')
      return reply.code(500).send({ error: 'internal error' })
    }
    const fallback = error instanceof SyntaxError ? 'the body is not valid JSON' : 'the request is malformed'
    return reply.code(status).send({ error: MESSAGES[error.code] ?? fallback })
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    return reply.code(404).send({ error: `there is no ${request.method} ${path.slice(0, 200)}` })
  })
}
