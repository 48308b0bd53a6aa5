import { type Panel, panelJson, type Section } from './panels.ts'

/** Grafana's classic dashboard model, as its sidecar provisions it: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/. */
export interface Dashboard {
  uid: string
  title: string
  description: string
  tags: string[]
  sections: Section[]
  /** Variables that a reader may choose, beside the data source. */
  variables?: object[]
  /** The dashboards that the menu leads to have these tags. */
  menu: string[]
}

/** Grafana chooses a range that fits both the picture and the time between two scrapes. */
export const RATE = '$__rate_interval'
const COLUMNS = 24
const SCHEMA_VERSION = 39

export function dashboardJson({ sections, variables = [], menu, ...dashboard }: Dashboard): object {
  return {
    ...dashboard,
    annotations: { list: [] },
    editable: false,
    graphTooltip: 1,
    links: [menuOf(menu)],
    panels: layOut(sections),
    refresh: '30s',
    schemaVersion: SCHEMA_VERSION,
    templating: { list: [DATASOURCE_VARIABLE, ...variables] },
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
  }
}

function menuOf(tags: string[]): object {
  return {
    type: 'dashboards',
    title: 'Models',
    tags,
    asDropdown: true,
    includeVars: false,
    keepTime: true,
    targetBlank: false,
    icon: 'external link',
    tooltip: 'Dashboards of other models',
    url: '',
  }
}

/** Grafana's first Prometheus unless the reader chooses another. */
const DATASOURCE_VARIABLE = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
  current: { text: 'default', value: 'default' },
  hide: 0,
  refresh: 1,
  multi: false,
  includeAll: false,
}

/** Panels from left to right, a new line where one does not fit; a row with a title before each section. */
function layOut(sections: readonly Section[]): object[] {
  const placed: object[] = []
  let top = 0
  for (const { title, panels } of sections) {
    const gridPos = { x: 0, y: top, w: COLUMNS, h: 1 }
    placed.push({ id: placed.length + 1, type: 'row', title, collapsed: false, gridPos, panels: [] })
    top += 1
    let left = 0
    let height = 0
    for (const panel of panels) {
      if (left + panel.width > COLUMNS) {
        top += height
        left = 0
        height = 0
      }
      placed.push(panelJson(panel, placed.length + 1, { x: left, y: top, w: panel.width, h: panel.height }))
      left += panel.width
      height = Math.max(height, panel.height)
    }
    top += height
  }
  return placed
}

/** Fits the panels of one line to the width of the page. */
export function line(height: number, ...panels: Omit<Panel, 'width' | 'height'>[]): Panel[] {
  const width = Math.floor(COLUMNS / panels.length)
  return panels.map((panel) => ({ ...panel, width, height }))
}
