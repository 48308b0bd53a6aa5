export {
  applyChanges,
  compareWithDist,
  type DistState,
  type FileChange,
  formatDiff,
  inspectDist,
  writeAtomically,
} from './changes.ts'
export { compareCodeOwners, readCodeOwners } from './code-owners.ts'
export { applicationFile, type Manifests, modelFolder, renderManifests, type Selection } from './render.ts'
