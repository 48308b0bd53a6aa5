import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { TlsSettings } from '../contract/index.ts'
import { ConfigurationError, type FileWatch, type Log, watchContent } from '../models/index.ts'

/** What a TLS server presents and trusts: options of Node's `createServer` and `setSecureContext`. */
export interface TlsMaterial {
  cert: string
  key: string
  /** With authorities a client certificate is required. */
  ca?: string
  minVersion: 'TLSv1.2'
}

/** Reads and checks the files once; throws a `ConfigurationError` that names the file that is missing or wrong. */
export async function readTls(settings: TlsSettings): Promise<TlsMaterial> {
  const files = await readFiles(settings)
  return materialOf(settings, files)
}

/**
 * Calls `onChange` with the new material whenever the files have changed and fit together. Files that do not are logged, and
 * the last good ones stay in force: a secret that is broken must not end what works.
 */
export function watchTls(settings: TlsSettings, log: Log, onChange: (material: TlsMaterial) => void): FileWatch {
  const { certificateFile } = settings
  const directories = [...new Set(pathsOf(settings).map((path) => dirname(path)))]
  const keepLast = (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    log.error({ file: certificateFile, reason }, 'the certificate is wrong; the last good one stays in force')
  }
  let failing = false
  const read = async (last: string | undefined) => {
    try {
      const text = JSON.stringify(await readFiles(settings))
      failing = false
      return text
    } catch (error) {
      if (!failing) keepLast(error)
      failing = true
      return last
    }
  }
  return watchContent(directories, read, async (text) => {
    if (text === undefined) return
    try {
      const material = materialOf(settings, JSON.parse(text))
      onChange(material)
      const { validTo, fingerprint256 } = new X509Certificate(material.cert)
      log.info({ file: certificateFile, validTo, fingerprint256 }, 'certificate read')
    } catch (error) {
      keepLast(error)
    }
  })
}

function pathsOf({ certificateFile, keyFile, clientCertificateAuthorityFile }: TlsSettings): string[] {
  return [certificateFile, keyFile, ...(clientCertificateAuthorityFile ? [clientCertificateAuthorityFile] : [])]
}

/** The texts of certificate, key and authorities, in this order. */
function readFiles(settings: TlsSettings): Promise<string[]> {
  return Promise.all(
    pathsOf(settings).map((path) =>
      readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
        throw wrong(path, `cannot be read (${code})`, 'mount the secret that server.tls names')
      }),
    ),
  )
}

function materialOf(settings: TlsSettings, [cert = '', key = '', ca]: string[]): TlsMaterial {
  const { certificateFile, clientCertificateAuthorityFile } = settings
  countCertificates(certificateFile, cert)
  // Without a single certificate Node would trust every public authority.
  if (clientCertificateAuthorityFile !== undefined) countCertificates(clientCertificateAuthorityFile, ca ?? '')
  const material: TlsMaterial = { cert, key, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) }
  try {
    createSecureContext(material)
  } catch {
    // OpenSSL's message may quote what it could not read.
    throw wrong(settings.keyFile, `is no key of ${certificateFile}`, 'give the unencrypted PEM key of this certificate')
  }
  return material
}

function countCertificates(file: string, pem: string): void {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    for (const certificate of found) new X509Certificate(certificate)
    if (found.length > 0) return
  } catch {
    // Said below.
  }
  throw wrong(file, 'holds no certificate that can be read', 'give certificates as PEM')
}

function wrong(file: string, message: string, repair: string): ConfigurationError {
  return new ConfigurationError('configuration-unreadable', file, [{ path: '', message, repair }])
}
