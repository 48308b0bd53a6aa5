/** How a model's pods get what they may read the store of artifacts with. In all texts `{model}` is the model's name. */
export type Credentials = WorkloadIdentity | ExternalSecret | SealedSecrets

export interface WorkloadIdentity {
  by: 'workload-identity'
  /** Role of AWS that the service account takes on (IRSA). */
  aws?: string
  /** Service account of Google Cloud. */
  google?: string
  /** Client id of a managed identity of Azure. */
  azure?: string
}

export interface ExternalSecret {
  by: 'external-secret'
  /** ClusterSecretStore of External Secrets. */
  store: string
  /** Entry of that store, whose fields become the keys of the Secret. */
  entry: string
  /** How often it is read again. Default `1h`. */
  refresh?: `${number}${'m' | 'h'}`
}

export interface SealedSecrets {
  by: 'sealed-secret'
  /** For each model the keys of its Secret, as `kubeseal --raw` encrypts them for the namespace and the name `<model>-artifact-store`. */
  models: Record<string, Record<string, string>>
}

/** The cluster vouches for the pods: there is no secret. */
export function workloadIdentity(identity: Omit<WorkloadIdentity, 'by'>): WorkloadIdentity {
  return { by: 'workload-identity', ...identity }
}

/** A Secret a model, which the External Secrets operator copies from a vault. */
export function externalSecret(secret: Omit<ExternalSecret, 'by'>): ExternalSecret {
  return { by: 'external-secret', ...secret }
}

/** A Secret a model, encrypted in Git for the Sealed Secrets controller of the cluster. */
export function sealedSecrets(models: SealedSecrets['models']): SealedSecrets {
  return { by: 'sealed-secret', models }
}
