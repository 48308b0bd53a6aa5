import { devNull } from 'node:os'
import { isLoopback } from './loopback.ts'

type Environment = Record<string, string | undefined>

/**
 * What git may see of the caller's `GIT_*` variables. Left out on purpose: `GIT_DIR`, `GIT_INDEX_FILE` and
 * `GIT_WORK_TREE`, which git sets for hooks and aliases and which would turn every command to another repository.
 */
const PASSED_ON = [
  'GIT_ASKPASS',
  'GIT_AUTHOR_EMAIL',
  'GIT_AUTHOR_NAME',
  'GIT_COMMITTER_EMAIL',
  'GIT_COMMITTER_NAME',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_LFS_SKIP_SMUDGE',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_NO_VERIFY',
  'SSH_ASKPASS',
]

/** Nothing here ever opens an editor or a pager, and simple-git refuses to run with these set. */
const INTERACTIVE = new Set(['EDITOR', 'PAGER', 'PREFIX', 'VISUAL'])

/** The forge's token, from the environment and nowhere else; undefined when there is none. */
export function tokenFrom(environment: Environment): string | undefined {
  return environment['GITHUB_TOKEN']?.trim() || environment['GH_TOKEN']?.trim() || undefined
}

/** Where the token belongs to, as `https://github.com`; no other remote ever sees it. */
function tokenOrigins(environment: Environment): string[] {
  const origins = ['GITHUB_SERVER_URL', 'GITHUB_API_URL'].flatMap((name) => {
    const text = environment[name]
    if (!text || !URL.canParse(text)) return []
    const url = new URL(text)
    if (url.protocol !== 'https:' && !isLoopback(url)) return []
    return [`${url.protocol}//${url.host.replace(/^api\./, '')}`]
  })
  return [...new Set(['https://github.com', ...origins])]
}

/** The `GIT_CONFIG_COUNT` family as pairs: how git takes configuration without an argument that `ps` would show. */
function configPairs(environment: Environment): [string, string][] {
  const count = Number.parseInt(environment['GIT_CONFIG_COUNT'] ?? '0', 10) || 0
  return Array.from({ length: count }, (_, index): [string, string] => [
    environment[`GIT_CONFIG_KEY_${index}`] ?? '',
    environment[`GIT_CONFIG_VALUE_${index}`] ?? '',
  ]).filter(([key]) => key !== '')
}

/**
 * The environment of every git process: the caller's, without what would change which repository is meant, with the
 * forge's token for the forge's own hosts, and never waiting for somebody to type.
 * @param settings of Git's configuration, for this process alone
 */
export function gitEnvironment(
  environment: Environment,
  extra: Record<string, string> = {},
  settings: readonly [string, string][] = [],
): Record<string, string> {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      !INTERACTIVE.has(entry[0].toUpperCase()) &&
      (PASSED_ON.includes(entry[0]) || !entry[0].toUpperCase().startsWith('GIT_')),
  )
  const token = tokenFrom(environment)
  const credentials = Buffer.from(`x-access-token:${token}`).toString('base64')
  const headers = (token === undefined ? [] : tokenOrigins(environment)).flatMap((origin): [string, string][] => [
    // An empty value forgets the header that actions/checkout leaves in .git/config; two of them are a 400.
    [`http.${origin}/.extraHeader`, ''],
    [`http.${origin}/.extraHeader`, `Authorization: Basic ${credentials}`],
  ])
  const config = [
    ...configPairs(environment),
    // Hooks run where one is asked for (hooks.ts), and not for the commands around it.
    ['core.hooksPath', devNull] as [string, string],
    ...headers,
    ...settings,
  ]
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
    GIT_CONFIG_COUNT: String(config.length),
    GIT_TERMINAL_PROMPT: '0',
    // Messages are matched below, so they must be in English; file names and contents stay bytes.
    LC_ALL: 'C',
    ...extra,
  }
}
