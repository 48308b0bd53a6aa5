export { addressProblem } from './remote-address.ts'
export { RemoteError, RemoteInterfaceError } from './remote-error.ts'
export { openRemoteVersion } from './remote-version.ts'
