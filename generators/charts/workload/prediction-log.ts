import type { k8s } from 'cdk8s-plus-28'
import { POD, type PredictionLogSettings } from 'modelyard-serving/contract'
import type { PredictionLog } from '../../definitions/index.ts'
import { portOf } from './artifact-store.ts'

const VOLUME = 'prediction-log'

/** The server's settings; the secret is named by its files. */
export function predictionLogSettings({ secret, ...log }: PredictionLog): PredictionLogSettings {
  const file = (key: 'salt' | 'token') => `${POD.predictionLogDirectory}/${key}`
  return {
    ...log,
    ...(secret?.keys.includes('salt') && { saltFile: file('salt') }),
    ...(secret?.keys.includes('token') && { tokenFile: file('token') }),
  }
}

/** TCP ports that the server connects to for its log. */
export function predictionLogPorts(log: PredictionLog | undefined): number[] {
  return log === undefined ? [] : [portOf(log.sink)]
}

/** The mounted secret of a prediction log; empty without one. */
export function predictionLogSecret(log: PredictionLog | undefined): {
  mounts: k8s.VolumeMount[]
  volumes: k8s.Volume[]
} {
  const secret = log?.secret
  if (secret === undefined) return { mounts: [], volumes: [] }
  const items = secret.keys.map((key) => ({ key, path: key }))
  return {
    mounts: [{ name: VOLUME, mountPath: POD.predictionLogDirectory, readOnly: true }],
    volumes: [{ name: VOLUME, secret: { secretName: secret.name, items } }],
  }
}
