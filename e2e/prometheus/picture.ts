import type { Manifest } from './plans.ts'
import type { Prometheus } from './prometheus.ts'

/** A unit of Grafana's grid, pixels. */
const CELL = { width: 56, height: 26 }
const HEAD = 44
const COLOURS = ['#3274d9', '#56a64b', '#e0752d', '#a352cc', '#c4162a', '#8f8f00', '#1f9b9b', '#b877d9']
const STEPS = 60

interface Line {
  name: string
  points: [number, number][]
}

/**
 * A dashboard as an SVG, drawn by us and not by Grafana: the panels where they are placed, with the answers that Prometheus gives to
 * their queries from `since` (Unix seconds) until now.
 */
export async function drawDashboard(prometheus: Prometheus, dashboard: Manifest, since: number): Promise<string> {
  const now = Date.now() / 1000
  const drawn: string[] = []
  let height = 0
  for (const panel of dashboard.panels) {
    const { x, y, w, h } = panel.gridPos
    const place = {
      x: x * CELL.width + 4,
      y: HEAD + y * CELL.height,
      width: w * CELL.width - 8,
      height: h * CELL.height - 6,
    }
    height = Math.max(height, place.y + place.height)
    if (panel.type === 'row') {
      drawn.push(text(place.x, place.y + 15, panel.title, 14, '#333', 'bold'))
      continue
    }
    const lines = (
      await Promise.all(panel.targets.map((target: Manifest) => ask(prometheus, target, since, now)))
    ).flat()
    drawn.push(frame(place, panel.title), body(panel, lines, place, [since, now]))
  }
  const note =
    'drawn by e2e/prometheus/picture.ts from the panels’ own queries over one run of npm run e2e -- prometheus; Grafana draws it otherwise'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${24 * CELL.width}" height="${height + 10}" font-family="sans-serif">`,
    `<title>Dashboard: ${dashboard.title}</title>`,
    '<rect width="100%" height="100%" fill="#f4f5f5"/>',
    text(8, 20, dashboard.title, 18, '#222', 'bold'),
    text(8, 36, note, 11, '#777'),
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

async function ask(prometheus: Prometheus, target: Manifest, since: number, now: number): Promise<Line[]> {
  const query = target.expr.replaceAll('$__rate_interval', '30s').replaceAll('$version', '.*')
  const step = (now - since) / STEPS
  const range = new URLSearchParams({ query, start: String(since), end: String(now), step: step.toFixed(3) })
  const { result } = await prometheus.api(`query_range?${range}`)
  return result.slice(0, COLOURS.length).map(({ metric, values }: Manifest) => ({
    name: (target.legendFormat ?? Object.values(metric).join('  ')).replace(
      /\{\{(\w+)\}\}/g,
      (_: string, label: string) => metric[label] || '(none)',
    ),
    points: values
      .map(([at, value]: [number, string]) => [at, Number(value)])
      .filter(([, value]: [number, number]) => Number.isFinite(value)),
  }))
}

interface Place {
  x: number
  y: number
  width: number
  height: number
}

function frame({ x, y, width, height }: Place, title: string): string {
  const rectangle = `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="2" fill="#fff" stroke="#dcdcdc"/>`
  return (
    rectangle +
    text(
      x + 6,
      y + 15,
      title.length * 6.4 > width ? `${title.slice(0, Math.floor(width / 6.8))}…` : title,
      12,
      '#333',
      'bold',
    )
  )
}

function body(panel: Manifest, lines: Line[], place: Place, [from, to]: [number, number]): string {
  const { unit, max } = panel.fieldConfig.defaults
  const last = ({ points }: Line) => points.at(-1)?.[1] ?? Number.NaN
  if (panel.type === 'stat')
    return text(
      place.x + 8,
      place.y + place.height - 24,
      show(last(lines[0] ?? { name: '', points: [] }), unit),
      26,
      colourOf(panel, last(lines[0] ?? { name: '', points: [] })),
    )
  if (panel.type !== 'timeseries') {
    const top = Math.max(max ?? 0, ...lines.map(last), 1e-9)
    const row = Math.min(20, (place.height - 24) / Math.max(1, lines.length))
    return lines
      .map((line, index) => {
        const y = place.y + 22 + index * row
        const bar =
          panel.type === 'bargauge'
            ? `<rect x="${place.x + 6}" y="${y}" width="${((place.width - 70) * Math.max(0, last(line))) / top}" height="${row - 4}" fill="#cfe0fa"/>`
            : ''
        return (
          bar +
          text(place.x + 8, y + row - 8, line.name, 11, '#333') +
          text(place.x + place.width - 58, y + row - 8, show(last(line), unit), 11, '#333')
        )
      })
      .join('')
  }
  const legend = 13 * Math.min(lines.length, 4)
  const area = {
    left: place.x + 52,
    right: place.x + place.width - 8,
    top: place.y + 26,
    bottom: place.y + place.height - legend - 10,
  }
  const top = Math.max(...lines.flatMap(({ points }) => points.map(([, value]) => value)), 1e-9)
  const at = ([time, value]: [number, number]) =>
    `${(area.left + ((time - from) / (to - from)) * (area.right - area.left)).toFixed(1)},${(area.bottom - (Math.max(0, value) / top) * (area.bottom - area.top)).toFixed(1)}`
  const axis = `<path d="M${area.left} ${area.top}V${area.bottom}H${area.right}" fill="none" stroke="#ccc"/>${text(place.x + 4, area.top + 6, top > 1e-9 ? show(top, unit) : '0', 10, '#777')}`
  const drawn = lines.map(
    ({ points }, index) =>
      `<polyline fill="none" stroke="${COLOURS[index]}" stroke-width="1.5" points="${points.map(at).join(' ')}"/>`,
  )
  const names = lines
    .slice(0, 4)
    .map(({ name }, index) =>
      text(place.x + 8, place.y + place.height - legend + 9 + index * 13 - 4, name, 10, COLOURS[index] ?? ''),
    )
  return axis + drawn.join('') + names.join('')
}

const THRESHOLDS: Record<string, string> = { green: '#2b7d33', orange: '#d98200', red: '#c4162a' }

function colourOf(panel: Manifest, value: number): string {
  const { steps } = panel.fieldConfig.defaults.thresholds
  const passed = steps.filter((step: Manifest) => step.value === null || value >= step.value)
  return THRESHOLDS[passed.at(-1).color] ?? ''
}

function show(value: number, unit: string): string {
  if (!Number.isFinite(value)) return ''
  if (unit === 'percentunit') return `${Number((value * 100).toPrecision(3))} %`
  if (unit === 's')
    return value < 1 ? `${Number((value * 1000).toPrecision(3))} ms` : `${Number(value.toPrecision(3))} s`
  if (unit === 'bytes') return `${Math.round(value / 2 ** 20)} MiB`
  const number = String(Number(value.toPrecision(3)))
  return unit === 'reqps' || unit === 'rowsps' ? `${number}/s` : number
}

function text(x: number, y: number, content: string, size: number, fill: string, weight = 'normal'): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y.toFixed(1)}" font-size="${size}" font-weight="${weight}" fill="${fill}">${escaped}</text>`
}
