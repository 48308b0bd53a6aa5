import { applicationFile, modelFolder } from '../manifests/index.ts'
import { paths } from '../repository/index.ts'

/** Folders of a model that only its own definition is about. */
const OF_ONE_MODEL = /^models\/([^/]+)\/(?:versions|releases|artifacts|evaluation|train)\//
const PIN = /^environments\/([^/]+)\/pins\/[^/]+$/
const MODEL_OBJECTS = /^dist\/([^/]+)\/models\/([^/]+)\//
const APPLICATION = /^dist\/([^/]+)\/argocd\/[^/]+-model-[^/]+$/

/**
 * Which files of the repository, by path from its root, a change of one model can read or write: all but what belongs to other
 * models alone. Their definitions stay, since an environment may import them.
 */
export function needsOf(model: string): (file: string) => boolean {
  return (file) => {
    const [, owner] = OF_ONE_MODEL.exec(file) ?? []
    if (owner !== undefined) return owner === model
    const [, pinned] = PIN.exec(file) ?? []
    if (pinned !== undefined) return file === paths.pin(pinned, model)
    const [, place = '', rendered] = MODEL_OBJECTS.exec(file) ?? []
    if (rendered !== undefined) return file.startsWith(`${modelFolder(place, model)}/`)
    const [, environment] = APPLICATION.exec(file) ?? []
    return environment === undefined || file === applicationFile(environment, model)
  }
}
