import { autoscaling, scaleToZero, verticalScaling } from './autoscaling-schema.ts'
import { environmentGatesSchema } from './gate-schemas.ts'
import { monitoringSchema } from './monitoring.ts'
import { credentials, gpu, limits, network, quota, scheduling, serverSwitches } from './safety-schema.ts'
import {
  address,
  image,
  imageRegistry,
  label,
  memory,
  modelName,
  NAME,
  NAME_WORDS,
  object,
  replicas,
  resources,
  text,
  words,
} from './schema-parts.ts'
import { ingress, trafficEngine } from './traffic-schema.ts'

const storeBases = {
  https: text('^https://.*[^/]$', 'an https:// address without a slash at the end'),
  files: text('^/.*[^/]$', 'an absolute folder without a slash at the end'),
  image: text('^/.*[^/]$', 'an absolute folder without a slash at the end'),
  s3: text('^[a-z0-9][a-z0-9.-]+(/[^/]+)*$', 'a bucket, or a bucket and a prefix, such as models/production'),
  oci: text('^[^/@\\s]+(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$', 'a repository such as registry.example.com/models'),
  mlflow: text('^[A-Za-z0-9_][^/]*(/[^/]+)*$', 'a path below the artifacts of the server, such as models'),
}

const artifactStore = {
  ...object(
    { kind: { enum: Object.keys(storeBases) }, base: { type: 'string' } },
    {
      endpoint: text('^https?://[^/@\\s]+(/\\S*)?$', 'the address of a server, https://...'),
      region: text('^[a-z]{2}[a-z0-9-]*$', 'a region such as eu-west-1', 63),
      secret: text('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$', 'the name of a Secret'),
      claim: text('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$', 'the name of a PersistentVolumeClaim'),
      images: { type: 'object', additionalProperties: image, minProperties: 1 },
      size: memory,
      storageClass: text('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$', 'the name of a StorageClass'),
    },
  ),
  allOf: Object.entries(storeBases).map(([kind, base]) => ({
    if: { properties: { kind: { const: kind } } },
    then: {
      properties: { base },
      ...(kind === 'files' && { required: ['claim'] }),
      ...(kind === 'image' && { required: ['images'] }),
    },
  })),
}

const namespaceName = text(NAME, NAME_WORDS, 63)

const predictionLog = object(
  { sink: address },
  {
    format: { enum: ['json', 'cloudevents', 'cloudevents-batch'] },
    sampleRate: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    redact: { type: 'object', additionalProperties: { enum: ['drop', 'hash'] } },
    secret: object(
      {
        name: text('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$', 'the name of a Secret'),
        keys: { type: 'array', items: { enum: ['salt', 'token'] }, minItems: 1, uniqueItems: true },
      },
      {},
    ),
  },
)

export const environmentSchema = object(
  {
    kind: { const: 'environment' },
    name: text(NAME, NAME_WORDS, 20),
    revision: { enum: [1, 2, 3] },
    cluster: object(
      { name: words, server: text('^https?://', 'the address of an API server, https://...') },
      { kubernetes: text('^1\\.[0-9]{1,3}$', 'a version of Kubernetes such as 1.36') },
    ),
    namespace: {
      type: ['string', 'object'],
      if: { type: 'string' },
      then: namespaceName,
      else: object({
        byOwner: { type: 'object', additionalProperties: namespaceName, propertyNames: label, minProperties: 1 },
      }),
    },
    artifacts: artifactStore,
    argocd: object(
      { repoURL: words },
      {
        targetRevision: words,
        namespace: words,
        verification: { type: 'boolean' },
        notifications: {
          type: 'object',
          additionalProperties: { type: 'object', additionalProperties: words, minProperties: 1 },
          propertyNames: text('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$', 'the name of a trigger such as on-sync-failed'),
        },
        applicationSet: { type: 'boolean' },
        server: address,
      },
    ),
  },
  {
    description: words,
    owner: label,
    promotesFrom: { type: 'object' },
    servingImage: image,
    imageRegistries: { type: 'array', items: imageRegistry, minItems: 1, uniqueItems: true },
    traffic: trafficEngine,
    ingress,
    autoscaling,
    verticalScaling,
    network,
    quota,
    limits,
    scheduling,
    gpu,
    credentials,
    server: serverSwitches,
    predictionLog,
    monitoring: monitoringSchema,
    prometheus: address,
    kubeflowRegistry: {
      type: 'object',
      additionalProperties: label,
      propertyNames: text('^[a-z][a-z0-9-]*(@\\d+\\.\\d+\\.\\d+)?$', 'a model, or a version such as wine@1.0.0'),
      minProperties: 1,
    },
    gates: environmentGatesSchema,
    overrides: { type: 'array', items: object({ model: modelName }, { replicas, resources, scaleToZero }) },
  },
)
