/** True for the host of a URL that is this machine: what is sent there unencrypted cannot be read on the way. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}
