import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { GoldenSamples } from 'modelyard-serving/contract'
import type { ModelServer } from 'modelyard-serving/main'
import { Failure, hasErrors } from '../findings/index.ts'
import { createGitHubForge, type EmbeddedForge, startEmbeddedForge } from '../forges/index.ts'
import { createScratchRepository, type GitRepository, mergeBranch } from '../git/index.ts'
import { applyChanges, compareWithDist, renderManifests } from '../manifests/index.ts'
import { requireEnvironment, requirePinned } from '../pins/index.ts'
import { promote } from '../promotion/index.ts'
import { prepareLocalPod } from '../registry/index.ts'
import { bundlePath, loadRepository, type PlannedModel, type Repository, resolvePlan } from '../repository/index.ts'
import { formatForTerminal } from '../review/index.ts'
import { countFindings, validateRepository } from '../validation/index.ts'
import { startLocalServer } from './local-server.ts'
import type { Output } from './output.ts'

export interface DemoOptions {
  root: string
  model: string
  from: string
  to: string
  /** 0 for a free one. */
  port: number
}

/** The whole path on embedded defaults: synth, validate, promote, merge, serve, predict. The caller stops the server. */
export async function runDemo(
  options: DemoOptions,
  output: Output,
): Promise<ModelServer & { remove(): Promise<void> }> {
  const scratch = await mkdtemp(join(tmpdir(), 'modelyard-demo-'))
  const forge = await startEmbeddedForge()
  const remove = async () => {
    await forge.close()
    await rm(scratch, { recursive: true, force: true })
  }
  try {
    const directory = join(scratch, 'repository')
    const git = await step(output, 'Copy the repository; its remote is a bare repository beside it', async () => {
      await copyRepository(options.root, directory)
      return createScratchRepository(directory, join(scratch, 'origin.git'))
    })
    await step(output, 'synth: every environment to plain manifests', () => synthesize(directory, output))
    await step(output, 'validate: definitions, pins, releases, objects, artifacts', () => validate(directory, output))
    const title = await step(output, `promote ${options.model}: ${options.from} to ${options.to}`, () =>
      openPullRequest(directory, options, forge, output),
    )
    await step(output, 'merge, as a reviewer would; Argo CD would sync it now', () =>
      mergeBranch(git, `promote/${options.model}/${options.to}`, `Merge: ${title}`),
    )
    const server = await serveAndPredict(git, options, join(scratch, 'pod'), output)
    return { ...server, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function step<T>(output: Output, label: string, work: () => Promise<T>): Promise<T> {
  output.line(output.bold(`> ${label}`))
  const started = performance.now()
  const result = await work()
  output.line(output.dim(`  ${Math.round(performance.now() - started)} ms\n`))
  return result
}

/** What generation and checks read and write; installed packages are shared, since artifacts may come from one. */
async function copyRepository(root: string, directory: string): Promise<void> {
  for (const name of ['models', 'environments', 'dist', '.github', 'CODEOWNERS', 'modelyard.yaml']) {
    if (!existsSync(join(root, name))) continue
    await cp(join(root, name), join(directory, name), {
      recursive: true,
      filter: (source) => !/[\\/](node_modules|out|\.venv|__pycache__)([\\/]|$)/.test(source),
    })
  }
  await symlink(join(root, 'node_modules'), join(directory, '..', 'node_modules'), 'junction')
}

async function synthesize(root: string, output: Output): Promise<void> {
  const plan = resolvePlan(await loadRepository(root))
  const manifests = renderManifests(plan)
  const changes = await compareWithDist(root, manifests, {})
  await applyChanges(root, changes)
  for (const { definition, models } of plan.environments) {
    const running = models.map(({ name, stable, candidate }) => {
      const share = candidate ? ` (${candidate.version.facts.version} ${candidate.mode} ${candidate.weight} %)` : ''
      return `${name} ${stable.reference}${share}`
    })
    output.line(`  ${definition.name.padEnd(12)} ${running.join(', ')}`)
  }
  output.line(`  ${manifests.size} objects, ${changes.length} files differ from dist/`)
}

async function validate(root: string, output: Output): Promise<void> {
  const { findings, counts } = await validateRepository(root, { packagesRoot: join(root, '..') })
  output.line(`  ${counts.objects} objects, ${counts.versions} versions: ${countFindings(findings)}`)
  for (const { message, file } of findings) output.line(output.dim(`  ${file}: ${message}`))
  if (hasErrors(findings)) throw new Failure('the repository is not valid', { findings })
}

async function openPullRequest(
  root: string,
  { model, from, to }: DemoOptions,
  forge: EmbeddedForge,
  output: Output,
): Promise<string> {
  const proposal = await promote(
    { model, from, to },
    {
      root,
      packagesRoot: join(root, '..'),
      remote: 'origin',
      baseBranch: 'main',
      push: true,
      dryRun: false,
      offline: false,
      forge: createGitHubForge({
        repository: { host: 'localhost', owner: 'example', repo: 'models' },
        baseUrl: forge.url,
        environment: { GITHUB_TOKEN: 'the embedded forge takes any' },
      }),
    },
  )
  if (!proposal) {
    throw new Failure(`${to} runs the ${model} of ${from} already, so the demo has nothing to promote`, {
      fix: 'Name another with --model, --from and --to.',
    })
  }
  const { published } = proposal
  output.line(`  branch ${published?.branch}, pull request ${published?.pullRequest?.url}\n`)
  output.line(formatForTerminal(proposal.body, { fold: true }).trimEnd().replaceAll(/^/gm, '  | '))
  return proposal.title
}

async function serveAndPredict(
  git: GitRepository,
  options: DemoOptions,
  directory: string,
  output: Output,
): Promise<ModelServer> {
  const repository = await loadRepository(git.root, { packagesRoot: join(git.root, '..') })
  const model = requirePinned(requireEnvironment(resolvePlan(repository), options.to), options.model)
  const server = await step(
    output,
    `serve ${model.name} ${model.stable.reference} with the configuration of dist/${options.to}`,
    async () => {
      const pod = await prepareLocalPod(repository, model, directory)
      const started = await startLocalServer({ ...pod, port: options.port })
      output.line(
        `  ${started.address}, configuration from dist/${options.to}/models/${model.name}/boot-config-map.yaml`,
      )
      return started
    },
  )
  try {
    await step(output, 'predict', () => predict(server, repository, model, output))
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

/** Sends the first golden sample over HTTP and shows what was answered beside what the training framework computed. */
async function predict(
  server: ModelServer,
  repository: Repository,
  model: PlannedModel,
  output: Output,
): Promise<void> {
  const { facts } = model.stable
  const file = facts.bundle.goldenSamples && bundlePath(repository, model.name, facts.bundle.goldenSamples)
  if (file === undefined) throw new Failure(`${model.name} has no golden samples to send`)
  const { samples, source } = JSON.parse(await readFile(file, 'utf8')) as GoldenSamples
  const sample = samples[0]
  if (!sample?.features)
    throw new Failure(`${model.name} takes raw tensors; the demo sends named features`, { fix: 'Name another model.' })
  const body = JSON.stringify(sample.features)
  const response = await fetch(`${server.address}/models/${model.name}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  const answer = await response.text()
  if (!response.ok) throw new Failure(`the server answered ${response.status}: ${answer}`)
  output.line(`  POST /models/${model.name}/predict ${body}`)
  output.line(`  ${response.status} ${output.bold(answer)}`)
  output.line(`  ${source} computed ${JSON.stringify(sample.outputs)}`)
  output.data({
    address: server.address,
    request: sample.features,
    answer: JSON.parse(answer),
    expected: sample.outputs,
  })
}
