import { add, type Change, drop, edit, type Fixture, file, without } from './fixture.ts'

const POD = 'deployment'
const STATEFUL = `apiVersion: v1
kind: Service
metadata: { name: store, namespace: shop }
spec:
  clusterIP: None
  selector: { app: store }
  ports:
    - port: 7000
`

/** What objects say of each other. */
export const REFERENCE_FIXTURES: Fixture[] = [
  {
    rule: 'application-project-denies',
    fails: [edit('app-project', 'kind: Namespace', 'kind: PriorityClass')],
    at: ['namespace', 'kind: Namespace'],
    passes: [edit('app-project', 'kind: Namespace', 'kind: "*"')],
  },
  {
    rule: 'autoscaler-range',
    fails: [edit('horizontal-pod-autoscaler', 'maxReplicas: 6', 'maxReplicas: 1')],
    at: ['horizontal-pod-autoscaler', 'maxReplicas'],
    passes: [],
  },
  {
    rule: 'name-duplicate',
    fails: [edit(POD, '- name: MODE', '- name: LEVEL')],
    at: [POD, 'name: LEVEL\n              valueFrom'],
    passes: [edit(POD, '- name: MODE', '- name: LEVEL_2')],
  },
  {
    rule: 'name-duplicate',
    way: 'a port',
    fails: [edit(POD, 'ports:\n', 'ports:\n            - name: http\n              containerPort: 8081\n')],
    at: [POD, 'name: http\n              containerPort: 8080'],
    passes: [edit(POD, 'ports:\n', 'ports:\n            - name: admin\n              containerPort: 8081\n')],
  },
  {
    rule: 'name-duplicate',
    way: 'the number of a port',
    fails: [
      edit(
        POD,
        'ports:\n',
        'ports:\n            - name: admin\n              protocol: TCP\n              containerPort: 8080\n',
      ),
    ],
    at: [POD, 'containerPort: 8080\n          resources'],
    passes: [
      edit(
        POD,
        'ports:\n',
        'ports:\n            - name: admin\n              protocol: UDP\n              containerPort: 8080\n',
      ),
    ],
  },
  {
    rule: 'namespace-two-owners',
    fails: [edit('application', 'CreateNamespace=false', 'CreateNamespace=true')],
    at: ['application', 'CreateNamespace=true'],
    passes: [without('namespace'), edit('application', 'CreateNamespace=false', 'CreateNamespace=true')],
  },
  {
    rule: 'object-defined-twice',
    fails: [(files) => ({ ...files, 'service-copy': files['service'] ?? '' })],
    at: ['service-copy', 'name: web'],
    passes: [(files) => ({ ...files, 'service-copy': (files['service'] ?? '').replace('name: web', 'name: web-2') })],
  },
  {
    rule: 'object-two-owners',
    fails: [
      (files) => ({
        ...files,
        'application-two': (files['application'] ?? '')
          .replace('name: shop', 'name: part')
          .replace('path: shop', 'path: shop/part'),
      }),
    ],
    at: ['application-two', 'path:'],
    passes: [
      (files) => ({
        ...files,
        'application-two': (files['application'] ?? '')
          .replace('name: shop', 'name: part')
          .replace('path: shop', 'path: shopping'),
      }),
    ],
  },
  {
    rule: 'port-missing',
    fails: [edit('http-route', 'port: 80', 'port: 8080')],
    at: ['http-route', 'port: 8080'],
    passes: [edit('service', 'port: 80', 'port: 8080'), edit('http-route', 'port: 80', 'port: 8080')],
  },
  {
    rule: 'port-undeclared',
    fails: [edit('service', 'targetPort: http', 'targetPort: 8081')],
    at: ['service', 'targetPort'],
    passes: [edit('service', 'targetPort: http', 'targetPort: 8080')],
  },
  {
    rule: 'reference-missing',
    fails: [edit(POD, 'serviceAccountName: web', 'serviceAccountName: shop')],
    at: [POD, 'serviceAccountName'],
    passes: [
      edit(POD, 'serviceAccountName: web', 'serviceAccountName: shop'),
      file('service-account-2', 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: shop, namespace: shop }\n'),
    ],
  },
  {
    rule: 'reference-missing',
    way: 'the target of an autoscaler',
    fails: [
      file(
        'scaler',
        'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: shop, namespace: shop }\nspec:\n  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }\n  minReplicas: 2\n  maxReplicas: 3\n',
      ),
    ],
    at: ['scaler', 'scaleTargetRef'],
    passes: [],
  },
  {
    rule: 'reference-missing',
    way: 'the backend of an Ingress',
    fails: [edit('ingress', 'name: web\n                port', 'name: shop\n                port')],
    at: ['ingress', 'name: shop\n                port'],
    passes: [],
  },
  {
    rule: 'reference-missing',
    way: 'a key of a ConfigMap',
    fails: [edit(POD, 'key: level', 'key: depth')],
    at: [POD, 'key: depth'],
    passes: [edit(POD, 'key: level', 'key: depth\n                  optional: true')],
  },
  {
    rule: 'reference-missing',
    way: 'a Secret that an ExternalSecret makes, misspelt',
    fails: [edit('ingress', 'secretName: shop-tls', 'secretName: shop-tsl')],
    at: ['ingress', 'secretName'],
    passes: [edit('ingress', 'secretName: shop-tls', 'secretName: wildcard-certificate')],
  },
  {
    rule: 'reference-not-granted',
    fails: [add('http-route', 'name: web\n          port', 'namespace: other'), otherNamespace()],
    at: ['http-route', 'namespace: other'],
    passes: [
      add('http-route', 'name: web\n          port', 'namespace: other'),
      otherNamespace(),
      file(
        'reference-grant',
        'apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: { name: shop, namespace: other }\nspec:\n  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop }]\n  to: [{ group: "", kind: Service }]\n',
      ),
    ],
  },
  {
    rule: 'selector-matches-nothing',
    fails: [edit('service', 'selector:\n    app: web', 'selector:\n    app: shop')],
    at: ['service', 'selector:'],
    passes: [edit('service', 'selector:\n    app: web', 'selector:\n    tier: front')],
  },
  {
    rule: 'selector-matches-nothing',
    way: 'a NetworkPolicy',
    fails: [policy('app: shop')],
    at: ['policy', 'podSelector'],
    passes: [policy('app: web')],
  },
  {
    rule: 'selector-mismatch',
    fails: [edit(POD, 'matchLabels:\n      app: web', 'matchLabels:\n      app: shop')],
    at: [POD, 'selector:'],
    passes: [edit(POD, 'matchLabels:\n      app: web', 'matchLabels:\n      tier: front')],
  },
  {
    rule: 'selector-mismatch',
    way: 'a StatefulSet',
    fails: [...statefulSet(), edit('stateful-set', 'matchLabels:\n      app: store', 'matchLabels:\n      app: shop')],
    at: ['stateful-set', 'selector:'],
    passes: statefulSet(),
  },
  {
    rule: 'service-not-headless',
    fails: [...statefulSet(), drop('store', 'clusterIP')],
    at: ['stateful-set', 'serviceName'],
    passes: statefulSet(),
  },
  {
    rule: 'volume-missing',
    fails: [edit(POD, '- name: cache\n              mountPath', '- name: cash\n              mountPath')],
    at: [POD, 'name: cash'],
    passes: [edit(POD, '- name: cache\n              mountPath', '- name: settings\n              mountPath')],
  },
]

function policy(labels: string) {
  return file(
    'policy',
    `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: more, namespace: shop }\nspec:\n  podSelector: { matchLabels: { ${labels} } }\n  policyTypes: [Egress]\n`,
  )
}

/** A Service without pods of its own, in a namespace that is not the route's. */
function otherNamespace() {
  return file(
    'other-service',
    'apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: other }\nspec:\n  ports:\n    - port: 80\n',
  )
}

/** The Deployment's pods as those of a StatefulSet with one replica. */
export function statefulSet(): Change[] {
  return [
    file('store', STATEFUL),
    (files) => ({
      ...files,
      'stateful-set': (files[POD] ?? '')
        .replace('kind: Deployment', 'kind: StatefulSet')
        .replace('name: web', 'name: store')
        .replaceAll('app: web', 'app: store')
        .replace('containerPort: 8080', 'containerPort: 7000')
        .replace(/ {2}strategy:\n(?: {4}.*\n)*/, '  serviceName: store\n'),
    }),
  ]
}
