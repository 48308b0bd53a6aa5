/** An address without its query string, which may carry a signature, and without its user part, which may carry a password. */
export function shownAddress(address: string | URL): string {
  if (!URL.canParse(String(address))) return String(address)
  const { protocol, host, pathname } = new URL(address)
  return `${protocol}${host === '' && protocol !== 'file:' ? '' : '//'}${host}${pathname}`
}
