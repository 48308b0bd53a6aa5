import { copyFile, mkdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type BootConfiguration, POD } from 'modelyard-serving/contract'
import type { VersionFile } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import { modelFolder, writeAtomically } from '../manifests/index.ts'
import { bundlePath, type PlannedModel, type Repository } from '../repository/index.ts'
import { parseYaml } from '../yaml/index.ts'

/** What a pod of one model is given, laid out in a folder of this machine. */
export interface LocalPod {
  bootPath: string
  routingPath: string
  cacheDirectory: string
}

/**
 * Takes the configuration out of the ConfigMaps in dist/, to the letter, and puts the artifacts that it names into a cache by
 * digest: the server then finds them there, as in a pod that has fetched them before.
 * @param directory absolute; files of the same content are left as they are
 */
export async function prepareLocalPod(
  repository: Repository,
  model: PlannedModel,
  directory: string,
): Promise<LocalPod> {
  const folder = modelFolder(model.environment.name, model.name)
  const pod = {
    bootPath: join(directory, 'boot', POD.bootFile),
    routingPath: join(directory, 'routing', POD.routingFile),
    cacheDirectory: join(directory, 'cache'),
  }
  const boot = await configMapEntry(repository.root, `${folder}/boot-config-map.yaml`, POD.bootFile)
  requireSynthesized(boot, folder, model)
  const routing = await configMapEntry(repository.root, `${folder}/routing-config-map.yaml`, POD.routingFile)
  await writeAtomically(directory, `boot/${POD.bootFile}`, boot)
  await writeAtomically(directory, `routing/${POD.routingFile}`, routing)
  const versions = [model.stable, ...(model.candidate ? [model.candidate.version] : [])]
  for (const { facts } of versions) await fillCache(repository, facts, pod.cacheDirectory)
  return pod
}

/** A pin that was edited without `synth` would be answered for by another version. */
function requireSynthesized(boot: string, folder: string, { stable }: PlannedModel): void {
  const { models } = JSON.parse(boot) as BootConfiguration
  const served = models.flatMap(({ versions }) => versions).map(({ name, release }) => release ?? name)
  if (served.includes(stable.reference)) return
  throw new Failure(`${folder} configures ${served.join(', ')}, and the pin names ${stable.reference}`, {
    fix: 'Run modelyard synth.',
  })
}

async function configMapEntry(root: string, file: string, entry: string): Promise<string> {
  const text = await readFile(join(root, file), 'utf8').catch(() => {
    throw new Failure(`${file} does not exist`, { fix: 'Run modelyard synth.' })
  })
  const value = parseYaml(file, text).document?.value as { data?: Record<string, string> } | undefined
  const content = value?.data?.[entry]
  if (content === undefined) throw new Failure(`${file} holds no ${entry}`, { fix: 'Run modelyard synth.' })
  return content
}

async function fillCache(repository: Repository, version: VersionFile, cache: string): Promise<void> {
  const { model, externalData = [], goldenSamples, baseline } = version.bundle
  const folder = join(cache, 'sha256')
  await mkdir(folder, { recursive: true })
  for (const file of [model, ...externalData, goldenSamples, baseline]) {
    const source = file && bundlePath(repository, version.model, file)
    if (!file || source === undefined) continue
    const target = join(folder, file.sha256)
    const size = await stat(target).then(
      (entry) => entry.size,
      () => undefined,
    )
    if (size === file.size) continue
    // What is not here the server fetches by its address; it checks every digest itself.
    await copyFile(source, `${target}.tmp`).then(
      () => rename(`${target}.tmp`, target),
      () => undefined,
    )
  }
}
