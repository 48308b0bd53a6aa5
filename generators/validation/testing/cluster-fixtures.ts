import { add, drop, edit, type Fixture, file } from './fixture.ts'

const SET = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: shops, namespace: argocd }
spec:
  goTemplate: true
  goTemplateOptions: ["missingkey=error"]
  syncPolicy:
    preserveResourcesOnDeletion: true
  generators: []
  template: {}
`
const ROLLOUT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  strategy:
    canary:
      trafficRouting:
        plugins: { argoproj-labs/gatewayAPI: { httpRoute: web } }
`
const ANALYSIS = `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: web, namespace: shop }
spec:
  metrics:
    - name: errors
      successCondition: len(result) > 0 && result[0] < 0.01
      failureCondition: len(result) > 0 && result[0] >= 0.01
      provider: { prometheus: { query: up } }
`
const IGNORED = (fields: string) => add('application', 'project: shop', 'ignoreDifferences:', `  - ${fields}`)
const BOUND = (kind: string, spec: string) =>
  file('bound', `apiVersion: v1\nkind: ${kind}\nmetadata: { name: bound, namespace: shop }\nspec:\n${spec}\n`)
const QUOTA = (pods: number) => BOUND('ResourceQuota', `  hard:\n    pods: ${pods}`)
const LIMIT = (memory: string) => BOUND('LimitRange', `  limits: [{ type: Container, max: { memory: ${memory} } }]`)
const secret = (fields: string) =>
  file('secret', `apiVersion: v1\nkind: Secret\nmetadata: { name: login, namespace: shop }\n${fields}\n`)
const variable = (name: string, value: string) =>
  edit('deployment', '- name: MODE\n              value: production', `- name: ${name}\n              value: ${value}`)

/** Exposure, credentials, rights, Argo CD and versions of APIs. */
export const CLUSTER_FIXTURES: Fixture[] = [
  {
    rule: 'analysis-conditions',
    fails: [file('analysis', ANALYSIS), drop('analysis', 'failureCondition')],
    at: ['analysis', '- name: errors'],
    passes: [file('analysis', ANALYSIS)],
  },
  {
    rule: 'api-deprecated',
    fails: [edit('external-secret', 'external-secrets.io/v1', 'external-secrets.io/v1beta1')],
    at: ['external-secret', 'apiVersion'],
    passes: [],
  },
  {
    rule: 'api-removed',
    fails: [edit('cron-job', 'batch/v1', 'batch/v1beta1')],
    at: ['cron-job', 'apiVersion'],
    passes: [],
  },
  {
    rule: 'application-empty-allowed',
    fails: [add('application', 'prune: true', 'allowEmpty: true')],
    at: ['application', 'allowEmpty'],
    passes: [add('application', 'prune: true', 'allowEmpty: false')],
  },
  {
    rule: 'application-set-deletes',
    fails: [file('set', SET), drop('set', 'preserveResourcesOnDeletion')],
    at: ['set', 'syncPolicy'],
    passes: [file('set', SET), edit('set', 'preserveResourcesOnDeletion: true', 'applicationsSync: create-update')],
  },
  {
    rule: 'application-set-missing-key',
    fails: [file('set', SET), drop('set', 'goTemplateOptions')],
    at: ['set', 'goTemplate'],
    passes: [file('set', SET)],
  },
  {
    rule: 'field-deprecated',
    fails: [add('deployment', 'serviceAccountName', 'nodeSelector:', '  beta.kubernetes.io/arch: amd64')],
    at: ['deployment', 'beta.kubernetes.io'],
    passes: [add('deployment', 'serviceAccountName', 'nodeSelector:', '  kubernetes.io/arch: amd64')],
  },
  {
    rule: 'gateway-open-to-all',
    fails: [edit('gateway', 'from: Same', 'from: All')],
    at: ['gateway', 'from: All'],
    passes: [],
  },
  {
    rule: 'ignore-differences-array',
    fails: [IGNORED('{ group: argoproj.io, kind: Rollout, jqPathExpressions: [".spec.steps[0].pause"] }')],
    at: ['application', '- { group'],
    passes: [IGNORED('{ group: argoproj.io, kind: Rollout, jqPathExpressions: [".spec.steps"] }')],
  },
  {
    rule: 'ignore-differences-group',
    fails: [IGNORED('{ kind: Deployment, jsonPointers: [/spec/replicas] }')],
    at: ['application', '- { kind'],
    passes: [IGNORED('{ group: apps, kind: Deployment, jsonPointers: [/spec/replicas] }')],
  },
  {
    rule: 'job-recreated',
    fails: [edit('job', 'spec:\n', 'spec:\n  ttlSecondsAfterFinished: 60\n')],
    at: ['job', 'ttlSecondsAfterFinished'],
    passes: [
      edit('job', 'spec:\n', 'spec:\n  ttlSecondsAfterFinished: 60\n'),
      add('job', 'namespace: shop', 'annotations:', '  argocd.argoproj.io/hook: PreSync'),
    ],
  },
  {
    rule: 'limit-range-exceeded',
    fails: [LIMIT('200Mi')],
    at: ['deployment', 'memory: 256Mi'],
    passes: [LIMIT('64Gi')],
  },
  {
    rule: 'network-policy-missing',
    fails: [
      edit(
        'network-policy',
        'podSelector: {}',
        'podSelector:\n    matchExpressions: [{ key: app, operator: DoesNotExist }]',
      ),
      edit('network-policy', 'port: http', 'port: 8080'),
    ],
    at: ['deployment', 'labels:\n        app'],
    passes: [
      edit(
        'network-policy',
        'podSelector: {}',
        'podSelector:\n    matchExpressions: [{ key: not, operator: DoesNotExist }]',
      ),
    ],
  },
  {
    rule: 'prune-unprotected',
    fails: [drop('persistent-volume-claim', 'annotations')],
    at: ['persistent-volume-claim', 'metadata'],
    passes: [drop('persistent-volume-claim', 'annotations'), drop('application', 'prune: true')],
  },
  {
    rule: 'quota-too-small',
    fails: [QUOTA(1)],
    at: ['bound', 'pods:'],
    passes: [QUOTA(500)],
  },
  {
    rule: 'rbac-cluster-admin',
    fails: [edit('role-binding', 'kind: Role\n  name: reader', 'kind: ClusterRole\n  name: cluster-admin')],
    at: ['role-binding', 'name: cluster-admin'],
    passes: [edit('role-binding', 'kind: Role\n  name: reader', 'kind: ClusterRole\n  name: view')],
  },
  {
    rule: 'rbac-escalation',
    fails: [
      edit('role', '- ""', '- rbac.authorization.k8s.io'),
      edit('role', '- configmaps', '- roles'),
      edit('role', '- get', '- escalate'),
    ],
    at: ['role', '- apiGroups'],
    // Roles of another API.
    passes: [
      edit('role', '- ""', '- example.com'),
      edit('role', '- configmaps', '- roles'),
      edit('role', '- get', '- escalate'),
    ],
  },
  {
    rule: 'rbac-pod-exec',
    fails: [edit('role', '- configmaps', '- pods/exec'), edit('role', '- get', '- create')],
    at: ['role', '- apiGroups'],
    passes: [edit('role', '- configmaps', '- pods/log')],
  },
  {
    rule: 'rbac-secrets',
    fails: [edit('role', '- configmaps', '- secrets')],
    at: ['role', '- apiGroups'],
    passes: [edit('role', '- configmaps', '- secrets\n    resourceNames:\n      - login')],
  },
  {
    rule: 'rbac-wildcard',
    fails: [edit('role', '- configmaps', '- "*"'), edit('role', '- get', '- "*"')],
    at: ['role', '- apiGroups'],
    passes: [
      edit('role', '- ""', '- example.com'),
      edit('role', '- configmaps', '- "*"'),
      edit('role', '- get', '- "*"'),
    ],
  },
  {
    rule: 'rollout-plugin',
    fails: [
      file('rollout', ROLLOUT),
      edit('rollout', 'plugins: { argoproj-labs/gatewayAPI: { httpRoute: web } }', 'gatewayAPI: { httpRoute: web }'),
    ],
    at: ['rollout', 'gatewayAPI'],
    passes: [file('rollout', ROLLOUT)],
  },
  {
    rule: 'route-defaults',
    fails: [drop('http-route', 'weight')],
    at: ['http-route', '- group'],
    passes: [],
  },
  {
    rule: 'route-host-missing',
    fails: [drop('http-route', 'hostnames')],
    at: ['http-route', 'spec:'],
    passes: [edit('http-route', 'shop.example.com', '"*.shop.example.com"')],
  },
  {
    rule: 'secret-as-variable',
    fails: [
      edit(
        'deployment',
        'configMapKeyRef:\n                  name: web-settings',
        'secretKeyRef:\n                  name: shop-tls',
      ),
    ],
    at: ['deployment', 'secretKeyRef'],
    passes: [],
  },
  {
    rule: 'secret-in-config-map',
    fails: [add('config-map', 'level: info', 'db-password: hunter2')],
    at: ['config-map', 'db-password'],
    passes: [add('config-map', 'level: info', 'db-password-file: /run/secrets/db', 'password: $(DB_PASSWORD)')],
  },
  {
    rule: 'secret-in-environment',
    fails: [variable('DATABASE_URL', 'postgres://web:hunter2@db.example.com/shop')],
    at: ['deployment', 'value: postgres'],
    passes: [variable('DATABASE_URL', 'postgres://web:$(PASSWORD)@db.example.com/shop')],
  },
  {
    rule: 'secret-in-git',
    fails: [secret('stringData:\n  password: hunter2')],
    at: ['secret', 'password'],
    passes: [secret('data:\n  password: ENC[AES256_GCM,data:x]\nsops:\n  version: 3.9.0')],
  },
  {
    rule: 'service-external-ips',
    fails: [add('service', 'type: ClusterIP', 'externalIPs:', '  - 203.0.113.7')],
    at: ['service', 'externalIPs'],
    passes: [add('service', 'type: ClusterIP', 'externalIPs: []')],
  },
  {
    rule: 'service-external-name',
    fails: [
      file(
        'outside',
        'apiVersion: v1\nkind: Service\nmetadata: { name: outside, namespace: shop }\nspec:\n  type: ExternalName\n  externalName: example.com\n',
      ),
    ],
    at: ['outside', 'externalName'],
    passes: [
      file(
        'outside',
        'apiVersion: v1\nkind: Service\nmetadata: { name: outside, namespace: shop }\nspec:\n  ports:\n    - port: 80\n',
      ),
    ],
  },
  {
    rule: 'service-load-balancer',
    fails: [edit('service', 'type: ClusterIP', 'type: LoadBalancer')],
    at: ['service', 'type'],
    passes: [edit('service', 'type: ClusterIP', 'type: LoadBalancer\n  loadBalancerSourceRanges: [203.0.113.0/24]')],
  },
  {
    rule: 'service-node-port',
    fails: [edit('service', 'type: ClusterIP', 'type: NodePort')],
    at: ['service', 'type'],
    passes: [drop('service', 'type: ClusterIP')],
  },
  {
    rule: 'service-port-name',
    fails: [edit('service', 'ports:\n', 'ports:\n    - port: 81\n      targetPort: http\n')],
    at: ['service', 'port: 81'],
    passes: [edit('service', 'ports:\n', 'ports:\n    - port: 81\n      name: other\n      targetPort: http\n')],
  },
  {
    rule: 'traffic-unencrypted',
    fails: [drop('ingress', 'tls:')],
    at: ['ingress', 'spec:'],
    passes: [edit('gateway', 'listeners:\n', 'listeners:\n    - { name: http, port: 80, protocol: HTTP }\n')],
  },
]
