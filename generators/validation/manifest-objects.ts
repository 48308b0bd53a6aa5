import { relative, sep } from 'node:path'
import type { DocumentPath, Finding } from '../findings/index.ts'
import {
  type Directive,
  type DocumentPlace,
  MAX_DOCUMENTS,
  readStream,
  type ScalarSource,
  scalarSource,
} from '../yaml/index.ts'
import { type ManifestSource, manifestSources } from './manifest-sources.ts'

/** One Kubernetes object, with the lines of its file; those are looked for only when a finding asks. */
export interface ManifestObject {
  /** Relative to where the command was started, or to the repository's root; with forward slashes. */
  file: string
  value: unknown
  /** 1-based line of what is at `path`, or of the nearest parent that exists. */
  lineOf(path: DocumentPath): number | undefined
  /** Where its document stands: absent for objects that no text holds. */
  place?: DocumentPlace
  /** Where it stands in the document; at its top when left out. */
  within?: DocumentPath
}

/** The fields that every object has; what else it holds is read where it is needed. */
export interface KubernetesObject {
  apiVersion?: string
  kind?: string
  metadata?: { name?: string; namespace?: string; labels?: Record<string, string> }
  [field: string]: unknown
}

export interface Manifests {
  objects: ManifestObject[]
  /** What could not be read. */
  findings: Finding[]
  /** Comments of the files that speak to this program. */
  comments: (Directive & { file: string })[]
  files: number
  /** Documents in folders that are for another program: neither apiVersion nor kind, or a Kustomization. */
  otherDocuments: number
}

/**
 * Every object of the inputs, in their order. Throws a Failure for an input that does not exist.
 * @param texts by file: to be read instead of what is written there
 */
export function readManifestInputs(inputs: readonly string[], texts?: ReadonlyMap<string, string>): Manifests {
  const read: Manifests = { objects: [], findings: [], comments: [], files: 0, otherDocuments: 0 }
  for (const { source, finding } of manifestSources(inputs)) {
    if (!source) read.findings.push(finding)
    else if (!addObjects(insteadOf(source, texts), read)) break
  }
  return read
}

function insteadOf(source: ManifestSource, texts: ReadonlyMap<string, string> | undefined): ManifestSource {
  const text = texts?.get(source.file)
  return text === undefined ? source : { ...source, text: () => text }
}

/** Every object below `folder` (relative to `root`), which need not exist; files are named relative to `root`. */
export function readManifests(root: string, folder: string): Manifests {
  const read: Manifests = { objects: [], findings: [], comments: [], files: 0, otherDocuments: 0 }
  const local = (file: string) => relative(root, file).split(sep).join('/')
  for (const { source, finding } of manifestSources([`${root}/${folder}`], { mayBeMissing: true, everyFolder: true })) {
    if (finding) read.findings.push({ ...finding, file: local(finding.file ?? '') })
    // Nothing in dist/ is for another program.
    else if (!addObjects({ file: local(source.file), text: () => source.text(), isNamed: true }, read)) break
  }
  return read
}

/** Every object of texts that are read already, as those of another commit. */
export function manifestsOf(texts: readonly { file: string; text: string }[]): Manifests {
  const read: Manifests = { objects: [], findings: [], comments: [], files: 0, otherDocuments: 0 }
  for (const { file, text } of texts) addObjects({ file, text: () => text, isNamed: true }, read)
  return read
}

/** False, with a finding, when that is more than one run can hold. */
function addObjects(source: ManifestSource, read: Manifests): boolean {
  const { documents, findings, directives } = readStream(source)
  read.files++
  for (const directive of directives) read.comments.push({ ...directive, file: source.file })
  read.findings.push(...findings)
  for (const document of documents) {
    if (!source.isNamed && isForAnotherProgram(document.value, source.file)) read.otherDocuments++
    else if (!addExpanded(document, read.objects)) {
      read.findings.push(tooMany(source.file))
      return false
    }
  }
  return true
}

function tooMany(file: string): Finding {
  const message = `could not check: more than ${MAX_DOCUMENTS} objects up to here`
  return { rule: 'input-too-large', severity: 'warning', message, file, fix: 'Check folder by folder.' }
}

/**
 * values.yaml, package.json, a compose file, a chart's Chart.yaml, Grafana's `apiVersion: 1`, a kubeconfig: checking a folder must
 * not mean explaining each of them.
 */
function isForAnotherProgram(value: unknown, file: string): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true
  const { apiVersion, kind } = value as Record<string, unknown>
  if (kind === undefined && (typeof apiVersion !== 'string' || /(^|\/)Chart\.yaml$/.test(file))) return true
  if (typeof apiVersion !== 'string') return false
  return (apiVersion === 'v1' && kind === 'Config') || CLIENT_GROUPS.test(apiVersion)
}

/** Kinds that clients and components read from files, and no API server serves. */
const CLIENT_GROUPS =
  /^(?:skaffold|ctlptl\.dev|eksctl\.io|k3d\.io|(?:apiserver|audit|client\.authentication|config|kubeadm)\.k8s\.io|(?:apiserver|kubelet|kubeproxy|kubescheduler|kustomize|kubecontrollermanager)\.config\.k8s\.io|config\.kubernetes\.io|kind\.x-k8s\.io)\//

/** A List (`v1 List`, `apps/v1 DeploymentList`) stands for its items, as kubectl takes it; a list inside a list is an item. */
function addExpanded(object: ManifestObject, objects: ManifestObject[]): boolean {
  const { kind, items } = kubernetesObject(object)
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
  if (objects.length + (isList ? items.length : 1) > MAX_DOCUMENTS) return false
  if (isList) {
    const { file, place } = object
    for (const [index, value] of items.entries()) {
      const within = ['items', index]
      objects.push({
        file,
        value,
        lineOf: (path) => object.lineOf([...within, ...path]),
        ...(place && { place, within }),
      })
    }
  } else objects.push(object)
  return true
}

/** The object's value; an empty object when the file holds none. */
export function kubernetesObject({ value }: Pick<ManifestObject, 'value'>): KubernetesObject {
  return value !== null && typeof value === 'object' ? (value as KubernetesObject) : {}
}

/** For a finding: `Deployment/web`, as kubectl names it; nothing for what has no kind or no name. */
export function about(object: ManifestObject): Pick<Finding, 'object'> {
  const { kind, metadata } = kubernetesObject(object)
  const name: unknown = metadata?.name
  return typeof kind === 'string' && typeof name === 'string' ? { object: `${kind}/${name}` } : {}
}

/** What is written at `path`, a scalar on one line; undefined when the text is not at hand. */
export function writtenAt({ place, within = [] }: ManifestObject, path: DocumentPath): ScalarSource | undefined {
  return place && scalarSource(place, [...within, ...path])
}
