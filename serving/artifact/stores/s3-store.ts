import { AwsV4Signer } from 'aws4fetch'
import { addressInvalid } from '../artifact-error.ts'
import { type BodyLimits, discardBody, readBounded } from '../bounded-body.ts'
import { type AwsCredentials, createCredentialsProvider } from './aws-credentials.ts'
import { awsRegion, readProfile } from './aws-profile.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts'
import { contentOf, requestContent, requireStored, sendContent } from './http-content.ts'
import { shownAddress } from './shown-address.ts'
import type { Environment, Store } from './store.ts'

/** An error document of S3 has some hundred bytes. */
const ERROR_LIMITS: BodyLimits = { maxBytes: 64 * 1024, timeoutMs: 5000 }

/** PutObject takes no more at once (https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html). */
const MAX_PUT_BYTES = 5 * 2 ** 30

interface Asked {
  send(request: HttpRequest): Promise<HttpAnswer>
  /** Signed beside the address; a GET without it. */
  signed?: { method: string; headers: Record<string, string> }
}

/**
 * `s3://<bucket>/<key>`, GetObject and PutObject signed with SigV4, the latter over the digest of the content. `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` names any S3-compatible endpoint,
 * addressed path style; without one it is AWS's own for the region. A bucket that is public is read unsigned where there are no credentials.
 */
export function createS3Store(env: Environment, http: HttpClient): Store {
  const credentials = createCredentialsProvider(env, http)

  /** @param signed what is signed beside the address */
  async function attempt(
    { url, shown, region, send, signed }: Asked & { url: URL; shown: string; region: string },
    known: AwsCredentials | undefined,
  ) {
    const authorize = async (target: URL): Promise<Record<string, string>> => {
      if (known === undefined) return {}
      const request = { ...known, ...signed, url: target.href, region, service: 's3' }
      const { headers } = await new AwsV4Signer(request).sign()
      return Object.fromEntries(headers)
    }
    // SigV4: the secret is not sent, and a session token is nothing without it.
    const answer = await send({ url, shown, authorize, mayBeSeen: true })
    return { answer, code: answer.status >= 300 ? await errorCode(answer) : undefined }
  }

  /** The answer, and what it says beside its status. */
  async function ask(address: URL, asked: Asked) {
    const shown = shownAddress(address)
    const profile = await readProfile(env)
    const region = awsRegion(env, profile)
    const request = { ...asked, url: objectUrl(address, shown, region, env), shown, region }
    let known = await credentials.get(region, profile)
    let { answer, code } = await attempt(request, known)
    // Credentials can end before the time they were given; a fresh set is worth one attempt.
    if (known !== undefined && (code === 'ExpiredToken' || code === 'InvalidToken') && credentials.forget()) {
      await discardBody(answer.body)
      known = await credentials.get(region, profile)
      ;({ answer, code } = await attempt(request, known))
    }
    const elsewhere = answer.header('x-amz-bucket-region')
    const details = [
      code,
      answer.status >= 300 && elsewhere !== undefined && elsewhere !== region
        ? `the bucket is in ${elsewhere}, not in ${region}: set AWS_REGION`
        : undefined,
      answer.status === 403 && known === undefined ? 'this server has no AWS credentials' : undefined,
    ].filter((detail) => detail !== undefined)
    return { shown, answer, detail: details.length === 0 ? undefined : details.join(', ') }
  }

  return {
    async open(address, from) {
      const send = (request: HttpRequest) => requestContent(http, request, from)
      const { shown, answer, detail } = await ask(address, { send })
      return contentOf(shown, answer, detail)
    },
    async put(address, file) {
      if (file.size > MAX_PUT_BYTES) {
        const repair = 'put it there by a client that uploads in parts: aws s3 cp <file> <address>'
        throw addressInvalid(shownAddress(address), 'S3 takes at most 5 GiB in one request', repair)
      }
      // S3 compares the content with the digest that was signed, and keeps nothing else.
      const signed = { method: 'PUT', headers: { 'x-amz-content-sha256': file.sha256 } }
      const send = (request: HttpRequest) => sendContent(http, request, file)
      const { shown, answer, detail } = await ask(address, { send, signed })
      await requireStored(shown, answer, detail)
    },
  }
}

function objectUrl(address: URL, shown: string, region: string, env: Environment): URL {
  const bucket = address.host
  const key = keyOf(address, shown)
  const repair = 'give s3://<bucket>/<key>'
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]+$/.test(bucket)) throw addressInvalid(shown, 'no bucket is named', repair)
  if (key === '') throw addressInvalid(shown, 'no key is named', repair)
  // As the signature encodes it: everything but unreserved characters and the slashes.
  const path = encodeURIComponent(key)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL
  if (endpoint) {
    if (!/^https?:$/.test(URL.canParse(endpoint) ? new URL(endpoint).protocol : '')) {
      throw addressInvalid(shown, 'AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is no web address', 'give it as https://...')
    }
    return new URL(`${endpoint.replace(/\/+$/, '')}/${bucket}/${path}`)
  }
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  // A certificate for *.s3... does not cover a bucket with dots in its name.
  if (bucket.includes('.')) return new URL(`https://s3.${region}.${domain}/${bucket}/${path}`)
  return new URL(`https://${bucket}.s3.${region}.${domain}/${path}`)
}

function keyOf(address: URL, shown: string): string {
  try {
    return decodeURIComponent(address.pathname.slice(1))
  } catch {
    throw addressInvalid(shown, 'its key is not percent-encoded correctly', 'write % as %25')
  }
}

/** The code in S3's error document. Its message is left out: it can hold the key id and the string that was signed. */
async function errorCode(answer: HttpAnswer): Promise<string | undefined> {
  let text = ''
  try {
    text = (await readBounded(answer.body, ERROR_LIMITS)).toString('utf8')
  } catch {
    // The status alone has to do.
  }
  return /<Code>([A-Za-z0-9]+)<\/Code>/.exec(text)?.[1]
}
