import { readFile } from 'node:fs/promises'
import { ArtifactError, addressInvalid } from '../artifact-error.ts'
import { type BodyLimits, readBounded } from '../bounded-body.ts'
import type { AwsProfile } from './aws-profile.ts'
import { type HttpAnswer, type HttpClient, requirePrivate } from './http-client.ts'
import { refused, unreachable } from './http-errors.ts'
import type { Environment } from './store.ts'

export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

export interface CredentialsProvider {
  /** Undefined where this server has none: a public bucket needs none. Throws an `ArtifactError`. */
  get(region: string, profile: AwsProfile): Promise<AwsCredentials | undefined>
  /** Drops credentials that were handed out for a time; false when there were none to drop. */
  forget(): boolean
}

interface Temporary extends AwsCredentials {
  /** Milliseconds since 1970. */
  expires: number
}

/** Milliseconds before the end of credentials at which new ones are asked for. */
const BEFORE_EXPIRY = 5 * 60_000

/** Answers of STS and of credential agents have a few kilobytes. */
const CREDENTIALS_LIMITS: BodyLimits = { maxBytes: 256 * 1024, timeoutMs: 10_000 }

/**
 * The order of AWS's own clients, as far as it goes in a pod: environment variables, a web-identity token (EKS IRSA and others),
 * shared files, container credentials (EKS Pod Identity).
 */
export function createCredentialsProvider(env: Environment, http: HttpClient): CredentialsProvider {
  let temporary: Temporary | undefined

  async function current(ask: () => Promise<Temporary>): Promise<AwsCredentials> {
    if (temporary === undefined || temporary.expires - BEFORE_EXPIRY < Date.now()) temporary = await ask()
    const { expires: _, ...credentials } = temporary
    return credentials
  }

  return {
    async get(region, profile) {
      const fromEnvironment = staticCredentials(env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN)
      if (fromEnvironment !== undefined) return fromEnvironment
      const tokenFile = env.AWS_WEB_IDENTITY_TOKEN_FILE || profile.web_identity_token_file
      const role = env.AWS_ROLE_ARN || profile.role_arn
      if (tokenFile && role) return current(() => assumeRole(env, http, { tokenFile, role, region, profile }))
      const shared = profile.aws_secret_access_key
      const fromFile = staticCredentials(profile.aws_access_key_id, shared, profile.aws_session_token)
      if (fromFile !== undefined) return fromFile
      if (env.AWS_CONTAINER_CREDENTIALS_FULL_URI) return current(() => containerCredentials(env, http))
      return undefined
    },
    forget() {
      const had = temporary !== undefined
      temporary = undefined
      return had
    },
  }
}

function staticCredentials(id: string | undefined, secret: string | undefined, token: string | undefined) {
  if (!id || !secret) return undefined
  return { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) }
}

interface Assumed {
  tokenFile: string
  role: string
  region: string
  profile: AwsProfile
}

/** STS `AssumeRoleWithWebIdentity` (API version 2011-06-15): unsigned, the token is the proof. */
async function assumeRole(env: Environment, http: HttpClient, assumed: Assumed): Promise<Temporary> {
  const { tokenFile, role, region, profile } = assumed
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const url = urlOf(env.AWS_ENDPOINT_URL_STS || env.AWS_ENDPOINT_URL || `https://sts.${region}.${domain}/`)
  requirePrivate(url, url.origin)
  const answer = await http.send({
    url,
    shown: url.origin,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: role,
      RoleSessionName: env.AWS_ROLE_SESSION_NAME || profile.role_session_name || 'modelyard-serving',
      WebIdentityToken: await secretIn(tokenFile),
    }).toString(),
  })
  const text = await textOf(answer, url.origin)
  const element = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1]
  if (answer.status !== 200)
    throw refused(url.origin, answer, ['no role assumed', element('Code')].filter(Boolean).join(': '))
  return temporaryCredentials(url, {
    id: element('AccessKeyId'),
    secret: element('SecretAccessKey'),
    token: element('SessionToken'),
    expires: element('Expiration'),
  })
}

/** Link-local addresses of the agents of EKS Pod Identity and ECS, which speak plain HTTP on the node. */
const AGENTS = new Set(['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]'])

/** EKS Pod Identity and ECS: a local agent that hands out credentials as JSON. */
async function containerCredentials(env: Environment, http: HttpClient): Promise<Temporary> {
  const url = urlOf(env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '')
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  const authorization = file ? await secretIn(file) : env.AWS_CONTAINER_AUTHORIZATION_TOKEN
  const authorize = async (): Promise<Record<string, string>> => (authorization ? { authorization } : {})
  const mayBeSeen = AGENTS.has(url.hostname)
  // What it answers is a secret, whether or not it asks for a token.
  if (!mayBeSeen) requirePrivate(url, url.origin)
  const answer = await http.send({ url, shown: url.origin, authorize, mayBeSeen })
  const text = await textOf(answer, url.origin)
  if (answer.status !== 200) throw refused(url.origin, answer, 'no AWS credentials')
  let given: Record<string, string> = {}
  try {
    given = JSON.parse(text)
  } catch {
    // Reported below as credentials that are not there.
  }
  return temporaryCredentials(url, {
    id: given.AccessKeyId,
    secret: given.SecretAccessKey,
    token: given.Token,
    expires: given.Expiration,
  })
}

function temporaryCredentials(
  url: URL,
  given: Record<'id' | 'secret' | 'token' | 'expires', string | undefined>,
): Temporary {
  const credentials = staticCredentials(given.id, given.secret, given.token)
  const expires = Date.parse(given.expires ?? '')
  if (credentials !== undefined && !Number.isNaN(expires)) return { ...credentials, expires }
  throw new ArtifactError({
    code: 'artifact-forbidden',
    address: url.origin,
    reason: 'answered without AWS credentials',
    repair: 'check that this is the endpoint that hands out credentials',
  })
}

/** The token in a mounted file. Read each time it is used, since it is rotated. */
async function secretIn(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const reason = `the token cannot be read: ${error instanceof Error ? error.message : String(error)}`
    throw addressInvalid(path, reason, 'check that the token is mounted')
  }
}

async function textOf(answer: HttpAnswer, shown: string): Promise<string> {
  try {
    return (await readBounded(answer.body, CREDENTIALS_LIMITS)).toString('utf8')
  } catch (error) {
    throw unreachable(shown, error)
  }
}

function urlOf(text: string): URL {
  if (URL.canParse(text)) return new URL(text)
  throw addressInvalid(
    text,
    'not a web address',
    'correct AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL or AWS_CONTAINER_CREDENTIALS_FULL_URI',
  )
}
