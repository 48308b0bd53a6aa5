import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { EMPTY_BODY, HttpProblem } from '../protocols/index.ts'
import { collectMethods } from './method-not-allowed.ts'

/** Fastify's own refusals, in words that name the repair and nothing of the inside. */
const MESSAGES: Record<string, string> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'send the body as application/json',
  FST_ERR_CTP_EMPTY_JSON_BODY: EMPTY_BODY,
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not valid JSON',
  Z_DATA_ERROR: 'the body is not what Content-Encoding says',
  Z_BUF_ERROR: 'the body ends before its Content-Encoding does',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body is not as long as Content-Length says',
}

/** Every answer that is not a success is `{error}`, sometimes with details; what it was stays in the log. */
export function uniformErrors(app: FastifyInstance): void {
  const methodsOf = collectMethods(app)
  app.setErrorHandler((error: FastifyError | HttpProblem, request, reply) => {
    if (error instanceof HttpProblem) {
      return reply.code(error.statusCode).headers(error.headers).send(error.body)
    }
    // Fastify complains of a body's type before it says that there is no such route.
    if (request.is404) return notFound(request, reply)
    const status = error.statusCode ?? 500
    if (status >= 500) {
      request.ownLog.error({ err: error }, 'a request failed')
      return reply.code(500).send({ error: 'internal error' })
    }
    if (status === 413) {
      const error = `the body is larger than this server accepts: ${request.routeOptions.bodyLimit} bytes at most`
      return reply.code(status).send({ error })
    }
    const fallback = error instanceof SyntaxError ? 'the body is not valid JSON' : 'the request is malformed'
    return reply.code(status).send({ error: MESSAGES[error.code] ?? fallback })
  })
  app.setNotFoundHandler(notFound)

  function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = request.url.split('?', 1)[0] ?? ''
    const shown = path.slice(0, 200)
    const methods = methodsOf(path)
    if (methods.length === 0) return reply.code(404).send({ error: `there is no ${request.method} ${shown}` })
    const allow = methods.join(', ')
    return reply
      .code(405)
      .header('allow', allow)
      .send({ error: `${shown} takes ${allow}, not ${request.method}` })
  }
}
