import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { formatReference, type ReleaseFile, type VersionFile } from '../../generators/definitions/index.ts'
import { createScratchRepository, type GitRepository } from '../../generators/git/index.ts'
import { applyChanges, compareWithDist, renderManifests } from '../../generators/manifests/index.ts'
import {
  type Proposal,
  type ProposalOptions,
  promote,
  retire,
  rollback,
  stepCandidate,
} from '../../generators/promotion/index.ts'
import { loadRepository, releaseReference, resolvePlan } from '../../generators/repository/index.ts'
import { REPOSITORY } from '../../generators/testing/example-repository.ts'
import { contentDigest } from '../../generators/text/index.ts'
import { formatYaml, parseYaml } from '../../generators/yaml/index.ts'
import { csvOf, type GateSpec, type Resources, sha256, type Version, type World } from './candidates.ts'
import { linear, NIGHTS, probability, type Row, ZONES } from './model.ts'

/** A body as it would be opened, and what a checker may look at beside the world itself. */
export interface Opened {
  title: string
  body: string
  /** What was measured here and now, and no other place knows. */
  report: Record<string, unknown>
  /** What Git says that the commit changes. */
  changes: { status: string; file: string; diff: string[] }[]
  /** Of the Deployment, before and after; absent where there is none. */
  template: { before?: string; after?: string }
  base: string
  /** Commits to production's pin, the newest first. */
  pinCommits: { commit: string; date: string }[]
}

const PREDICTED = 12

/** Writes the world as a repository of its own, proposes its action on a local branch, and removes everything. */
export async function openBody(world: World): Promise<Opened> {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'modelyard-bodies-')))
  const root = join(top, 'repository')
  try {
    const [first, ...later] = commitsOf(world)
    await write(root, first ?? {})
    const git = await createScratchRepository(root, join(top, 'origin.git'))
    for (const files of later) {
      await write(root, files)
      await git.git(['add', '--all'])
      await git.git(['commit', '--quiet', '--message', 'One more'])
    }
    await git.git(['push', '--quiet', 'origin', 'main'])
    const proposal = await act(world, {
      root,
      packagesRoot: REPOSITORY,
      remote: 'origin',
      baseBranch: 'main',
      forge: undefined,
      push: false,
      dryRun: false,
      offline: false,
      judging: { overrides: world.overrides, measureMemory: world.measuresMemory },
    })
    if (!proposal) throw new Error('nothing to propose')
    const { title, body, report, published } = proposal
    const commit = published?.commit ?? ''
    return {
      title,
      body,
      report: { ...(report as object) },
      ...(await changesOf(git, world, commit)),
      ...(await historyOf(git, world)),
    }
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
}

async function changesOf(
  git: GitRepository,
  { model }: World,
  commit: string,
): Promise<Pick<Opened, 'changes' | 'template'>> {
  const names = await git.git(['diff', '--name-status', '--no-renames', 'main', commit])
  const changes: Opened['changes'] = []
  for (const line of names.trim().split('\n')) {
    const [status = '', file = ''] = line.split('\t')
    const diff = await git.git(['diff', '--unified=0', 'main', commit, '--', file])
    changes.push({ status, file, diff: diff.split('\n').filter((one) => /^[+-](?!\+\+ |-- )/.test(one)) })
  }
  const deployment = `dist/production/models/${model}/deployment.yaml`
  const templateAt = async (at: string) => {
    const text = await git.git(['show', `${at}:${deployment}`]).catch(() => undefined)
    if (text === undefined) return undefined
    const value = parseYaml(deployment, text).document?.value as { spec: { template: unknown } }
    return JSON.stringify(value.spec.template)
  }
  const [before, after] = [await templateAt('main'), await templateAt(commit)]
  return { changes, template: { ...(before !== undefined && { before }), ...(after !== undefined && { after }) } }
}

async function historyOf(git: GitRepository, { model }: World): Promise<Pick<Opened, 'base' | 'pinCommits'>> {
  const base = (await git.git(['rev-parse', 'HEAD'])).trim()
  const log = await git.git(['log', '--format=%H %cI', '--', `environments/production/pins/${model}.yaml`])
  const pinCommits = log
    .trim()
    .split('\n')
    .map((line) => {
      const [commit = '', date = ''] = line.split(' ')
      return { commit, date }
    })
  return { base, pinCommits }
}

function act({ model, action }: World, options: ProposalOptions): Promise<Proposal<unknown> | undefined> {
  const request = { model, from: 'staging', to: 'production' }
  switch (action.kind) {
    case 'promote':
      return promote({ ...request, ...(action.mode.kind !== 'stable' && { candidate: action.mode }) }, options)
    case 'image':
      return promote({ ...request, image: `sha256:${'c'.repeat(64)}` }, options)
    case 'rollback':
      return rollback({ model, environment: 'production', ...(action.reason && { reason: action.reason }) }, options)
    case 'candidate': {
      const step = action.weight === undefined ? ('abort' as const) : { weight: action.weight }
      return stepCandidate(
        { model, environment: 'production', step, ...(action.reason && { reason: action.reason }) },
        options,
      )
    }
    case 'retire':
      return retire({ model, environment: 'production', ...(action.reason && { reason: action.reason }) }, options)
  }
}

type Files = Record<string, string | Uint8Array>

/** Commit after commit: what ran before, and what the action starts from. */
function commitsOf(world: World): Files[] {
  const { model, champion, former, candidate, canary, image, sealed } = world
  const pin = `environments/production/pins/${model}.yaml`
  const base: Files = {
    [`models/${model}/model.ts`]: modelText(world),
    [`models/${model}/evaluation/${sha256(csvOf(world.rows))}.csv`]: csvOf(world.rows),
    'environments/staging/environment.ts': environmentText(world, 'staging'),
    'environments/production/environment.ts': environmentText(world, 'production'),
    ...(world.hasOwners && { '.github/CODEOWNERS': '* @rides/everybody\n' }),
    [`environments/staging/pins/${model}.yaml`]: formatYaml({ stable: candidate.version }),
    ...versionFiles(world, candidate),
    ...(champion && versionFiles(world, champion)),
    ...(former && versionFiles(world, former)),
  }
  if (!world.hasRows) delete base[`models/${model}/evaluation/${sha256(csvOf(world.rows))}.csv`]
  if (!champion) return [base]
  const before = releaseOf(world, champion, sealed.champion, image.champion)
  const releases = { [before.file]: before.text }
  const steps: Files[] = []
  if (former) {
    const oldest = releaseOf(world, former, sealed.champion, image.champion)
    releases[oldest.file] = oldest.text
    steps.push({ [pin]: formatYaml({ stable: oldest.reference }) })
  }
  const beside = canary && releaseOf(world, candidate, sealed.candidate, image.candidate)
  if (beside) releases[beside.file] = beside.text
  steps.push({
    [pin]: formatYaml({
      stable: before.reference,
      ...(beside && canary && { candidate: { release: beside.reference, ...canary } }),
    }),
  })
  const [first, ...later] = steps
  return [{ ...base, ...releases, ...first }, ...later]
}

/** Name and digest as a pin has them. */
export function releaseOf(world: World, version: Version, resources: Resources, servingImage: string) {
  const content: ReleaseFile = {
    model: world.model,
    version: version.version,
    versionDigest: contentDigest(versionFileOf(world, version)),
    servingImage,
    settings: {
      owner: world.owner,
      resources: { ...resources },
      replicas: { min: 2, max: 4 },
      batching: { maxSize: 32, maxDelayMs: 0 },
      slo: { latencyP99Ms: 100, availability: 0.999 },
      strict: false,
    },
  }
  const reference = releaseReference(content)
  return {
    name: reference.name,
    reference: formatReference(reference),
    file: `models/${world.model}/releases/${reference.name}.yaml`,
    text: formatYaml(content),
  }
}

function versionFiles(world: World, version: Version): Files {
  const folder = `models/${world.model}`
  return {
    [`${folder}/versions/${version.version}.yaml`]: formatYaml(versionFileOf(world, version)),
    [`${folder}/artifacts/${version.version}/model.onnx`]: version.graph,
    [`${folder}/artifacts/${version.version}/samples.json`]: samplesOf(world, version),
  }
}

/** The values of every output for one row. */
function answerOf({ outputs, labels }: Version, row: Omit<Row, 'truth'>): Record<string, number[]> {
  return Object.fromEntries(
    outputs.map(({ name, weights }) => {
      if (!labels) return [name, [Math.fround(linear(weights, row))]]
      const fraud = probability(weights, row)
      return [name, labels.map((label) => (label === 'fraud' ? fraud : 1 - fraud))]
    }),
  )
}

/** Rows that a version takes, asked as a caller asks. */
export function samplesRows({ rows }: World, { zones }: Version): Row[] {
  return rows.filter(({ zone }) => zones.includes(zone)).slice(0, PREDICTED)
}

function samplesOf(world: World, version: Version): string {
  const samples = samplesRows(world, version).map((row, index) => {
    const { truth: _, ...features } = row
    const asked = { ...features, ...(version.extraColumn && { seats: 1 + (index % 4) }) }
    return { id: `sample-${index + 1}`, features: asked, outputs: answerOf(version, row) }
  })
  const tolerance = { relative: 1e-4, absolute: 1e-4 }
  return `${JSON.stringify({ source: 'bodies tier', tolerance, samples }, null, 1)}\n`
}

export function versionFileOf(world: World, version: Version): VersionFile {
  const { outputs, unit, labels, zones, extraColumn, metrics, lineage } = version
  const file = (name: string, content: string | Uint8Array) => ({
    path: `artifacts/${version.version}/${name}`,
    sha256: sha256(content),
    size: Buffer.byteLength(content),
  })
  return {
    model: world.model,
    version: version.version,
    bundle: {
      model: file('model.onnx', version.graph),
      goldenSamples: file('samples.json', samplesOf(world, version)),
    },
    interface: {
      inputs: [
        {
          name: 'features',
          datatype: 'float32',
          shape: ['batch', extraColumn ? 4 : 3],
          columns: [
            { name: 'distance', kind: 'number', unit: 'km', min: 0, max: 60, example: 12 },
            { name: 'night', kind: 'category', categories: { ...NIGHTS } },
            {
              name: 'zone',
              kind: 'category',
              categories: Object.fromEntries(Object.entries(ZONES).filter(([zone]) => zones.includes(zone))),
            },
            ...(extraColumn ? [{ name: 'seats', kind: 'number' as const, min: 1, max: 8, example: 2 }] : []),
          ],
        },
      ],
      outputs: outputs.map(({ name }) => ({
        name,
        datatype: 'float32',
        shape: ['batch', labels ? 2 : 1],
        ...(labels && { labels }),
        ...(unit !== undefined && name === 'price' && { unit }),
      })),
    },
    runtime: { opset: { 'ai.onnx': 17, 'ai.onnx.ml': 3 }, onnxruntime: '1.30.0' },
    evaluation: {
      dataset: { name: 'rides', split: 'test', rows: world.rows.length, sha256: sha256(csvOf(world.rows)) },
      metrics,
    },
    lineage,
  }
}

function gateText(gate: GateSpec): string {
  const percent = (share: number) => `'${Number((share * 100).toFixed(3))}%'`
  switch (gate.kind) {
    case 'threshold':
      return `metric('${gate.metric}').atLeast(${gate.atLeast})`
    case 'champion': {
      const confidence = gate.confidence === undefined ? '' : `, confidence: ${percent(gate.confidence)}`
      const text = `metric('${gate.metric}').noWorseThanChampion({ tolerance: ${percent(gate.tolerance)}${confidence} })`
      return gate.advisory ? `advisory(${text})` : text
    }
    case 'latency':
      return `advisory(latency('p50').noWorseThanChampion({ tolerance: ${percent(gate.tolerance)} }))`
  }
}

function modelText(world: World): string {
  const { model, owner, task, candidate, sealed, gates } = world
  const outputs = candidate.outputs.map(({ name }) => {
    const labels = candidate.labels ? `, { labels: ['${candidate.labels.join("', '")}'] }` : ''
    return `${name}: tensor('float32', ['batch', ${task === 'fraud' ? 2 : 1}]${labels})`
  })
  const seats = candidate.extraColumn ? '\n      seats: number({ min: 1, max: 8, example: 2 }),' : ''
  const zones = candidate.zones.map((zone) => `${zone}: ${ZONES[zone as keyof typeof ZONES]}`).join(', ')
  const { cpu, memory, gpu } = sealed.candidate
  return `import { advisory, category, defineModel, features, latency, metric, number, tensor } from 'modelyard'

void [advisory, latency, metric]
export default defineModel({
  name: '${model}',
  owner: '${owner}',
  inputs: {
    features: features('float32', {
      distance: number({ unit: 'km', min: 0, max: 60, example: 12 }),
      night: category({ no: 0, yes: 1 }),
      zone: category({ ${zones} }),${seats}
    }),
  },
  outputs: { ${outputs.join(', ')} },
  serving: { resources: { cpu: '${cpu}', memory: '${memory}'${gpu === undefined ? '' : `, gpu: ${gpu}`} } },
  evaluation: { truth: 'truth'${task === 'fraud' ? ", positive: 'fraud'" : ''} },
  gates: { promotion: [${gates.map(gateText).join(', ')}] },
})
`
}

function environmentText(
  { model, image, override, hasGpus, approvals }: World,
  name: 'staging' | 'production',
): string {
  const isFirst = name === 'staging'
  const imports = [
    ...(isFirst ? [] : ["import staging from '../staging/environment.ts'"]),
    ...(override && !isFirst ? [`import model from '../../models/${model}/model.ts'`] : []),
  ]
  const resources = override && Object.entries(override).map(([field, value]) => `${field}: ${JSON.stringify(value)}`)
  const lines = [
    ...(isFirst ? [`servingImage: '${image.candidate}'`] : ['promotesFrom: staging']),
    ...(hasGpus ? ['gpu: gpu()'] : []),
    ...(isFirst ? [] : [`gates: { approvals: ${approvals} }`]),
    ...(resources && !isFirst ? [`overrides: [override(model, { resources: { ${resources.join(', ')} } })]`] : []),
  ]
  return `import { defineEnvironment, gpu, https, override } from 'modelyard'
${imports.map((line) => `${line}\n`).join('')}
void [gpu, override]
export default defineEnvironment({
  name: '${name}',
  revision: 1,
  cluster: { name: '${name}', server: 'https://${name}.example.com' },
  namespace: 'models-${name}',
  artifacts: https('https://store.example.com'),
  network: { to: ['203.0.113.0/24'] },
  argocd: { repoURL: 'https://git.example.com/models.git' },
${lines.map((line) => `  ${line},\n`).join('')}})
`
}

async function write(root: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  const repository = await loadRepository(root, { packagesRoot: REPOSITORY })
  const plan = resolvePlan(repository)
  const wrong = [...repository.findings, ...plan.findings].filter(({ severity }) => severity === 'error')
  if (wrong.length > 0) throw new Error(`the world is not valid: ${JSON.stringify(wrong, null, 1)}`)
  await applyChanges(root, await compareWithDist(root, renderManifests(plan), {}))
}
