import type { PromotionReport, RollbackReport } from '../report.ts'

/** A canary beside a champion: a classifier, with one warning. */
export const canary: PromotionReport = {
  model: 'fraud-scorer',
  environment: 'production',
  from: { version: '1.4.2', release: '1.4.2-8f3c2a9d' },
  to: { version: '1.5.0', release: '1.5.0-d20a77e1' },
  mode: { kind: 'canary', weight: 10 },
  gates: [
    { name: 'auc >= 0.9', result: 'pass', detail: '0.941' },
    { name: 'auc vs champion', result: 'pass', detail: '+0.6 %' },
    { name: 'soak >= 24 h', result: 'unknown', detail: 'not checked', note: 'Prometheus timed out; does not block.' },
    { name: 'approvals', result: 'pending', detail: '0 of 2' },
  ],
  interfaceChanges: [],
  predictions: {
    kind: 'classification',
    rows: 20_000,
    flips: [
      { from: 'decline', to: 'approve', rows: 116 },
      { from: 'approve', to: 'decline', rows: 244 },
    ],
    golden: { passed: 40, total: 40 },
  },
  cost: {
    from: { artifactBytes: 11_000_000, p50Ms: 2, p99Ms: 8 },
    to: { artifactBytes: 14_200_000, p50Ms: 2.04, p99Ms: 9.1234 },
    p50Ratio: { low: 0.981, high: 1.049 },
  },
  objects: {
    added: [],
    changed: ['dist/production/models/fraud-scorer/routing.yaml'],
    removed: [],
    podsRestart: false,
    otherModels: [],
  },
  settings: [],
  undo: { command: 'modelyard candidate fraud-scorer --env production --abort', isJudged: false },
  lineage: { run: 'mlflow:4f2a', 'code commit': '9c1d2e3', 'data set': `sha256:${'7'.repeat(64)}` },
  pinDiff: [
    '--- a/environments/production/pins/fraud-scorer.yaml',
    '+++ b/environments/production/pins/fraud-scorer.yaml',
    '@@ -1 +1,5 @@',
    ' stable: 1.4.2-8f3c2a9d # not below 1.4.0: feature schema changed (#481)',
    '+candidate:',
    '+  release: 1.5.0-d20a77e1',
    '+  mode: canary',
    '+  weight: 10',
    '',
  ].join('\n'),
  renderedDiff: [
    '--- a/dist/production/models/fraud-scorer/routing.yaml\t',
    '+++ b/dist/production/models/fraud-scorer/routing.yaml\t',
    '@@ -7,2 +7,2 @@',
    '-  routing.json: \'{"candidates":[]}\'',
    '+  routing.json: \'{"candidates":[{"release":"1.5.0-d20a77e1","weight":10}]}\'',
    '   unchanged: true',
    '',
  ].join('\n'),
  baseCommit: '4be91d0c6a5f4e3d2c1b0a998877665544332211',
  findings: [
    {
      rule: 'image-placeholder',
      severity: 'warning',
      message: 'the serving image has no digest yet',
      file: 'environments/staging/environment.ts',
      line: 12,
    },
  ],
}

/** The first time that a model comes to an environment: nothing to compare with. */
export const first: PromotionReport = {
  model: 'house-price',
  environment: 'staging',
  to: { version: '1.0.0', release: '1.0.0-00c0ffee' },
  mode: { kind: 'stable' },
  gates: [
    { name: 'r2 >= 0.4', result: 'pass', detail: '0.81' },
    { name: 'mae vs champion', result: 'pass', detail: 'no champion yet' },
  ],
  interfaceChanges: undefined,
  predictions: { kind: 'unknown', reason: 'no version of it runs in staging' },
  cost: { to: { artifactBytes: 512_000 } },
  objects: {
    added: ['dist/staging/models/house-price/deployment.yaml', 'dist/staging/models/house-price/service.yaml'],
    changed: [],
    removed: [],
    podsRestart: false,
    otherModels: [],
  },
  settings: [],
  undo: { command: 'modelyard retire house-price --env staging', isJudged: false },
  lineage: {},
  pinDiff: [
    '--- /dev/null',
    '+++ b/environments/staging/pins/house-price.yaml',
    '@@ -0,0 +1 @@',
    '+stable: 1.0.0-00c0ffee',
    '',
  ].join('\n'),
  renderedDiff: [
    '--- /dev/null',
    '+++ b/dist/staging/models/house-price/service.yaml',
    '@@ -0,0 +1,2 @@',
    '+apiVersion: v1',
    '+kind: Service',
    '',
  ].join('\n'),
  baseCommit: '4be91d0c6a5f4e3d2c1b0a998877665544332211',
  findings: [],
}

/** Back to the version before, with everything else down. */
export const rollback: RollbackReport = {
  model: 'fraud-scorer',
  environment: 'production',
  from: { version: '1.5.0', release: '1.5.0-d20a77e1' },
  to: { version: '1.4.2', release: '1.4.2-8f3c2a9d' },
  reason: 'declines in BR tripled (@ada saw it)',
  ranBefore: { commit: '4be91d0c6a5f4e3d2c1b0a998877665544332211', date: '2026-01-05T10:00:00+00:00' },
  objects: { added: [], changed: ['a.yaml', 'b.yaml'], removed: [], podsRestart: true, otherModels: [] },
  undo: { command: 'modelyard rollback fraud-scorer --env production --to 1.5.0-d20a77e1', isJudged: false },
  pinDiff: '--- a/p\n+++ b/p\n@@ -1 +1 @@\n-stable: 1.5.0-d20a77e1\n+stable: 1.4.2-8f3c2a9d\n',
  renderedDiff: '',
  baseCommit: '4be91d0c6a5f4e3d2c1b0a998877665544332211',
  findings: [],
}
