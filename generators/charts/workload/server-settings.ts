import type { k8s } from 'cdk8s-plus-28'
import { POD, type ServerSettings } from 'modelyard-serving/contract'
import type { ServerSwitches } from '../../definitions/index.ts'
import { SERVICE_PORT } from '../traffic/addresses.ts'

const KEYS_DIRECTORY = '/etc/modelyard/keys'
const TLS_DIRECTORY = '/etc/modelyard/tls'

export interface ServerPort {
  name: string
  port: number
}

/** Ports of a model's Service: predictions at HTTP's own number, the others at theirs. */
export function servicePorts(server: ServerSwitches | undefined): ServerPort[] {
  return serverPorts(server).map(({ name, port }) => ({ name, port: name === POD.portName ? SERVICE_PORT : port }))
}

/** Where a model's Service answers with metrics. */
export function metricsPort(server: ServerSwitches | undefined): ServerPort {
  const [first, ...others] = servicePorts(server) as [ServerPort, ...ServerPort[]]
  return others.find(({ name }) => name === probePort(server)) ?? first
}

/** Ports of a pod: predictions first. */
export function serverPorts(server: ServerSwitches | undefined): ServerPort[] {
  return [
    { name: POD.portName, port: POD.port },
    ...(server?.grpc ? [{ name: POD.grpcPortName, port: POD.grpcPort }] : []),
    ...(hasManagementPort(server) ? [{ name: POD.managementPortName, port: POD.managementPort }] : []),
  ]
}

/** Name of the port at which probes and metrics are answered without TLS. */
export function probePort(server: ServerSwitches | undefined): string {
  return hasManagementPort(server) ? POD.managementPortName : POD.portName
}

function hasManagementPort({ managementPort, tls }: ServerSwitches = {}): boolean {
  return managementPort === true || tls !== undefined
}

/** The share of the boot configuration that an environment asks for. */
export function serverConfiguration(server: ServerSwitches | undefined): Partial<ServerSettings> {
  const { apiKeys, tls, grpc, accessLog } = server ?? {}
  return {
    ...(grpc && { grpcPort: POD.grpcPort }),
    ...(hasManagementPort(server) && { managementPort: POD.managementPort }),
    ...(apiKeys !== undefined && { authentication: { keys: KEYS_DIRECTORY } }),
    ...(tls !== undefined && {
      tls: { certificateFile: `${TLS_DIRECTORY}/tls.crt`, keyFile: `${TLS_DIRECTORY}/tls.key` },
    }),
    ...(accessLog !== undefined && { accessLog }),
  }
}

/** Keys and certificate as files, which are read again when their Secret changes. */
export function serverSecrets({ apiKeys, tls }: ServerSwitches = {}): {
  mounts: k8s.VolumeMount[]
  volumes: k8s.Volume[]
} {
  const secrets = [
    ...(apiKeys === undefined ? [] : [{ name: 'keys', secretName: apiKeys, mountPath: KEYS_DIRECTORY }]),
    ...(tls === undefined ? [] : [{ name: 'tls', secretName: tls, mountPath: TLS_DIRECTORY }]),
  ]
  return {
    mounts: secrets.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
    volumes: secrets.map(({ name, secretName }) => ({ name, secret: { secretName } })),
  }
}
