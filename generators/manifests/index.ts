export {
  applyChanges,
  compareWithDist,
  type DistState,
  type FileChange,
  formatDiff,
  ifPresent,
  inspectDist,
  writeAtomically,
} from './changes.ts'
export { compareCodeOwners, readCodeOwners } from './code-owners.ts'
export {
  applicationFile,
  applicationSetFile,
  type Manifests,
  modelFolder,
  renderManifests,
  type Selection,
} from './render.ts'
