import type { ModelMonitoring } from '../model-monitoring.ts'
import * as queries from '../queries.ts'
import { RECORDS, recorded } from '../records.ts'
import type { Scope } from '../selectors.ts'
import { line, RATE } from './dashboard.ts'
import type { Section } from './panels.ts'

/** Bars that fit a panel. */
const MOST_BARS = 12

/** Whether inputs and predictions are those of the training data. */
export function drift({ scope, drift, variables }: ModelMonitoring, chosen: Scope): Section {
  const filtered = { ...scope, where: chosen.where ?? [] }
  const panels = variables.flatMap((variable) => [
    ...line(
      10,
      {
        kind: 'timeseries',
        title: variable === 'feature' ? 'Drift of features' : 'Drift of predictions',
        description: `Population stability index over ${drift.window} against the version's baseline: below 0.1 no change, above ${drift.psi} an alert.`,
        queries: [
          {
            expression: `topk(${MOST_BARS}, ${recorded(RECORDS.psi(variable, drift.window), filtered)})`,
            legend: `{{${variable}}} {{version}}`,
          },
        ],
        unit: 'short',
        limits: [drift.psi],
      },
      {
        kind: 'bargauge',
        title: variable === 'feature' ? 'Values counted' : 'Predictions counted',
        description: `Within ${drift.window}; below ${drift.values} no alert fires.`,
        queries: [
          {
            expression: `topk(${MOST_BARS}, ${recorded(RECORDS.values(variable, drift.window), filtered)})`,
            legend: `{{${variable}}} {{version}}`,
          },
        ],
        unit: 'short',
        limits: [drift.values],
        below: true,
      },
    ),
  ])
  return {
    title: 'Drift',
    panels: [
      ...panels,
      ...line(
        10,
        {
          kind: 'bargauge',
          title: 'Predictions by bin',
          description: 'Share of the predictions of the last hour in each bin of the baseline.',
          queries: [
            { expression: queries.binShares('output', chosen, '1h'), legend: '{{output}} {{bin}} {{version}}' },
          ],
          unit: 'percentunit',
          max: 1,
        },
        {
          kind: 'bargauge',
          title: 'Training data by bin',
          description: 'Share of the baseline in each bin: what the predictions are to look like.',
          queries: [{ expression: queries.baselineShares('output', chosen), legend: '{{output}} {{bin}} {{version}}' }],
          unit: 'percentunit',
          max: 1,
        },
        ...(variables.includes('feature')
          ? [
              {
                kind: 'timeseries' as const,
                title: 'Values that the interface does not expect',
                description: 'Unknown fields, numbers out of range, unseen categories and missing values, a row.',
                queries: [{ expression: queries.anomalyRatio(chosen, RATE), legend: '{{feature}} {{kind}}' }],
                unit: 'percentunit',
              },
            ]
          : []),
      ),
    ],
  }
}

/** Confidence, and what else there is to say of predictions. */
export function predictions({ scope, confidence, candidate, logged }: ModelMonitoring, chosen: Scope): Section {
  const panels = [
    ...(confidence
      ? [
          {
            kind: 'timeseries' as const,
            title: 'Confidence',
            description: "Mean of each row's top probability.",
            queries: [{ expression: queries.meanConfidence(chosen, RATE), legend: '{{output}} {{version}}' }],
            unit: 'percentunit',
            max: 1,
          },
        ]
      : []),
    ...(candidate?.mode === 'shadow'
      ? [
          {
            kind: 'timeseries' as const,
            title: 'Mirrored requests that differ',
            description: 'Share of the mirrored requests in which the candidate did not agree with the stable version.',
            queries: [{ expression: queries.shadowDisagreement(scope, RATE), legend: '{{version}}' }],
            unit: 'percentunit',
            max: 1,
          },
        ]
      : []),
    ...(candidate !== undefined && candidate.mode !== 'shadow'
      ? [
          {
            kind: 'timeseries' as const,
            title: 'Candidate gave no answer',
            description: "Share of the candidate's requests that the stable version answered.",
            queries: [
              {
                expression: queries.fallbackRatio({ ...scope, version: candidate.version }, RATE),
                legend: candidate.version,
              },
            ],
            unit: 'percentunit',
          },
        ]
      : []),
    ...(logged
      ? [
          {
            kind: 'timeseries' as const,
            title: 'Prediction log',
            description: 'Share of the events that were lost.',
            queries: [{ expression: queries.predictionLogLoss(scope, RATE), legend: 'lost' }],
            unit: 'percentunit',
          },
        ]
      : []),
  ]
  return { title: 'Predictions', panels: line(8, ...panels) }
}
