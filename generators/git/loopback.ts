/** True for this machine itself, where nothing that is sent unencrypted can be read on the way. */
export function isLoopback({ hostname }: URL): boolean {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
}
