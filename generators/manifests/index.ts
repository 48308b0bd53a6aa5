export { applyChanges, compareWithDist, type FileChange, formatDiff, writeAtomically } from './changes.ts'
export { compareCodeOwners, readCodeOwners } from './code-owners.ts'
export { applicationFile, type Manifests, modelFolder, renderManifests, type Selection } from './render.ts'
