export { applyChanges, compareWithDist, type FileChange, formatDiff, writeAtomically } from './changes.ts'
export { applicationFile, type Manifests, modelFolder, renderManifests, type Selection } from './render.ts'
