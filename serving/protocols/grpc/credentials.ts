import { ServerCredentials } from '@grpc/grpc-js'
import type { TlsMaterial } from '../../security/index.ts'

/** Credentials of a listening port, and how to change them while it listens. */
export interface ChangeableCredentials {
  server: ServerCredentials
  /** Connections from now on get this; without TLS at the start it changes nothing. */
  setTls(material: TlsMaterial): void
}

export function serverCredentials(tls: TlsMaterial | undefined): ChangeableCredentials {
  if (tls === undefined) return { server: ServerCredentials.createInsecure(), setTls: () => {} }
  const server = new TlsCredentials(tls)
  return { server, setTls: (material) => server.set(material) }
}

/** The library's own are fixed, or take certificate and authorities one after the other: here they change together. */
class TlsCredentials extends ServerCredentials {
  constructor(tls: TlsMaterial) {
    const required = tls.ca !== undefined
    super({ requestCert: required, rejectUnauthorized: required }, { ...tls })
  }

  set(material: TlsMaterial): void {
    this.updateSecureContextOptions({ ...material })
  }

  _equals(other: ServerCredentials): boolean {
    return other === this
  }
}
