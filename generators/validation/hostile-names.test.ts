import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkObjects } from './check-objects.ts'
import { CLOSED_WORLD } from './cluster-scope.ts'
import { manifestsOf } from './manifest-objects.ts'
import { checkResourceRules, checkSchema, openSchemas, withDefinitionsIn } from './schema/index.ts'
import { thingDefinition } from './testing/thing-definition.ts'

const test = suite('names that every JavaScript object has')

/** Each with one that no object has and that is of the same form. */
const NAMES = Object.getOwnPropertyNames(Object.prototype).map((name) => [
  name,
  name.replaceAll(/[a-z]/g, 'q').replaceAll(/[A-Z]/g, 'Q'),
])

const THING = thingDefinition(`type: object
properties:
  map: { type: object, additionalProperties: { type: string } }
  NAME: { type: string, default: x }
x-kubernetes-validations: [{ rule: "self.map.all(k, self.map[k] != 'bad')", message: bad }]`)

/** Manifests with NAME wherever a file may have a name. */
const TEXTS = [
  'apiVersion: NAME\nkind: Pod\nmetadata: { name: a }\n',
  'apiVersion: NAME/v1\nkind: NAME\nmetadata: { name: a }\n',
  'apiVersion: NAME.example.com/v1\nkind: NAME\nmetadata: { name: a }\n',
  'apiVersion: apps/NAME\nkind: Deployment\nmetadata: { name: a }\n',
  'apiVersion: v1\nkind: NAME\nmetadata: { name: a }\n',
  'apiVersion: keda.sh/v1alpha1\nkind: NAME\nmetadata: { name: a }\n',
  'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: NAME, namespace: NAME, NAME: 1 }\ndata: { NAME: x }\nNAME: { NAME: 1 }\n',
  'apiVersion: v1\nkind: Secret\nmetadata: { name: NAME, labels: { NAME: NAME }, annotations: { NAME: NAME } }\nstringData: { NAME: x }\n',
  `apiVersion: apps/v1
kind: Deployment
metadata: { name: NAME }
spec:
  NAME: 1
  selector: { matchLabels: { NAME: NAME }, matchExpressions: [{ key: NAME, operator: NAME, values: [NAME] }] }
  template:
    metadata: { labels: { NAME: NAME } }
    spec:
      serviceAccountName: NAME
      nodeSelector: { NAME: NAME }
      volumes: [{ name: NAME, configMap: { name: NAME, items: [{ key: NAME, path: NAME }] } }, { name: v, NAME: {} }]
      containers:
        - name: NAME
          image: NAME
          NAME: NAME
          ports: [{ name: NAME, containerPort: 80, protocol: NAME }]
          env: [{ name: NAME, value: NAME }, { name: b, valueFrom: { configMapKeyRef: { name: NAME, key: NAME } } }]
          resources: { requests: { NAME: 1 }, limits: { NAME: NAME } }
          livenessProbe: { httpGet: { port: NAME }, NAME: 1 }
          volumeMounts: [{ name: NAME, mountPath: /x }]
---
apiVersion: v1
kind: Service
metadata: { name: NAME }
spec: { selector: { NAME: NAME }, type: NAME, ports: [{ name: NAME, port: 80, targetPort: NAME }] }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: NAME }
spec: { scaleTargetRef: { apiVersion: NAME, kind: NAME, name: NAME }, maxReplicas: 2, metrics: [{ type: NAME, resource: { name: NAME } }] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: NAME }
roleRef: { apiGroup: NAME, kind: NAME, name: NAME }
subjects: [{ kind: NAME, name: NAME }]
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: NAME }
spec:
  project: NAME
  source: { repoURL: NAME, path: NAME }
  destination: { server: NAME, namespace: NAME }
  ignoreDifferences: [{ kind: NAME, group: '' }]
`,
  `${THING}---\napiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\nspec: { NAME: x, map: { NAME: x } }\n`,
  `${THING}---\napiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\nspec: { map: { NAME: bad } }\n`,
  `${THING}---\napiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a, labels: { a: null } }\nspec: { map: { NAME: 7 } }\n`,
]

/** A definition with NAME in its schema. */
const defined = (schema: string) =>
  `${thingDefinition(`type: object\nproperties: { a: ${schema} }`)}---\napiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\nspec: { a: { b: 7, NAME: [] } }\n`
TEXTS.push(
  defined(
    '{ type: object, required: [NAME], properties: { b: { type: integer, format: NAME }, NAME: { type: array } } }',
  ),
  defined('{ type: object, required: [b, NAME], properties: { b: { type: string, format: NAME } } }'),
  defined('{ type: object, properties: { b: { type: NAME } } }'),
  defined('{ type: object, NAME: 1 }'),
  defined('{ type: object, additionalProperties: true, required: [NAME] }').replace(', NAME: []', ''),
  defined('{ type: object, x-kubernetes-preserve-unknown-fields: true, x-kubernetes-list-map-keys: [NAME] }'),
)

async function found(text: string, name: string): Promise<string[]> {
  const { objects, findings } = manifestsOf([{ file: 'a.yaml', text: text.replaceAll('NAME', name) }])
  const schemas = withDefinitionsIn(objects, openSchemas())
  return [
    ...findings,
    ...checkSchema(objects, { schemas }),
    ...(await checkResourceRules(objects, { schemas })),
    ...checkObjects(objects, { world: CLOSED_WORLD }),
  ].map(({ rule, severity, line, path = '' }) => `${rule} ${severity} ${line} ${path.replaceAll(name, 'NAME')}`)
}

for (const [name = '', other = ''] of NAMES) {
  test(`${name} is a name like others, wherever it stands`, async () => {
    for (const text of TEXTS) assert.equal(await found(text, name), await found(text, other), text)
  })
}

test('what a file calls __proto__ changes no other object', async () => {
  await found(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, labels: { b: null } }\n__proto__: { polluted: true }\ndata: { __proto__: { polluted: 1 } }\n',
    'x',
  )
  assert.is(({} as Record<string, unknown>)['polluted'], undefined)
})

test.run()
