export { type Authenticator, authenticatorOf } from './authenticator.ts'
export { readTls, type TlsMaterial, watchTls } from './tls.ts'
