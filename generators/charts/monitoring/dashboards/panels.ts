/** Prometheus that the reader chose. */
const DATASOURCE = { type: 'prometheus', uid: '$datasource' }

export interface Section {
  title: string
  panels: Panel[]
}

/** A question, and how its answer is shown. */
export interface Panel {
  kind: 'stat' | 'timeseries' | 'bargauge' | 'table'
  title: string
  /** What the reader learns from it. */
  description: string
  queries: Query[]
  /** Grafana's id of a unit: `s`, `percentunit`, `reqps`, `bytes`, `short`. */
  unit: string
  /** Values from which the colour changes: orange, then red. */
  limits?: number[]
  /** Low values are the bad ones. */
  below?: boolean
  /** Highest value of the axis. */
  max?: number
  width: number
  height: number
}

export interface Query {
  expression: string
  /** Name of a series, with labels in `{{ }}`; of a table, none. */
  legend?: string
}

interface GridPosition {
  x: number
  y: number
  w: number
  h: number
}

export function panelJson(panel: Panel, id: number, gridPos: GridPosition): object {
  const { kind, title, description, queries, unit, max } = panel
  return {
    id,
    type: kind,
    title,
    description,
    gridPos,
    datasource: DATASOURCE,
    targets: queries.map(({ expression, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr: expression,
      ...(legend !== undefined && { legendFormat: legend }),
      // A series over time, or the value now.
      ...(kind === 'timeseries' ? { range: true } : { instant: true }),
      ...(kind === 'table' && { format: 'table' }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(max !== undefined && { max }),
        thresholds: { mode: 'absolute', steps: steps(panel) },
        color: { mode: kind === 'timeseries' ? 'palette-classic' : 'thresholds' },
        ...(kind === 'timeseries' && {
          custom: {
            fillOpacity: 10,
            showPoints: 'never',
            thresholdsStyle: { mode: panel.limits === undefined ? 'off' : 'dashed' },
          },
        }),
      },
      overrides: [],
    },
    options: OPTIONS[kind],
    ...(kind === 'table' && { transformations: TABLE_OF_LABELS }),
  }
}

function steps({ limits = [], below = false }: Panel): object[] {
  const colours = limits.length > 1 ? ['green', 'orange', 'red'] : ['green', 'red']
  const ordered = colours.slice(0, limits.length + 1)
  if (below) ordered.reverse()
  return ordered.map((color, index) => ({ color, value: index === 0 ? null : limits[index - 1] }))
}

const LAST = { calcs: ['lastNotNull'], fields: '', values: false }

const OPTIONS = {
  stat: {
    colorMode: 'value',
    graphMode: 'area',
    justifyMode: 'auto',
    orientation: 'auto',
    reduceOptions: LAST,
    textMode: 'auto',
    wideLayout: true,
    showPercentChange: false,
    percentChangeColorMode: 'standard',
  },
  timeseries: {
    legend: { calcs: ['lastNotNull', 'max'], displayMode: 'table', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  bargauge: {
    displayMode: 'basic',
    orientation: 'horizontal',
    reduceOptions: LAST,
    showUnfilled: true,
    valueMode: 'color',
    legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: false },
    minVizHeight: 16,
    maxVizHeight: 300,
    minVizWidth: 8,
    namePlacement: 'auto',
    sizing: 'auto',
  },
  table: {
    frameIndex: 0,
    cellHeight: 'sm',
    showHeader: true,
    footer: { show: false, countRows: false, reducer: ['sum'] },
  },
}

/** The time of an instant query says nothing. */
const TABLE_OF_LABELS = [
  { id: 'organize', options: { excludeByName: { Time: true }, indexByName: {}, renameByName: {} } },
]
