import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatPath } from '../../findings/index.ts'
import { overlays } from './bundle/overlay.ts'
import { formats } from './formats.ts'
import { checkSchema, openSchemas } from './index.ts'
import { BROKEN } from './testing/broken.ts'
import { fields, knownGood, manifest, replacing } from './testing/known-good.ts'
import { bundledSchemas, createAjv, kubernetesMinors } from './validators.ts'

for (const [what, kind, [from, to], path, message, fix] of BROKEN) {
  test(what, () => {
    assert.equal(checkSchema([manifest(kind)]), [], `${kind} is valid before the edit`)
    const object = manifest(kind, replacing(from, to))
    const findings = checkSchema([object])
    assert.equal(findings.length, 1, JSON.stringify(findings))
    const [finding] = findings
    assert.is(finding?.rule, 'schema-invalid')
    assert.is(finding?.severity, 'error')
    assert.is(finding?.file, `${kind}.yaml`)
    assert.is(finding?.path, path)
    assert.ok(finding?.message.startsWith(`${path}: `), finding?.message)
    assert.ok(finding?.message.includes(message), finding?.message)
    assert.ok(finding?.fix?.includes(fix), finding?.fix)
    assert.type(finding?.line, 'number')
  })
}

test('every kind that Modelyard generates has a known-good object, and it passes', () => {
  const objects = [...knownGood.keys()].map((kind) => manifest(kind))
  assert.equal(checkSchema(objects), [])
  for (const minor of kubernetesMinors()) {
    // The pause before the end of a pod is known from 1.29 on.
    const expected = minor === '1.28' ? ['spec.template.spec.containers[0].lifecycle.preStop.sleep'] : []
    const findings = checkSchema(objects, { schemas: bundledSchemas(minor) })
    assert.equal(
      findings.map(({ path }) => path),
      expected,
      minor,
    )
  }
})

test('all errors of all objects are reported at their lines, in one pass', () => {
  const deployment = manifest('Deployment', (text) =>
    replacing('minReadySeconds', 'minReadySecnds')(replacing('containerPort: 8080', 'containerPort: eighty')(text)),
  )
  const service = manifest('Service', replacing('type: ClusterIP', 'type: Cluster'))
  const findings = checkSchema([deployment, service])
  assert.equal(
    findings.map(({ file, line, path }) => [file, line, path]),
    [
      ['Deployment.yaml', 12, 'spec.minReadySecnds'],
      ['Deployment.yaml', 60, 'spec.template.spec.containers[0].ports[0].containerPort'],
      ['Service.yaml', 15, 'spec.type'],
    ],
  )
})

test('a required field that is missing is a finding at its path', () => {
  const required = [
    'metadata',
    'metadata.name',
    'spec',
    'spec.selector',
    'spec.template',
    'spec.template.spec',
    'spec.template.spec.containers',
    'spec.template.spec.containers[0].name',
    'spec.template.spec.containers[0].image',
    'spec.template.spec.containers[0].env[0].name',
    'spec.template.spec.containers[0].env[1].name',
    'spec.template.spec.containers[0].env[1].valueFrom.fieldRef.fieldPath',
    'spec.template.spec.containers[0].ports[0].containerPort',
    'spec.template.spec.containers[0].startupProbe.httpGet.port',
    'spec.template.spec.containers[0].readinessProbe.httpGet.port',
    'spec.template.spec.containers[0].livenessProbe.httpGet.port',
    'spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds',
    'spec.template.spec.containers[0].volumeMounts[0].name',
    'spec.template.spec.containers[0].volumeMounts[0].mountPath',
    'spec.template.spec.topologySpreadConstraints[0].maxSkew',
    'spec.template.spec.topologySpreadConstraints[0].topologyKey',
    'spec.template.spec.topologySpreadConstraints[0].whenUnsatisfiable',
    'spec.template.spec.securityContext.seccompProfile.type',
    'spec.template.spec.volumes[0].name',
    'spec.template.spec.volumes[1].name',
  ]
  const { file, value, lineOf } = manifest('Deployment')
  const found = [...fields(value)].flatMap((path) => {
    const copy = structuredClone(value)
    const { parent, key } = holder(copy, path)
    delete parent[key]
    return checkSchema([{ file, value: copy, lineOf }])
      .filter((finding) => finding.path === formatPath(path))
      .map((finding) => finding.path ?? '')
  })
  assert.equal(found.sort(), ['apiVersion', 'kind', ...required].sort())
})

test('any field that is renamed is a finding, except where the names are free', () => {
  const free = /(labels|annotations|matchLabels|requests|limits)(\.|\[")[^.]*/
  const { file, value, lineOf } = manifest('Deployment')
  for (const path of fields(value)) {
    const copy = structuredClone(value)
    const { parent, key } = holder(copy, path)
    parent[`${key}x`] = parent[key]
    delete parent[key]
    const renamed = formatPath([...path.slice(0, -1), `${key}x`])
    const findings = checkSchema([{ file, value: copy, lineOf }])
    if (free.test(formatPath(path))) assert.equal(findings, [], renamed)
    else if (path.length > 1 || !['apiVersion', 'kind'].includes(key)) {
      assert.ok(
        findings.some((finding) => finding.path === renamed && finding.fix === `Rename it to ${key}.`),
        `${renamed}: ${JSON.stringify(findings)}`,
      )
    } else assert.is(findings[0]?.path, key)
  }
})

test('null in a built-in kind is the same as absent, as for the API server', () => {
  assert.equal(checkSchema([manifest('Deployment', replacing('minReadySeconds: 5', 'minReadySeconds:'))]), [])
  const [finding] = checkSchema([
    manifest(
      'Deployment',
      replacing('  selector:\n    matchLabels:\n      app.kubernetes.io/name: fraud-scorer', '  selector:'),
    ),
  ])
  assert.is(finding?.message, 'spec.selector: is required')
})

test('generateName stands in for a name', () => {
  assert.equal(
    checkSchema([manifest('ConfigMap', replacing('name: fraud-scorer-boot-0a1b2c3d', 'generateName: boot-'))]),
    [],
  )
})

test('a kind without a schema is a warning that it could not be checked', () => {
  const [finding, ...others] = checkSchema([manifest('Deployment', replacing('apps/v1', 'keda.sh/v1alpha1'))])
  assert.equal(others, [])
  assert.is(finding?.rule, 'schema-unknown-kind')
  assert.is(finding?.severity, 'warning')
  assert.ok(finding?.message.includes('could not check'))
  assert.is(finding?.fix, 'Did you mean apiVersion apps/v1, kind Deployment?')
  assert.is(finding?.line, 2)
})

const saidOf = (apiVersion: string, kind: string, minor?: string) => {
  const value = { apiVersion, kind, metadata: { name: 'a' } }
  const schemas = openSchemas(minor === undefined ? {} : { kubernetesVersion: minor })
  const [finding] = checkSchema([{ file: 'x.yaml', value, lineOf: () => 1 }], { schemas, ignoreMissingSchemas: true })
  return finding && `${finding.severity} ${finding.rule}: ${finding.message} ${finding.fix}`
}

test('a kind that no API server serves is an error with what was meant, whatever is ignored', () => {
  const said: [string, string, string][] = [
    ['apps/v1', 'Deploymnet', 'unknown kind Deploymnet in apps/v1; did you mean Deployment? Write kind: Deployment.'],
    ['apps/v1', 'deployment', 'unknown kind deployment in apps/v1; did you mean Deployment? Write kind: Deployment.'],
    ['apps/v2', 'Deployment', 'unknown version apps/v2 of Deployment; did you mean apps/v1? Write apiVersion: apps/v1.'],
    ['v1', 'Deployment', 'unknown kind Deployment in v1; did you mean apps/v1? Write apiVersion: apps/v1.'],
    ['batch/v1', 'Pod', 'unknown kind Pod in batch/v1; did you mean v1? Write apiVersion: v1.'],
    ['app/v1', 'Deployment', 'unknown kind Deployment in app/v1; did you mean apps/v1? Write apiVersion: apps/v1.'],
    ['networking.k8s.io/v1', 'Ingres', 'unknown kind Ingres in networking.k8s.io/v1; did you mean Ingress? Write kind: Ingress.'],
    ['autoscaling/v2beta2', 'HorizontalPodAutoscaler', 'Kubernetes 1.36 does not serve autoscaling/v2beta2 HorizontalPodAutoscaler: removed in 1.26 Write autoscaling/v2.'],
    ['extensions/v1beta1', 'Ingress', 'Kubernetes 1.36 does not serve extensions/v1beta1 Ingress: removed in 1.22 Write networking.k8s.io/v1.'],
    ['v1', 'toString', 'unknown kind toString in v1 Correct apiVersion and kind; kubectl api-resources lists what a cluster serves.'],
    ['valueOf/v1', 'Thing', 'unknown API group valueOf Correct apiVersion and kind; kubectl api-resources lists what a cluster serves.'],
  ] // biome-ignore format: a line each
  for (const [apiVersion, kind, text] of said) assert.is(saidOf(apiVersion, kind), `error api-unknown: ${text}`)
})

test('a kind that other versions of Kubernetes serve is told with those', () => {
  const said = saidOf('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', '1.28')
  assert.match(said ?? '', 'Kubernetes 1.28 does not serve admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy; ')
  assert.match(said ?? '', 'Kubernetes 1.30 to 1.36 does')
})

test('the name of a Service may start with a digit from Kubernetes 1.36 on', () => {
  const service = manifest('Service', replacing('name: fraud-scorer', 'name: 1-fraud-scorer'))
  const found = (kubernetesVersion: string) => checkSchema([service], { schemas: openSchemas({ kubernetesVersion }) })
  assert.equal(found('1.36'), [])
  assert.equal(
    found('1.35').map(({ path }) => path),
    ['metadata.name'],
  )
})

test('a custom resource may exist, however it is named', () => {
  for (const group of ['example.com', 'apps.example.com', 'snapshot.storage.k8s.io', 'argoproj.io', 'app.k8s.io']) {
    assert.is(saidOf(`${group}/v1`, 'Deploymnet'), undefined, group)
  }
})

test('a document that is no object, or has no kind, is an error', () => {
  const at = (value: unknown) =>
    checkSchema([{ file: 'x.yaml', value, lineOf: () => 1 }]).map(({ rule, path }) => [rule, path])
  assert.equal(at('hello'), [['schema-invalid', undefined]])
  assert.equal(at(null), [['schema-invalid', undefined]])
  assert.equal(at({ apiVersion: 'v1' }), [['schema-invalid', 'kind']])
  assert.equal(at({}), [
    ['schema-invalid', 'apiVersion'],
    ['schema-invalid', 'kind'],
  ])
  assert.is(at({ apiVersion: 'v1', kind: 'constructor' })[0]?.[0], 'api-unknown')
})

test('too few and too many are said with what there is', () => {
  const store = (provider: object) => ({
    ...{ apiVersion: 'external-secrets.io/v1', kind: 'SecretStore', metadata: { name: 'a' } },
    spec: { provider },
  })
  const says = (value: object) =>
    checkSchema([{ file: 'x.yaml', value, lineOf: () => 1 }]).map(({ message, fix }) => `${message}: ${fix}`)
  const fake = { data: [] }
  assert.equal(says(store({ fake, webhook: { url: 'https://example.com', result: {} } })), [
    'spec.provider: may have at most 1 field, and has fake, webhook: Leave at most 1 field.',
  ])
  assert.equal(says(store({})), ['spec.provider: must not be empty: Give it at least 1 field.'])
})

const bundleFile = (name: string) => readFileSync(new URL(`./bundle/${name}`, import.meta.url), 'utf8')
const bundles = readdirSync(new URL('./bundle/', import.meta.url)).filter((file) =>
  /-\d.*\.json$|^kubernetes/.test(file),
)

test('the bundles compile under the meta-schema in strict mode', () => {
  assert.ok(bundles.length >= 9)
  for (const file of bundles) {
    const bundle = JSON.parse(bundleFile(file))
    const ajv = createAjv({ trusted: false }).addSchema({ $id: file, $defs: { ...bundle.$defs, ...bundle.kinds } })
    for (const name of [...Object.keys(bundle.$defs), ...Object.keys(bundle.kinds)]) {
      assert.ok(ajv.getSchema(`${file}#/$defs/${name.replaceAll('/', '~1')}`), name)
    }
  }
})

test('the bundles record where they came from: a module, its hash, and the digest of each file', () => {
  const provenance = JSON.parse(bundleFile('provenance.json'))
  assert.is(provenance.length, kubernetesMinors().length + bundles.length - 1)
  for (const { sum, files } of provenance) {
    assert.match(sum, /^h1:/)
    for (const digest of Object.values<string>(files)) assert.match(digest, /^[0-9a-f]{64}$/)
  }
})

test('every minor has its own kinds, and the custom resources have theirs in each', () => {
  const has = (minor: string, kind: string) => bundledSchemas(minor).validatorFor(kind) !== undefined
  assert.equal([kubernetesMinors()[0], kubernetesMinors().at(-1)], ['1.36', '1.28'])
  for (const minor of kubernetesMinors()) {
    for (const kind of ['apps/v1/StatefulSet', 'batch/v1/CronJob', 'rbac.authorization.k8s.io/v1/Role'])
      assert.ok(has(minor, kind))
    for (const kind of [
      'argoproj.io/v1alpha1/ApplicationSet',
      'argoproj.io/v1alpha1/Rollout',
      'autoscaling.k8s.io/v1/VerticalPodAutoscaler',
      'bitnami.com/v1alpha1/SealedSecret',
      'external-secrets.io/v1/ExternalSecret',
      'gateway.networking.k8s.io/v1/HTTPRoute',
      'keda.sh/v1alpha1/ScaledObject',
      'monitoring.coreos.com/v1/PrometheusRule',
    ]) {
      assert.ok(has(minor, kind), kind)
      assert.ok(bundledSchemas(minor).knownKinds().includes(kind))
    }
    for (const kind of ['v1/List', 'v1/PodList', 'v1/Status', 'apps/v1beta1/Deployment'])
      assert.not(has(minor, kind), kind)
  }
  assert.ok(
    has('1.28', 'flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema') && has('1.36', 'resource.k8s.io/v1/ResourceClaim'),
  )
  assert.not(
    has('1.36', 'flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema') || has('1.28', 'resource.k8s.io/v1/ResourceClaim'),
  )
})

test('a field is known from the minor on that brought it', () => {
  const sidecar = manifest('Deployment', replacing('      containers:', '      resources: {}\n      containers:'))
  assert.equal(checkSchema([sidecar]), [])
  const [finding] = checkSchema([sidecar], { schemas: openSchemas({ kubernetesVersion: 'v1.28.4' }) })
  assert.is(finding?.path, 'spec.template.spec.resources')
  assert.throws(() => openSchemas({ kubernetesVersion: '1.12' }), /no schemas of Kubernetes 1\.12/)
})

test('what is said to be plainly valid is valid to ajv, and nearly everything valid is', () => {
  let quick = 0
  for (const kind of knownGood.keys()) {
    const { value } = manifest(kind)
    const { apiVersion } = value as { apiVersion: string }
    const validator = bundledSchemas('1.36').validatorFor(`${apiVersion}/${kind}`)
    assert.ok(validator)
    for (const path of [...fields(value)]) {
      for (const wrong of [undefined, null, 7, -1, 'text', '', 'A_b', {}, [], true, Number.NaN]) {
        const copy = structuredClone(value)
        const { parent, key } = holder(copy, path)
        if (wrong === undefined) delete parent[key]
        else parent[key] = wrong
        const isQuick = validator.isPlainlyValid(copy)
        assert.is(
          isQuick,
          validator.errorsOf(copy).length === 0,
          `${kind} ${formatPath(path)} ${JSON.stringify(wrong)}`,
        )
        if (isQuick) quick++
      }
    }
  }
  assert.ok(quick > 400, `${quick} were plainly valid`)
})

test('every format is used by the bundles or the overlay, or is a type to CEL, and says what it wants', () => {
  const used = JSON.stringify(overlays) + bundles.map(bundleFile).join('')
  for (const [name, format] of Object.entries(formats)) {
    assert.ok(['date', 'duration'].includes(name) || used.includes(`"format":"${name}"`), name)
    assert.ok(format.says.length > 5)
  }
})

function holder(value: unknown, path: readonly (string | number)[]) {
  let at = value as Record<string, unknown>
  for (const part of path.slice(0, -1)) at = at[part] as Record<string, unknown>
  return { parent: at, key: String(path.at(-1)) }
}

test.run()
