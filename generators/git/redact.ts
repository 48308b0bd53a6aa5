import { tokenFrom } from './git-environment.ts'

/** A URL or a message without the credentials in it: `https://user:secret@host/x` -> `https://host/x`, tokens -> `***`. */
export function redact(text: string, environment: Record<string, string | undefined> = process.env): string {
  const token = tokenFrom(environment)
  const plain = text
    .replace(/\b(https?):\/\/[^\s/@]+@/gi, '$1://')
    .replace(/\b(ssh):\/\/([^\s/@:]+):[^\s/@]*@/gi, '$1://$2@')
    .replace(/(authorization:\s*(?:basic|bearer|token)\s+)\S+/gi, '$1***')
    .replace(/\b(?:gh[pousr]_|github_pat_)\w+/g, '***')
  // A token of a few letters would blank out half of the message, and is none.
  return token === undefined || token.length < 8 ? plain : plain.replaceAll(token, '***')
}
