import type { FastifyInstance } from 'fastify'
import { HttpProblem } from '../http-problem.ts'
import { parseJsonBody, textOfBody } from '../json-body.ts'
import { MEMORY_COST, takeMemory } from '../request-memory.ts'
import { type CsvTable, readCsv } from './read-csv.ts'

/** A body by its media type; absent when there was none. */
export type InvocationBody = { json: unknown } | { table: CsvTable }

const UNSUPPORTED = 415

const [COMMA, LINE_FEED] = [0x2c, 0x0a]

/** Reads bodies as MLflow's scoring server does: by media type, UTF-8 only. The request's body becomes an `InvocationBody`. */
export function readInvocationBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const mediaType = supportedType(request.headers['content-type'] ?? '')
    if (mediaType instanceof HttpProblem) return done(mediaType)
    if (mediaType === 'application/json') {
      parseJsonBody(
        parseJson,
        request,
        body as Buffer,
        { notFinite: true, valueCost: MEMORY_COST.tableValue },
        (error, json) => done(error, { json }),
      )
      return
    }
    let text: string
    try {
      takeMemory(request, csvCells(body as Buffer) * MEMORY_COST.csvCell)
      text = textOfBody(body as Buffer)
    } catch (error) {
      return done(error as HttpProblem)
    }
    readCsv(text).then((table) => done(null, { table }), done)
  })
}

/** Cells of a CSV file at most, separators in quotes included. */
function csvCells(bytes: Uint8Array): number {
  let cells = 1
  for (const byte of bytes) if (byte === COMMA || byte === LINE_FEED) cells += 1
  return cells
}

function supportedType(contentType: string): 'application/json' | 'text/csv' | HttpProblem {
  const [mediaType = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase())
  if (mediaType !== 'application/json' && mediaType !== 'text/csv') {
    return new HttpProblem(UNSUPPORTED, 'send the body as application/json or text/csv')
  }
  for (const parameter of parameters.filter((part) => part !== '')) {
    const [name = '', value = ''] = parameter.split('=', 2)
    if (name !== 'charset') {
      return new HttpProblem(UNSUPPORTED, `Content-Type has an unknown parameter ${JSON.stringify(name.slice(0, 100))}`)
    }
    if (!/^"?utf-?8"?$/.test(value)) return new HttpProblem(UNSUPPORTED, 'send the body in UTF-8')
  }
  return mediaType
}
