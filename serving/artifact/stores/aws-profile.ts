import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './store.ts'

/** The settings of one profile, from both shared files. Keys as the files write them, `aws_access_key_id`. */
export type AwsProfile = Readonly<Record<string, string>>

/**
 * The profile that `AWS_PROFILE` names (`default` without it), from `AWS_CONFIG_FILE` (~/.aws/config) and over it
 * `AWS_SHARED_CREDENTIALS_FILE` (~/.aws/credentials). A file that is not there has no settings. Read each time: a mounted secret is
 * rotated in place.
 */
export async function readProfile(env: Environment): Promise<AwsProfile> {
  const profile = env.AWS_PROFILE || 'default'
  const home = env.HOME || homedir()
  const [config, credentials] = await Promise.all([
    textOf(env.AWS_CONFIG_FILE || join(home, '.aws', 'config')),
    textOf(env.AWS_SHARED_CREDENTIALS_FILE || join(home, '.aws', 'credentials')),
  ])
  const named = profile === 'default' ? [profile] : [`profile ${profile}`]
  return { ...section(config, [...named, profile]), ...section(credentials, [profile]) }
}

export function awsRegion(env: Environment, profile: AwsProfile): string {
  return env.AWS_REGION || env.AWS_DEFAULT_REGION || profile.region || 'us-east-1'
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return ''
  }
}

function section(text: string, names: string[]): Record<string, string> {
  const found: Record<string, string> = {}
  let inside = false
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[\s*(.*?)\s*\]/.exec(line)
    if (header !== null) inside = names.includes((header[1] ?? '').replace(/\s+/g, ' '))
    // Indented lines belong to a nested table, such as `s3 =`.
    const setting = /^([A-Za-z0-9_]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (inside && setting?.[1] !== undefined) found[setting[1].toLowerCase()] = setting[2] ?? ''
  }
  return found
}
