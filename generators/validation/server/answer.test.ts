import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { manifestsOf } from '../manifest-objects.ts'
import { type Answer, answerFindings } from './answer.ts'

const test = suite('what an API server answers')

/** Messages are those of Kubernetes 1.36.3, on this object; e2e/cluster asks such a server. */
const TEXT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app.kubernetes.io/name: two words
spec:
  template:
    spec:
      nodeSelector:
        beta.kubernetes.io/os: linux
      containers:
        - name: web
          env:
            - name: A
            - name: B
            - name: A
          ports:
            - containerPort: 80
            - containerPort: 80
              bogus: 1
`

function said(answer: Partial<Answer>, text = TEXT) {
  const [object] = manifestsOf([{ file: 'a.yaml', text }]).objects
  const findings = object ? answerFindings(object, { code: 422, status: {}, warnings: [], ...answer }) : []
  return findings.map(({ rule, line, path, message }) => ({ rule, line, path, message }))
}

test('each cause of a refusal is a finding at its field', () => {
  const causes = [
    { field: 'metadata.labels[app.kubernetes.io/name]', message: 'Invalid value: "two words"' },
    { field: 'spec.template.spec.containers[0].image', message: 'Required value' },
    { field: '<nil>', message: 'denied by a policy' },
  ]
  assert.equal(said({ status: { reason: 'Invalid', details: { causes } } }), [
    {
      rule: 'server-refused',
      line: 6,
      path: 'metadata.labels["app.kubernetes.io/name"]',
      message: 'metadata.labels["app.kubernetes.io/name"]: Invalid value: "two words"',
    },
    {
      rule: 'server-refused',
      line: 13,
      path: 'spec.template.spec.containers[0].image',
      message: 'spec.template.spec.containers[0].image: Required value',
    },
    { rule: 'server-refused', line: 1, path: undefined, message: 'denied by a policy' },
  ])
})

test("what server-side apply cannot read is found by the keys of its lists, a key that is there twice at the second's line", () => {
  const start = 'failed to create typed patch object (/web; apps/v1, Kind=Deployment): '
  const container = '.spec.template.spec.containers[name="web"]'
  const places = (message: string) => said({ code: 500, status: { message: start + message } }).map(({ line }) => line)
  const bogus = `${container}.ports[containerPort=80,protocol="TCP"].bogus: field not declared in schema`
  const twice = `${container}.env: duplicate entries for key [name="A"]`
  assert.equal(places(`errors:\n  ${bogus}\n  .metadata.labels.app.kubernetes.io/name: expected string`), [21, 6])
  assert.equal(places(twice), [17])
})

test('a warning stands at the field that it begins with, one of a version at apiVersion', () => {
  const label =
    'spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'
  const version = 'apps/v1 Deployment is deprecated in v1.99+'
  const found = said({ code: 200, warnings: [label, version] })
  assert.equal(
    found.map(({ rule, line }) => [rule, line]),
    [
      ['server-warning', 11],
      ['server-warning', 1],
    ],
  )
})

test('no right to ask, a webhook that is down and a server in trouble are no verdict', () => {
  for (const [code, message] of [
    [403, 'deployments.apps "web" is forbidden: User "a" cannot patch resource "deployments" in API group "apps"'],
    [500, 'Internal error occurred: failed calling webhook "a.example.com": connection refused'],
    [400, 'admission webhook "a.example.com" does not support dry run'],
    [503, 'the server is currently unable to handle the request'],
  ] as const) {
    assert.equal(said({ code, status: { message } }), [
      { rule: 'server-unchecked', line: 1, path: undefined, message: `could not check: ${message}` },
    ])
  }
  const quota = 'pods "web" is forbidden: exceeded quota: compute'
  assert.is(said({ code: 403, status: { message: quota } })[0]?.rule, 'server-refused')
})

test('a value of a Secret is not shown', () => {
  const text = 'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData:\n  key: 1234\n'
  const message =
    'failed to create typed patch object (/a; /v1, Kind=Secret): .stringData.key: expected string, got 1234'
  const [found] = said({ code: 500, status: { message } }, text)
  assert.is(found?.line, 5)
  assert.not.match(found?.message ?? '', '1234')
})

test.run()
