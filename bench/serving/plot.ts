import type { Results } from './ratios.ts'

const WIDTH = 860
const LABEL = 330
const BAR = 20
const STEP = 28
const PANELS = [
  { prefix: 'forest', title: 'CPU microseconds a request, 32 connections: a forest of 80 trees' },
  { prefix: 'linear', title: 'The same for a logistic regression' },
]

/** Bars of CPU a request at 32 connections, a panel each model; every bar is labelled, so that the short ones can be read. */
export function plot({ measurements }: Results): string {
  let y = 0
  const parts = PANELS.flatMap(({ prefix, title }) => {
    const bars = measurements.filter(({ id, connections }) => id.split('-')[0] === prefix && connections === 32)
    const longest = Math.max(...bars.map(({ cpuMicroseconds }) => cpuMicroseconds))
    y += 34
    const heading = `<text x="8" y="${y}" font-weight="bold">${title}</text>`
    y += 14
    const drawn = bars.map(({ title: name, id, cpuMicroseconds }) => {
      const width = Math.max(1, (cpuMicroseconds / longest) * (WIDTH - LABEL - 90))
      const middle = y + BAR / 2 + 5
      const bar = [
        `<text x="${LABEL - 8}" y="${middle}" text-anchor="end">${name}</text>`,
        `<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" class="${id === prefix ? 'ours' : 'other'}"/>`,
        `<text x="${(LABEL + width + 6).toFixed(1)}" y="${middle}">${cpuMicroseconds.toFixed(cpuMicroseconds < 100 ? 1 : 0)}</text>`,
      ]
      y += STEP
      return bar.join('\n')
    })
    return [heading, ...drawn]
  })
  const style =
    'text{font:13px system-ui,sans-serif;fill:#1f2933}.ours{fill:#0b7a75}.other{fill:#9aa5b1}' +
    '@media(prefers-color-scheme:dark){text{fill:#e4e7eb}}'
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 12}" role="img">`
  const name = '<title>CPU microseconds a request of each server</title>'
  return `${[open, name, `<style>${style}</style>`, ...parts, '</svg>'].join('\n')}\n`
}
