import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Finding } from '../../generators/findings/index.ts'
import { REPOSITORY } from '../../generators/testing/example-repository.ts'
import { checkObjects } from '../../generators/validation/check-objects.ts'
import { CLOSED_WORLD } from '../../generators/validation/cluster-scope.ts'
import { type ManifestObject, readManifests } from '../../generators/validation/manifest-objects.ts'
import { CLUSTER_FIXTURES } from '../../generators/validation/testing/cluster-fixtures.ts'
import { changed, type Files, GOOD, objectsOf } from '../../generators/validation/testing/fixture.ts'
import { POD_FIXTURES } from '../../generators/validation/testing/pod-fixtures.ts'
import { REFERENCE_FIXTURES } from '../../generators/validation/testing/reference-fixtures.ts'
import { WORKLOAD_FIXTURES } from '../../generators/validation/testing/workload-fixtures.ts'

/** Objects that are checked together, by them and by us. */
export interface Case {
  name: string
  /** The rule that its objects break. */
  rule?: string
  /** Absolute path by the file that our findings name. */
  paths: Map<string, string>
  findings: Finding[]
  objects: ManifestObject[]
}

/** Writes every fixture into a folder of its own, and takes dist/ of this repository environment by environment. */
export function allCases(folder: string): Case[] {
  const fixtures = [...REFERENCE_FIXTURES, ...POD_FIXTURES, ...WORKLOAD_FIXTURES, ...CLUSTER_FIXTURES]
  return [
    written(folder, 'good', GOOD),
    ...fixtures.flatMap(({ rule, fails, passes }, index) => [
      { ...written(folder, `${index}-${rule}/fails`, changed(fails)), rule },
      written(folder, `${index}-${rule}/passes`, changed(passes)),
    ]),
    ...['development', 'staging', 'production'].map(distCase),
  ]
}

function written(folder: string, name: string, files: Files): Case {
  const paths = new Map(
    Object.entries(files).map(([file, text]) => {
      const path = join(folder, name, `${file}.yaml`)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
      return [`shop/${file}.yaml`, path]
    }),
  )
  return checked(name, objectsOf(files), paths)
}

function distCase(environment: string): Case {
  const { objects } = readManifests(REPOSITORY, `dist/${environment}`)
  const paths = new Map(objects.map(({ file }) => [file, join(REPOSITORY, file)]))
  return checked(`dist/${environment}`, objects, paths)
}

function checked(name: string, objects: ManifestObject[], paths: Case['paths']): Case {
  return { name, paths, objects, findings: checkObjects(objects, { world: CLOSED_WORLD }) }
}

const KINDS = {
  Pod: [],
  Deployment: [],
  ReplicaSet: [],
  StatefulSet: [],
  DaemonSet: [],
  Job: [],
  CronJob: ['jobTemplate', 'spec'],
}

/** The Deployment of each fixture of pods once more as every kind that makes pods. */
export function asEveryKind(folder: string): Case[] {
  const files = [GOOD, ...POD_FIXTURES.flatMap(({ fails, passes }) => [changed(fails), changed(passes)])]
  return files.flatMap((fixture, index) => {
    const deployment = objectsOf(fixture).find(({ file }) => file === 'shop/deployment.yaml')?.value as Deployment
    return Object.entries(KINDS).map(([kind, above]) => {
      const value = asKind(kind, above, deployment.spec.template)
      const path = join(folder, 'kinds', `${index}-${kind}.json`)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, JSON.stringify(value))
      const object = { file: path, value, lineOf: () => 1 }
      return checked(`kinds/${index}-${kind}`, [object], new Map([[path, path]]))
    })
  })
}

interface Deployment {
  spec: { template: { metadata: object; spec: object } }
}

function asKind(kind: string, above: string[], template: Deployment['spec']['template']): object {
  const group = kind === 'Pod' ? 'v1' : kind.endsWith('Job') ? 'batch/v1' : 'apps/v1'
  const head = { apiVersion: group, kind, metadata: { name: 'web', namespace: 'shop' } }
  if (kind === 'Pod') return { ...head, metadata: { ...head.metadata, ...template.metadata }, spec: template.spec }
  return { ...head, spec: above.reduceRight<object>((spec, key) => ({ [key]: spec }), { template }) }
}
