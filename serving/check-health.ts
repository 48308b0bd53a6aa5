import { readFileSync } from 'node:fs'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { join } from 'node:path'
import { type BootConfiguration, POD } from './contract/index.ts'

/**
 * The image's health check: exit 0 when the server that this boot configuration is for answers at all, wherever its probes
 * are. A refusal for lack of a key is an answer; a certificate is not looked at, since it is not made out to the loopback
 * address.
 */
const [bootPath = join(POD.bootDirectory, POD.bootFile)] = process.argv.slice(2)
// Not checked again: the server does not run on one that is wrong, and this starts every ten seconds.
const { server }: BootConfiguration = JSON.parse(readFileSync(bootPath, 'utf8'))
const port = server.managementPort ?? server.port
const encrypted = server.tls !== undefined && server.managementPort === undefined
const target = { host: '127.0.0.1', port, path: POD.livenessPath, rejectUnauthorized: false }
const request = (encrypted ? requestHttps : requestHttp)(target, ({ statusCode = 500 }) => {
  process.exit(statusCode < 500 ? 0 : 1)
})
request.on('error', () => process.exit(1)).end()
