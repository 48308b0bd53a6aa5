export { inParallel } from './in-parallel.ts'
export { needsCredentials, placeOf } from './store-place.ts'
export { askFiles, type FileReport, type ListReport, type OnFile, type OpenStore, openStore, pushFiles } from './transfer.ts'
export { type WantedFile, wantedFiles } from './wanted-files.ts'
