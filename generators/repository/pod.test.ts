import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SealedSettings } from '../definitions/index.ts'
import { SETTINGS } from '../testing/repository-fixture.ts'
import type { PlannedModel, PlannedVersion } from './plan.ts'
import { podSettings } from './pod.ts'
import { settingChanges } from './setting-changes.ts'
import { applyOverride } from './settings.ts'

const version = (sealed: Partial<SealedSettings> = {}, servingImage = 'serving@sha256:0'): PlannedVersion =>
  ({
    facts: { model: 'wine', version: '1.0.0' },
    sealedSettings: { ...SETTINGS, ...sealed },
    servingImage,
  }) as PlannedVersion

const model = (stable: PlannedVersion, more: Partial<PlannedModel> = {}): PlannedModel =>
  ({
    stable,
    environment: { name: 'production' },
    effectiveSettings: applyOverride(stable.sealedSettings, undefined),
    ...more,
  }) as PlannedModel

test('settingChanges is empty exactly for equal settings, whatever the field', () => {
  const before = podSettings(model(version()))
  assert.equal(settingChanges(before, structuredClone(before)), [])
  // Every leaf in turn is changed, removed and joined by another one.
  const visit = (value: Record<string, unknown>, path: string[]) => {
    for (const [key, item] of Object.entries(value)) {
      if (item !== null && typeof item === 'object') visit(item as Record<string, unknown>, [...path, key])
      for (const edit of ['change', 'remove', 'add'] as const) {
        const after = structuredClone(before)
        const parent = path.reduce(
          (inner, step) => inner[step] as Record<string, unknown>,
          after as unknown as Record<string, unknown>,
        )
        if (edit === 'change') parent[key] = 'another'
        else if (edit === 'remove') delete parent[key]
        else parent[`${key}New`] = 1
        assert.ok(settingChanges(before, after).length > 0, `${edit} ${[...path, key].join('.')}`)
      }
    }
  }
  visit(before as unknown as Record<string, unknown>, [])
})

test('a GPU, another image and a candidate in the same pods are changes of the pods', () => {
  const resources = { ...SETTINGS.resources, gpu: 1 }
  const changed = (after: PlannedModel) => settingChanges(podSettings(model(version())), podSettings(after))
  assert.equal(changed(model(version({ resources }))), [{ field: 'resources.gpu', to: '1' }])
  assert.equal(changed(model(version({}, 'serving@sha256:1'))), [
    { field: 'image', from: 'serving@sha256:0', to: 'serving@sha256:1' },
  ])
  const candidate = {
    version: version(),
    effectiveSettings: applyOverride(SETTINGS, undefined),
    mode: 'canary',
    weight: 10,
  } as const
  assert.equal(
    changed(model(version(), { candidate })).map(({ field }) => field),
    ['resources.cpu', 'resources.memory', 'resources.cpuLimit'],
  )
  // A gateway gives the candidate pods of its own.
  const environment = {
    ...model(version()).environment,
    traffic: { engine: 'gateway-api' },
  } as PlannedModel['environment']
  assert.equal(changed(model(version(), { candidate, environment })), [])
})

test.run()
