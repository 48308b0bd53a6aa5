import { readFileSync } from 'node:fs'
import { environmentDefinition, SHARED } from './environment-definition.ts'

export interface NewRepository {
  /** Name of the npm package, which is private: the folder's name. */
  name: string
  /** Environments in the order of promotion; the first follows `model.ts`. */
  environments: readonly string[]
  /** What reviews changes. */
  forge: 'github' | 'gitlab' | 'none'
  /** The remote that Argo CD reads. */
  repoURL: string
  /** Where pods fetch artifacts from; a call of a store function, such as `https('https://models.example.com')`. */
  artifacts: string
  /** Who reviews changes of the last environment, such as `@example/ml-platform`. */
  team?: string
  /** Version of this program. */
  version: string
}

/** The files of a repository that holds models and nothing of the tool: path below its root -> text. */
export function newRepository(repository: NewRepository): Map<string, string> {
  const { name, environments, forge, team, version } = repository
  const files = new Map<string, string>([
    ['package.json', json(packageManifest(name, version))],
    ['.npmrc', NPMRC],
    ['.gitignore', 'node_modules/\n'],
    ['.gitattributes', GIT_ATTRIBUTES],
    ['tsconfig.json', json(TYPESCRIPT)],
    ['.vscode/settings.json', json(EDITOR)],
    ['.vscode/extensions.json', json({ recommendations: ['redhat.vscode-yaml'] })],
    ['README.md', readme(repository)],
    [
      'models/README.md',
      '# Models\n\nOne folder a model: `modelyard new model <name> --onnx <file>` writes the first file of one.\n',
    ],
    ['environments/shared.ts', SHARED(repository)],
  ])
  environments.forEach((environment, index) => {
    const isLast = index === environments.length - 1
    const previous = environments[index - 1]
    files.set(
      `environments/${environment}/environment.ts`,
      environmentDefinition({ name: environment, previous, approvals: isLast && index > 0 && team !== undefined }),
    )
  })
  if (forge === 'github') {
    files.set('.github/CODEOWNERS', codeOwners(team))
    for (const path of GITHUB_FILES) files.set(path, forInstalledTool(readFileSync(new URL(path, ROOT), 'utf8')))
  }
  if (forge === 'gitlab') {
    files.set('.gitlab/CODEOWNERS', codeOwners(team))
    files.set('.gitlab-ci.yml', GITLAB_CI)
  }
  return files
}

/** The root of this package. */
const ROOT = new URL('../../', import.meta.url)
/** The same files as in Modelyard's own repository. */
const GITHUB_FILES = [
  '.github/workflows/checks.yml',
  '.github/workflows/comment.yml',
  '.github/workflows/promote.yml',
  '.github/workflows/automatic-promotion.yml',
  '.github/scripts/checks-comment.mjs',
  '.github/scripts/sticky-comment.mjs',
]

/** There the tool is the repository itself; here it is a dependency. */
function forInstalledTool(text: string): string {
  return text
    .replaceAll('npm run --silent modelyard --', 'npx --no-install modelyard')
    .replace('# Checks of a repository of models; `modelyard init` writes the same file.\n', '')
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function packageManifest(name: string, version: string) {
  return {
    name,
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    scripts: {
      synth: 'modelyard synth',
      check: 'modelyard synth --check && modelyard validate',
      types: 'tsc --noEmit',
    },
    dependencies: { modelyard: version },
    devDependencies: { typescript: '^7.0.2' },
  }
}

const NPMRC = `# No dependency requires an install script; onnxruntime-node's would download CUDA libraries.
ignore-scripts=true
fund=false
`

const GIT_ATTRIBUTES = `# The same line ends on every machine: dist/ is compared, and artifacts are named by their digest.
* text=auto eol=lf
models/*/artifacts/** -text
models/*/evaluation/** -text
*.onnx binary
dist/** linguist-generated
`

const TYPESCRIPT = {
  compilerOptions: {
    target: 'ES2023',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['models', 'environments'],
}

const SCHEMAS = './node_modules/modelyard/lib/schemas'
const EDITOR = {
  'yaml.schemas': {
    [`${SCHEMAS}/pin.json`]: 'environments/*/pins/*.yaml',
    [`${SCHEMAS}/version.json`]: 'models/*/versions/*.yaml',
    [`${SCHEMAS}/release.json`]: 'models/*/releases/*.yaml',
  },
  'files.readonlyInclude': { 'dist/**': true, 'models/*/versions/**': true, 'models/*/releases/**': true },
}

function codeOwners(team: string | undefined): string {
  const owners = team === undefined ? '# *  @your-organisation/your-team' : `*  ${team}`
  return `# Who is asked to review: the last line that matches counts.\n${owners}\n`
}

const GITLAB_CI = `# Merge requests are checked without a secret: definitions are code of whoever opened them.
default:
  image: node:24-bookworm-slim

workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH

checks:
  variables:
    GIT_DEPTH: '0'
  before_script:
    - apt-get update -q && apt-get install -y -q --no-install-recommends git ca-certificates
    - npm ci --ignore-scripts
  script:
    - npx --no-install modelyard synth --check
    - npx --no-install modelyard validate --format junit >report.xml
    - if [ "$CI_PIPELINE_SOURCE" = merge_request_event ]; then npx --no-install modelyard gates --base "$CI_MERGE_REQUEST_DIFF_BASE_SHA"; fi
  artifacts:
    when: always
    reports:
      junit: report.xml
`

function readme({ name, environments, forge }: NewRepository): string {
  const [first = '', ...later] = environments
  const chain = environments.map((environment) => `\`${environment}\``).join(' -> ')
  const opened = { github: 'GITHUB_TOKEN', gitlab: '', none: '' }[forge]
  const promotions = later.map(
    (environment, index) => `npx modelyard promote <model> --from ${environments[index]} --to ${environment}`,
  )
  return `# ${name}

Models, environments and the Kubernetes manifests made from them, managed with Modelyard. Environments: ${chain}.

\`\`\`
npm install
npx modelyard new model <model> --onnx out/model.onnx
npx modelyard register <model> out/model.onnx --version 1.0.0
npx modelyard new pin <model> --env ${first} --version 1.0.0
npx modelyard synth
git add --all && git commit --message "Add <model> 1.0.0"
${promotions.join('\n')}
\`\`\`

| path | content | written by |
| --- | --- | --- |
| \`models/<model>/model.ts\`, \`environments/<env>/environment.ts\` | what should be true | people |
| \`models/<model>/versions/\`, \`models/<model>/releases/\` | artifacts and sealed releases | \`register\`, \`promote\` |
| \`environments/<env>/pins/<model>.yaml\` | which release runs | \`promote\`, \`candidate\`, \`rollback\`, \`retire\` |
| \`dist/<env>/\` | plain manifests, which Argo CD syncs | \`synth\` |

${opened ? `Commands that open a pull request read the forge's token from \`${opened}\`. Without it they push the branch and print its name.\n\n` : ''}## Before a cluster can run it

1. \`environments/shared.ts\`: set \`repoURL\` and where artifacts are stored.
2. \`environments/${first}/environment.ts\`: set \`servingImage\` to a published image, by digest. The digest of zeros is a placeholder.
3. Each \`environment.ts\`: set \`cluster.server\` and \`namespace\`, and name who may call the models in \`network.from\`.
4. Apply the root Application of an environment once: \`kubectl apply -f dist/<env>/bootstrap/\`.
`
}
