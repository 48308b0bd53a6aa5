// A clone whose `origin` is served over smart HTTP by the endpoint that is its forge too.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createGitHubForge, type Forge } from '../../generators/forges/index.ts'
import { type GitFixture, withGit } from '../../generators/git/testing/git-fixture.ts'
import { Description } from './description.ts'
import { type Endpoint, startEndpoint, TOKEN } from './github-endpoint.ts'

const FORGE = { host: 'github.example', owner: 'example', repo: 'models' }
const description = new Description(process.env['MODELYARD_GITHUB_DESCRIPTION'] ?? '')

export interface Hosted {
  endpoint: Endpoint
  forge: Forge
  /** The bare repository behind the address. */
  bare: string
  /** What a `modelyard` process needs to know of the forge. */
  environment: Record<string, string>
}

/** A small clone, for what is about publishing alone. Fails when a request or a response was not as GitHub describes it. */
export function withHostedClone(test: (hosted: Hosted & { clone: GitFixture }) => Promise<void>): Promise<void> {
  return withGit((clone) => host(clone.root, clone.remote, (hosted) => test({ ...hosted, clone })))
}

/** The same of any clone. */
export async function host(root: string, remote: string, test: (hosted: Hosted) => Promise<void>): Promise<void> {
  const folder = `${remote}.hosted`
  const bare = join(folder, 'example/models.git')
  execFileSync('git', ['clone', '--quiet', '--bare', remote, bare])
  const endpoint = await startEndpoint(description, folder)
  const environment = {
    GITHUB_TOKEN: TOKEN,
    GITHUB_SERVER_URL: endpoint.url,
    GITHUB_API_URL: `${endpoint.url}/api/v3`,
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
  }
  execFileSync('git', ['remote', 'set-url', 'origin', `${endpoint.url}/example/models.git`], { cwd: root })
  Object.assign(process.env, environment)
  try {
    await test({ endpoint, bare, environment, forge: createGitHubForge({ repository: FORGE, environment }) })
    if (endpoint.violations.length > 0)
      throw new Error(`not as GitHub describes it:\n${endpoint.violations.join('\n')}`)
  } finally {
    await endpoint.close()
    rmSync(folder, { recursive: true, force: true })
    for (const name of Object.keys(environment)) if (name.startsWith('GITHUB_')) delete process.env[name]
  }
}
