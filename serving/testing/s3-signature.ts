import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
const hex = (text: string) => createHash('sha256').update(text).digest('hex')

/**
 * Checks a request as S3 does, written from AWS's "Signature Version 4 signing process" and not from the signer that is used.
 * Returns the code of the refusal, undefined when the signature is right.
 */
export function signatureRefusal(
  request: IncomingMessage,
  secrets: Record<string, string>,
  region: string,
): string | undefined {
  const { authorization = '' } = request.headers
  const fields = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
    authorization,
  )
  if (fields === null) return 'AccessDenied'
  const [, credential = '', signed = '', signature = ''] = fields
  const [id = '', day = '', ...rest] = credential.split('/')
  const secret = secrets[id]
  if (secret === undefined) return 'InvalidAccessKeyId'
  if (rest.join('/') !== `${region}/s3/aws4_request`) return 'AuthorizationHeaderMalformed'
  const date = String(request.headers['x-amz-date'])
  if (!/^\d{8}T\d{6}Z$/.test(date) || !date.startsWith(day)) return 'AuthorizationHeaderMalformed'
  const names = signed.split(';')
  const obliged = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))]
  if (!obliged.every((name) => names.includes(name))) return 'AccessDenied'
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const headers = names.map((name) => `${name}:${String(request.headers[name]).trim()}\n`).join('')
  const payload = String(request.headers['x-amz-content-sha256'])
  const canonical = [request.method, path, query, headers, signed, payload].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', date, scope, hex(canonical)].join('\n')
  const key = ['s3', 'aws4_request'].reduce<Buffer>(hmac, hmac(hmac(`AWS4${secret}`, day), region))
  return hmac(key, toSign).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch'
}
