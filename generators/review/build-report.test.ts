import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AppliedChange, PinChange } from '../pins/index.ts'
import { renderedChanges } from './build-report.ts'

test("warnings of another environment are not this pull request's, and all others are", () => {
  const warn = (file?: string) =>
    ({ rule: 'image-placeholder', severity: 'warning', message: `in ${file}`, ...(file && { file }) }) as const
  const kept = [
    warn('environments/production/environment.ts'),
    warn('dist/production/models/wine/deployment.yaml'),
    warn('models/wine/model.ts'),
    warn('modelyard.yaml'),
    warn(),
  ]
  const findings = [
    warn('environments/development/environment.ts'),
    ...kept,
    warn('dist/staging/models/wine/deployment.yaml'),
    warn('environments/production-eu/environment.ts'),
  ]
  const change = { model: 'wine', environment: 'production', pin: { file: 'p' } } as PinChange
  const applied = { manifests: [], newFindings: findings } as unknown as AppliedChange
  assert.equal(renderedChanges(change, applied).findings, kept)
})

test('information asks nobody for a judgement', () => {
  const found = (severity: 'warning' | 'info') =>
    ({ rule: 'ingress-open', severity, message: severity, file: 'environments/production/environment.ts' }) as const
  const change = { model: 'wine', environment: 'production', pin: { file: 'p' } } as PinChange
  const applied = { manifests: [], newFindings: [found('info'), found('warning')] } as unknown as AppliedChange
  assert.equal(renderedChanges(change, applied).findings, [found('warning')])
})

test.run()
