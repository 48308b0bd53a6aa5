import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Finding, RuleId } from '../findings/index.ts'
import { REPOSITORY } from '../testing/example-repository.ts'
import { parseYaml } from '../yaml/index.ts'
import { checkApplicationPaths } from './application-paths.ts'
import { checkObjects } from './check-objects.ts'
import { REPOSITORY_WORLD } from './cluster-scope.ts'
import { type ManifestObject, readManifests } from './manifest-objects.ts'
import { REFERENCE_RULES } from './references/index.ts'

const test = suite('references between objects')

const MODEL = 'dist/production/models/house-price'
const { objects } = readManifests(REPOSITORY, 'dist/production')

/** The objects of production with one file changed; `null` leaves the file out. */
function production(file: string, change: ((text: string) => string) | null): ManifestObject[] {
  const found = objects.find((object) => object.file === file)
  if (!found) throw new Error(`there is no ${file}`)
  const others = objects.filter((object) => object !== found)
  return change === null ? others : [...others, parsed(file, change(textOf(file)))]
}

const textOf = (file: string) => readFileSync(join(REPOSITORY, file), 'utf8')

function parsed(file: string, text: string): ManifestObject {
  const { document } = parseYaml(file, text)
  if (!document) throw new Error(`${file} is not YAML`)
  return document
}

/** Replaces the last occurrence, which must be there. */
const replace = (from: string, to: string) => (text: string) => {
  const index = text.lastIndexOf(from)
  if (index < 0) throw new Error(`no ${JSON.stringify(from)}`)
  return text.slice(0, index) + to + text.slice(index + from.length)
}

const lineIn = (file: string, text: string) => {
  const whole = textOf(file)
  return whole.slice(0, whole.lastIndexOf(text)).split('\n').length
}

/** As the repository is checked: each environment by itself, and nothing exists beside it. */
const check = (objects: readonly ManifestObject[]) =>
  checkObjects(objects, { world: REPOSITORY_WORLD, rules: REFERENCE_RULES })

const summary = ({ rule, file, line, message }: Finding) => ({ rule, file, line, message })

test('what synth writes has no missing reference', async () => {
  assert.equal(check(objects), [])
})

const DEPLOYMENT = `${MODEL}/deployment.yaml`
const selectsNothing = (field: string, component = 'model-server') =>
  `spec.${field} {app.kubernetes.io/component: ${component}, app.kubernetes.io/name: house-prices} matches no pod in the input`
const OTHER_POD = replace('app.kubernetes.io/name: house-price', 'app.kubernetes.io/name: house-prices')

/** Each way in which an object can name what is not there, with the line that says it. */
const CASES: {
  title: string
  rule?: RuleId
  file: string
  change: (text: string) => string
  at: string
  message: string
}[] = [
  {
    title: 'a Deployment that names no ServiceAccount of its namespace',
    file: DEPLOYMENT,
    change: replace('serviceAccountName: house-price', 'serviceAccountName: house'),
    at: 'serviceAccountName:',
    message: 'ServiceAccount "house" does not exist in namespace "models"',
  },
  {
    title: 'a volume of a ConfigMap that is gone',
    file: DEPLOYMENT,
    change: replace('name: house-price-routing', 'name: house-price-routes'),
    at: 'name: house-price-routing',
    message: 'ConfigMap "house-price-routes" does not exist in namespace "models"',
  },
  {
    rule: 'volume-missing',
    title: 'a mount of a volume that the pod does not have',
    file: DEPLOYMENT,
    change: replace('name: cache\n            - mountPath', 'name: cash\n            - mountPath'),
    at: 'name: cache\n            - mountPath',
    message: 'mounts volume "cash", which the pod does not have',
  },
  {
    rule: 'port-missing',
    title: 'a probe of a port that the container does not declare',
    file: DEPLOYMENT,
    change: replace('port: http', 'port: web'),
    at: 'port: http',
    message: 'startupProbe uses port "web", which the container does not declare',
  },
  {
    rule: 'port-missing',
    title: 'a Service port that no selected pod has',
    file: `${MODEL}/service.yaml`,
    change: replace('targetPort: http', 'targetPort: web'),
    at: 'targetPort:',
    message: 'no selected pod has a port named "web"',
  },
  {
    rule: 'selector-matches-nothing',
    title: 'a Service that selects nothing',
    file: `${MODEL}/service.yaml`,
    change: OTHER_POD,
    at: 'selector:',
    message: selectsNothing('selector'),
  },
  {
    rule: 'selector-matches-nothing',
    title: 'a PodDisruptionBudget that selects nothing',
    file: `${MODEL}/pod-disruption-budget.yaml`,
    change: OTHER_POD,
    at: 'selector:',
    message: selectsNothing('selector'),
  },
  {
    rule: 'selector-matches-nothing',
    title: 'a NetworkPolicy that selects nothing',
    file: `${MODEL}/network-policy.yaml`,
    change: OTHER_POD,
    at: 'podSelector:',
    message: selectsNothing('podSelector'),
  },
  {
    title: 'an autoscaler of a Deployment that is not there',
    file: `${MODEL}/horizontal-pod-autoscaler.yaml`,
    change: replace('name: house-price', 'name: house'),
    at: 'name: house-price',
    message: 'Deployment "house" does not exist in namespace "models"',
  },
]

for (const { title, rule = 'reference-missing', file, change, at, message } of CASES) {
  test(`${title} is a finding at its line`, async () => {
    const findings = check(production(file, change))
    assert.equal(findings.map(summary), [{ rule, file, line: lineIn(file, at), message }])
  })
}

test('a Deployment whose selector is not in its pods is found, as is all that selects those pods', async () => {
  const relabel = (text: string) => text.replaceAll(/^( {8}app\.kubernetes\.io\/name: )house-price$/gm, '$1houses')
  const findings = check(production(DEPLOYMENT, relabel))
  assert.equal(findings.map(({ rule, file }) => `${rule} ${file}`).sort(), [
    ...['network-policy', 'pod-disruption-budget', 'service'].map(
      (name) => `selector-matches-nothing ${MODEL}/${name}.yaml`,
    ),
    `selector-mismatch ${MODEL}/deployment.yaml`,
  ])
  const own = findings.find(({ file }) => file === DEPLOYMENT)
  assert.is(own?.message, 'the selector does not match the labels of the pod template')
})

test('a ConfigMap that is removed is missed where the Deployment names it', async () => {
  const findings = check(production(`${MODEL}/routing-config-map.yaml`, null))
  assert.equal(findings.map(summary), [
    {
      rule: 'reference-missing',
      file: DEPLOYMENT,
      line: lineIn(DEPLOYMENT, 'name: house-price-routing'),
      message: 'ConfigMap "house-price-routing" does not exist in namespace "models"',
    },
  ])
})

test('a selector that is empty takes every pod, as a policy that denies by default does', async () => {
  const policy = parsed(
    'dist/production/deny.yaml',
    'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: deny, namespace: models }\nspec: { podSelector: {} }\n',
  )
  assert.equal(check([...objects, policy]), [])
})

test('the same object in two files is a finding at the second', async () => {
  const copy = objects.find(({ file }) => file === `${MODEL}/service.yaml`) as ManifestObject
  const file = `${MODEL}/service-copy.yaml`
  const findings = check([...objects, { file, value: copy.value, lineOf: (path) => copy.lineOf(path) }])
  assert.equal(findings.map(summary), [
    {
      rule: 'object-defined-twice',
      file,
      line: lineIn(copy.file, 'name: house-price\n  namespace'),
      message: `Service/models/house-price stands in ${MODEL}/service.yaml too`,
    },
  ])
})

test('objects of the same name in two environments are two objects', async () => {
  const staging = readManifests(REPOSITORY, 'dist/staging')
  assert.equal(check([...objects, ...staging.objects]), [])
})

test('an Application of a folder that does not exist is a finding at its path', async () => {
  const file = 'dist/production/argocd/production-model-house-price.yaml'
  const findings = await checkApplicationPaths(
    REPOSITORY,
    production(file, replace('models/house-price', 'models/house')),
  )
  assert.equal(findings.map(summary), [
    {
      rule: 'application-path-missing',
      file,
      line: lineIn(file, 'path: '),
      message: 'syncs dist/production/models/house, which is no folder of this repository',
    },
  ])
})

test.run()
