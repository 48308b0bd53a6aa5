/**
 * How a pin names what runs: a version `1.5.0`, or a release with the SHA-256 of its content,
 * `1.5.0-8f3c2a9d@sha256:8f3c2a9d...`. The short name is for people; the digest decides.
 */
export interface Reference {
  /** `1.5.0` or `1.5.0-8f3c2a9d`. */
  name: string
  /** 64 hexadecimal digits. */
  digest?: string
}

export function parseReference(text: string): Reference {
  const [name = '', digest] = text.split('@sha256:')
  return digest === undefined ? { name } : { name, digest }
}

export function formatReference({ name, digest }: Reference): string {
  return digest === undefined ? name : `${name}@sha256:${digest}`
}

/** Whether two references may be of one content: a name without a digest may be of any that has it. */
export function isSameReference(one: Reference, other: Reference): boolean {
  if (one.name !== other.name) return false
  return one.digest === undefined || other.digest === undefined || one.digest === other.digest
}
