import { InvalidArgumentError } from 'commander'

/** The address of a server, of a command line. A password in it would be in the history of the shell and in the list of processes. */
export function parseAddress(text: string): string {
  const { protocol, username, password } = URL.canParse(text)
    ? new URL(text)
    : { protocol: '', username: '', password: '' }
  if (!/^https?:$/.test(protocol)) throw new InvalidArgumentError('Write http:// or https:// and a host.')
  if (username !== '' || password !== '')
    throw new InvalidArgumentError('Leave the password out; tokens come from the environment.')
  return text
}
