import { namespacesOf } from '../definitions/index.ts'
import { type Finding, RULES } from '../findings/index.ts'
import type { FileChange } from '../manifests/index.ts'
import {
  type Loaded,
  type LoadedModel,
  type Plan,
  paths,
  type Repository,
  releaseReference,
} from '../repository/index.ts'
import { contentDigest } from '../text/index.ts'
import { checkCandidates } from './candidates.ts'
import { holdsCredential } from './policy/secret-policy.ts'

/** Rules across files: names against contents, seals, owners of namespaces, images. */
export function checkRepositoryRules(repository: Repository, plan: Plan): Finding[] {
  const models = [...repository.models.values()].flatMap((model) => [...checkVersions(model), ...checkReleases(model)])
  return [
    ...models,
    ...checkNamespaces(repository, plan),
    ...checkImages(repository, plan),
    ...checkEgress(repository, plan),
    ...checkIngress(repository, plan),
    ...checkCandidates(repository, plan),
    ...checkSecrets(repository),
  ]
}

/** The line of a credential, never the credential. */
function checkSecrets(repository: Repository): Finding[] {
  const models = [...repository.models.values()].flatMap(({ definition, versions, releases }) => [
    ...(definition ? [definition] : []),
    ...versions.values(),
    ...releases.values(),
  ])
  const environments = [...repository.environments.values()].flatMap(({ definition, pins }) => [
    definition,
    ...pins.values(),
  ])
  return [...models, ...environments].flatMap(({ file, text }) => {
    if (!holdsCredential(text)) return []
    const line = text.split('\n').findIndex(holdsCredential) + 1 || 1
    const rule = 'secret-in-repository'
    const message = 'looks like a credential'
    return [{ rule, severity: 'error', message, file, line, fix: RULES[rule].repair } satisfies Finding]
  })
}

/** dist/ and the asked part of CODEOWNERS must be what `synth` writes: one finding for each file that is not, at its first line that differs. */
export function checkDist(changes: readonly FileChange[]): Finding[] {
  return changes.map(({ path, before, after }): Finding => {
    const state =
      before === undefined
        ? 'is missing'
        : after === undefined
          ? 'is no longer wanted'
          : 'differs from what synth writes'
    return {
      rule: 'dist-stale',
      severity: 'error',
      message: state,
      file: path,
      line: before === undefined || after === undefined ? 1 : firstDifferentLine(before, after),
      fix: `Run modelyard synth and commit ${path.startsWith('dist/') ? 'dist/' : path}.`,
    }
  })
}

function checkVersions(model: LoadedModel): Finding[] {
  return [...model.versions].flatMap(([name, version]) => {
    const { model: said, version: number } = version.value
    if (said === model.name && number === name) return []
    const message = `says it is ${said} ${number}, and its path says ${model.name} ${name}`
    return [fileFinding('version-misplaced', version, message, `Move it to ${paths.version(said, number)}.`)]
  })
}

function checkReleases(model: LoadedModel): Finding[] {
  return [...model.releases].flatMap(([name, release]): Finding[] => {
    const { name: sealed } = releaseReference(release.value)
    if (sealed !== name || release.value.model !== model.name) {
      const message = `was edited after it was sealed: its content is that of ${release.value.model} ${sealed}`
      return [
        fileFinding('release-edited', release, message, 'Restore it from Git; promote again to seal other settings.'),
      ]
    }
    const version = model.versions.get(release.value.version)
    if (version && contentDigest(version.value) !== release.value.versionDigest) {
      const message = `seals version ${release.value.version} with another content than ${version.file} has now`
      const line = release.lineOf(['versionDigest'])
      const fix = `Restore ${version.file} from Git: a registered version never changes.`
      return [{ ...fileFinding('release-version-changed', release, message, fix), ...(line !== undefined && { line }) }]
    }
    return []
  })
}

/** Two environments that share a namespace of one cluster would prune each other's objects. */
function checkNamespaces(repository: Repository, plan: Plan): Finding[] {
  const owners = new Map<string, string>()
  return plan.environments.flatMap(({ definition }): Finding[] => {
    const { name, cluster } = definition
    const line = repository.environments.get(name)?.definition.lineOf(['namespace'])
    return namespacesOf(definition.namespace).flatMap(({ namespace }): Finding[] => {
      const key = `${cluster.server} ${namespace}`
      const owner = owners.get(key) ?? name
      owners.set(key, owner)
      if (owner === name) return []
      return [
        {
          rule: 'namespace-two-owners',
          severity: 'error',
          message: `namespace ${namespace} of ${cluster.server} belongs to environment ${owner} already`,
          file: paths.environment(name),
          ...(line !== undefined && { line }),
          fix: 'Give each environment a namespace of its own.',
        },
      ]
    })
  })
}

function checkImages(repository: Repository, plan: Plan): Finding[] {
  return plan.environments.flatMap(({ definition }): Finding[] => {
    if (!/@sha256:0{64}$/.test(definition.servingImage ?? '')) return []
    const line = repository.environments.get(definition.name)?.definition.lineOf(['servingImage'])
    return [
      {
        rule: 'image-placeholder',
        severity: 'warning',
        message: 'servingImage has a digest of zeros: no cluster can pull it',
        file: paths.environment(definition.name),
        ...(line !== undefined && { line }),
        fix: 'Publish an image of modelyard-serving and name it by its digest.',
      },
    ]
  })
}

/** A NetworkPolicy that names no address keeps nothing in. */
function checkEgress(repository: Repository, plan: Plan): Finding[] {
  return plan.environments.flatMap(({ definition }): Finding[] => {
    const { name, artifacts, predictionLog, network } = definition
    if (network?.to !== undefined || (['files', 'image'].includes(artifacts.kind) && !predictionLog)) return []
    const line = repository.environments.get(name)?.definition.lineOf(['network'])
    return [
      {
        rule: 'egress-open',
        severity: 'info',
        message: `pods may call any address at the ports of ${predictionLog ? 'the store and the prediction log' : 'the store'}`,
        file: paths.environment(name),
        ...(line !== undefined && { line }),
        fix: "Name what they call: network: { to: ['10.0.0.0/8'] }.",
      },
    ]
  })
}

/**
 * A NetworkPolicy that lets everybody in, before a server that asks nobody who they are. From revision 3 on somebody wrote it; up to
 * revision 2 it is what an environment without `network.from` gets.
 */
function checkIngress(repository: Repository, plan: Plan): Finding[] {
  return plan.environments.flatMap(({ definition }): Finding[] => {
    const { name, network, server, revision } = definition
    const isOpen = network?.from === 'cluster' || (revision < 3 && network?.from === undefined)
    if (!isOpen || server?.apiKeys !== undefined) return []
    const line = repository.environments.get(name)?.definition.lineOf(['network'])
    const isWritten = network?.from === 'cluster'
    return [
      {
        rule: 'ingress-open',
        severity: isWritten ? 'warning' : 'info',
        message: `every pod of the cluster may call the models without a key${isWritten ? '' : `, as revision ${revision} has it`}`,
        file: paths.environment(name),
        ...(line !== undefined && { line }),
        fix: `${isWritten ? 'Name' : 'Write revision: 3, or name'} the callers, network: { from: [{ namespace: '...' }] }, or a Secret with keys, server: { apiKeys: '...' }.`,
      },
    ]
  })
}

function firstDifferentLine(before: string, after: string): number {
  const wanted = after.split('\n')
  return before.split('\n').findIndex((line, index) => line !== wanted[index]) + 1 || wanted.length
}

function fileFinding(rule: Finding['rule'], source: Loaded<unknown>, message: string, fix: string): Finding {
  return { rule, severity: 'error', message, file: source.file, line: 1, fix }
}
