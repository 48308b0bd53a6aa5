import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpProblem, wrongFields } from '../http-problem.ts'
import { notReady, type ProtocolContext, servedModel } from '../request-target.ts'
import { readFeedback } from './read-feedback.ts'
import { truthCheckers } from './truth-checker.ts'

const ACCEPTED = 202
const NOT_FOUND = 404
const UNPROCESSABLE = 422
const UNAVAILABLE = 503

/**
 * What turned out to be true, `POST /models/:model/feedback` and `POST /feedback`: `{requestId, truth, time?}` or a list of them,
 * written to the prediction log's sink, where `modelyard-serving join` finds it. Answered 202 with `{accepted}`; whether the
 * request id is known is not looked up, since another pod may have answered that request.
 */
export function feedback(app: FastifyInstance, { predictionLog }: ProtocolContext): void {
  const options = { config: { metricsRoute: 'feedback' } }
  app.post('/models/:model/feedback', options, accept)
  app.post('/feedback', options, accept)

  async function accept(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const model = servedModel(request)
    const stable = model.version()
    if (stable === undefined) throw notReady(model)
    const logged = [stable, ...model.answering()].find((version) => version.logged)
    if (logged === undefined) {
      const error = `the predictions of ${model.name} are not logged, so there is nothing to compare a truth to`
      throw new HttpProblem(NOT_FOUND, error)
    }
    const { served } = logged
    const checkers = truthCheckers(served.interface)
    const { events, problems } = readFeedback(model.name, checkers, request.body, new Date().toISOString())
    if (problems.length > 0) throw wrongFields(UNPROCESSABLE, problems)
    if (!predictionLog.feedback(served, events)) {
      const headers = { 'retry-after': '5' }
      throw new HttpProblem(UNAVAILABLE, 'the prediction log cannot take more for now', {}, headers)
    }
    return reply.code(ACCEPTED).send({ accepted: events.length })
  }
}
