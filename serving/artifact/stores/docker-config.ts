import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addressInvalid } from '../artifact-error.ts'
import type { Environment } from './store.ts'

/** What may pull from a registry. */
export type RegistryLogin =
  | { kind: 'password'; user: string; password: string }
  /** An OAuth2 refresh token, to be exchanged for an access token. */
  | { kind: 'identity'; token: string }

/** As `docker login` writes it, and as a mounted secret of the type `kubernetes.io/dockerconfigjson` names it. */
const FILES = ['config.json', '.dockerconfigjson']

interface DockerAuth {
  auth?: string
  username?: string
  password?: string
  identitytoken?: string
}

/** The login for a repository from the configuration in the folder `DOCKER_CONFIG`; undefined for an anonymous pull. */
export async function registryLogin(
  env: Environment,
  registry: string,
  repository: string,
): Promise<RegistryLogin | undefined> {
  if (!env.DOCKER_CONFIG) return undefined
  const auths = await readAuths(env.DOCKER_CONFIG)
  const wanted = `${registryKey(registry)}/${repository}`
  // As the kubelet does it: the most specific entry, which may name a part of the repository's path.
  const [best] = Object.entries(auths)
    .map(([key, auth]) => ({ key: registryKey(key), auth }))
    .filter(({ key }) => wanted === key || wanted.startsWith(`${key}/`))
    .sort((left, right) => right.key.length - left.key.length)
  if (best === undefined) return undefined
  const { auth = '', identitytoken, username, password } = best.auth
  if (identitytoken) return { kind: 'identity', token: identitytoken }
  if (username && password) return { kind: 'password', user: username, password }
  const decoded = Buffer.from(auth, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon < 1) return undefined
  return { kind: 'password', user: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

async function readAuths(folder: string): Promise<Record<string, DockerAuth>> {
  for (const file of FILES) {
    const path = join(folder, file)
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch {
      continue
    }
    try {
      return (JSON.parse(text) as { auths?: Record<string, DockerAuth> }).auths ?? {}
    } catch {
      // The parser's own message quotes the text, which is a secret.
      throw addressInvalid(path, 'it is not JSON', 'mount a docker config.json')
    }
  }
  throw addressInvalid(
    folder,
    `it holds neither ${FILES.join(' nor ')}`,
    'check DOCKER_CONFIG and that the secret is mounted',
  )
}

/** Docker Hub goes by three names, and old files write `https://registry/v1/`. */
function registryKey(key: string): string {
  const bare = key
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .replace(/\/v[12]$/, '')
  return bare.replace(/^(registry-1\.docker\.io|index\.docker\.io|docker\.io)(?=\/|$)/, 'docker.io')
}
