import { ApiObject } from 'cdk8s'
import { k8s } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import type { ArtifactStore, ExternalSecret } from '../../definitions/index.ts'
import type { PlannedModel } from '../../repository/index.ts'

/** Type of the Secret that a registry's login is in. */
const DOCKER_LOGIN = 'kubernetes.io/dockerconfigjson'

/** The store of artifacts as a model's pods reach it: with a Secret of the model's own where there is one. */
export function storeOf({ name, environment }: PlannedModel): ArtifactStore {
  const { artifacts, credentials } = environment
  const hasSecret = credentials !== undefined && credentials.by !== 'workload-identity'
  return hasSecret ? { ...artifacts, secret: secretName(name) } : artifacts
}

/** Annotations by which the clouds know a service account, and labels that they want on its pods. */
export function identityOf({ name, environment }: PlannedModel): {
  annotations: Record<string, string>
  podLabels: Record<string, string>
} {
  const { credentials } = environment
  if (credentials?.by !== 'workload-identity') return { annotations: {}, podLabels: {} }
  const { aws, google, azure } = credentials
  const given = (key: string, value: string | undefined) =>
    value === undefined ? {} : { [key]: forModel(value, name) }
  return {
    annotations: {
      ...given('eks.amazonaws.com/role-arn', aws),
      ...given('iam.gke.io/gcp-service-account', google),
      ...given('azure.workload.identity/client-id', azure),
    },
    podLabels: azure === undefined ? {} : { 'azure.workload.identity/use': 'true' },
  }
}

/** The object that a controller makes the model's Secret from; none where the cluster vouches for the pods. */
export function credentialsObject(scope: Construct, model: PlannedModel, labels: Record<string, string>): void {
  const { name, environment } = model
  const { credentials, artifacts } = environment
  const isLogin = artifacts.kind === 'oci'
  if (credentials?.by === 'external-secret') externalSecret(scope, name, credentials, isLogin, labels)
  if (credentials?.by === 'sealed-secret') {
    new ApiObject(scope, 'sealed-secret', {
      apiVersion: 'bitnami.com/v1alpha1',
      kind: 'SealedSecret',
      metadata: { name: secretName(name), labels, annotations: BEFORE_PODS },
      spec: {
        encryptedData: credentials.models[name] ?? {},
        template: { metadata: { labels }, ...(isLogin && { type: DOCKER_LOGIN }) },
      },
    })
  }
}

const BEFORE_PODS = { 'argocd.argoproj.io/sync-wave': '-1' }

function externalSecret(
  scope: Construct,
  model: string,
  { store, entry, refresh = '1h' }: ExternalSecret,
  isLogin: boolean,
  labels: Record<string, string>,
): void {
  new ApiObject(scope, 'external-secret', {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata: { name: secretName(model), labels, annotations: BEFORE_PODS },
    spec: {
      refreshInterval: refresh,
      secretStoreRef: { kind: 'ClusterSecretStore', name: store },
      target: {
        name: secretName(model),
        creationPolicy: 'Owner',
        // Pods that run go on when the entry is gone.
        deletionPolicy: 'Retain',
        ...(isLogin && { template: { type: DOCKER_LOGIN } }),
      },
      dataFrom: [{ extract: { key: forModel(entry, model) } }],
    },
  })
}

function secretName(model: string): string {
  return `${model}-artifact-store`
}

function forModel(text: string, model: string): string {
  return text.replaceAll('{model}', model)
}

/** TCP ports of the cluster that tokens come from, beside what the store needs: Google's metadata server. */
export function identityEgress({ environment }: PlannedModel): k8s.NetworkPolicyEgressRule[] {
  const { credentials } = environment
  if (credentials?.by !== 'workload-identity' || credentials.google === undefined) return []
  const port = (number: number) => ({ port: k8s.IntOrString.fromNumber(number), protocol: 'TCP' })
  return [
    { to: [{ ipBlock: { cidr: '169.254.169.254/32' } }], ports: [port(80)] },
    { to: [{ ipBlock: { cidr: '169.254.169.252/32' } }], ports: [port(988)] },
  ]
}
