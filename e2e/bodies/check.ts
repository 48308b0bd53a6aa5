import type { World } from './candidates.ts'
import { mismatch } from './expectation.ts'
import { type ExpectedPage, type ExpectedSection, type ExpectedUnit, promotionPage } from './expected-page.ts'
import { stepPage } from './expected-steps.ts'
import type { Read, Section, Unit } from './markdown.ts'
import type { Opened } from './repository.ts'

export function expectedPage(world: World, opened: Opened): ExpectedPage {
  const isPromotion = world.action.kind === 'promote' || world.action.kind === 'image'
  return isPromotion ? promotionPage(world, opened) : stepPage(world, opened)
}

/** What of a page is not so, is not derived from the world, or is not there although it must be; and how many units were checked. */
export function checkPage(
  { model }: World,
  expected: ExpectedPage,
  opened: Opened,
  read: Read,
): { wrong: string[]; checked: number } {
  const { heading, sections, hidden } = read(opened.body)
  const wrong: string[] = []
  const say = (where: string, problem: string | undefined) => {
    if (problem !== undefined) wrong.push(`${where}: ${problem}`)
  }
  say('title', mismatch(opened.title, [expected.title]))
  say('heading', mismatch(heading, [expected.heading]))
  say('hidden block', hiddenProblem(hidden, expected.hidden, model, opened))
  let checked = 3
  const wanted: ExpectedSection[] = [...expected.sections, ...diffSections(opened)]
  for (let index = 0; index < Math.max(sections.length, wanted.length); index++) {
    const [is, should] = [sections[index], wanted[index]]
    if (!is || !should) {
      wrong.push(is ? `section that nothing explains: ${is.title}` : `section is missing: ${should?.title.join('')}`)
      continue
    }
    say('section', mismatch(is.title, should.title))
    if (is.isFolded !== should.isFolded) wrong.push(`${is.title}: folded or not`)
    checked += 1 + checkUnits(is, should, opened, say)
  }
  return { wrong, checked }
}

function checkUnits(
  { title, units }: Section,
  { units: wanted }: ExpectedSection,
  opened: Opened,
  say: (where: string, problem: string | undefined) => void,
): number {
  for (let index = 0; index < Math.max(units.length, wanted.length); index++) {
    const [is, should] = [units[index], wanted[index]]
    if (!is) say(title, `missing: ${JSON.stringify(should)}`)
    else if (!should) say(title, `nothing explains: ${JSON.stringify(is)}`)
    else say(title, unitProblem(is, should, opened))
  }
  return units.length
}

function unitProblem(is: Unit, should: ExpectedUnit, opened: Opened): string | undefined {
  switch (should.kind) {
    case 'line':
    case 'item':
    case 'quote':
      return is.kind === should.kind ? mismatch(is.text, should.text) : `${JSON.stringify(is)} is no ${should.kind}`
    case 'row': {
      if (is.kind !== 'row' || is.cells.length !== should.cells.length) return `${JSON.stringify(is)} is no such row`
      const problems = is.cells.flatMap((cell, index) => mismatch(cell, should.cells[index] ?? []) ?? [])
      return problems.length === 0 ? undefined : problems.join('; ')
    }
    case 'command': {
      if (is.kind !== 'code') return 'no command'
      const words = is.lines
        .join('\n')
        .replace(/\\\n\s*/g, ' ')
        .replace(/ +/g, ' ')
      return words === should.words ? undefined : `"${words}" should be "${should.words}"`
    }
    case 'histogram':
      return is.kind === 'code' ? histogramProblem(is.lines, should) : 'no histogram'
    case 'diff':
      return is.kind === 'code' && is.language === 'diff' ? diffProblem(is.lines, opened) : 'no diff'
  }
}

function histogramProblem(
  [heading = '', ...lines]: string[],
  { title, bins, total }: Extract<ExpectedUnit, { kind: 'histogram' }>,
): string | undefined {
  if (!heading.startsWith(title) || !heading.endsWith('share')) return `heading "${heading}" should be "${title}"`
  if (lines.length !== bins.length) return 'another number of bins'
  for (const [index, { label, rows }] of bins.entries()) {
    const found = /^(.{1,9}?) +([#.]*) +(<0\.1|>99\.9|[\d.]+) %$/.exec(lines[index] ?? '')
    const [, name = '', bar = '', percent = ''] = found ?? []
    const share = (rows / total) * 100
    const shown =
      share > 0 && share < 0.1 ? '<0.1' : share > 99.9 && share < 100 ? '>99.9' : String(Number(share.toFixed(1)))
    if (name.trim() !== label || percent !== shown) return `"${lines[index]}" should be ${label} with ${shown} %`
    const longest = Math.max(...lines.map((line) => /[#.]+/.exec(line.slice(label.length))?.[0].length ?? 0))
    if (rows > 0 !== bar.length > 0 || bar.length > longest) return `bar of ${label}`
    const most = Math.max(...bins.map((bin) => bin.rows))
    if (rows === most && bar.length !== longest && !bar.includes('.')) return `bar of ${label} is not the longest`
  }
  return undefined
}

/** Both diffs, from Git. */
function diffSections({ changes }: Opened): ExpectedSection[] {
  const of = (title: string, some: Opened['changes']): ExpectedSection => {
    const lines = some.reduce((sum, { diff }) => sum + diff.length, 0)
    const files = some.length === 1 ? '1 file' : `${some.length} files`
    const actions: Record<string, string> = { A: 'added', M: 'changed', D: 'removed' }
    return {
      title: [`${title}: ${files}, ${lines.toLocaleString('en-US')} ${lines === 1 ? 'line' : 'lines'}`],
      isFolded: true,
      units: some.flatMap(({ status, file }): ExpectedUnit[] => [
        { kind: 'line', text: [`${actions[status]} \`${file}\``] },
        { kind: 'diff' },
      ]),
    }
  }
  return [
    of(
      'Pin diff',
      changes.filter(({ file }) => file.includes('/pins/')),
    ),
    of(
      'Rendered diff',
      changes.filter(({ file }) => file.startsWith('dist/')),
    ),
  ]
}

/** Every line that a block adds or removes is one of a file that Git names, in its order. */
function diffProblem(lines: readonly string[], { changes }: Opened): string | undefined {
  const shown = lines.filter((line) => /^[+-]/.test(line))
  const known = changes.some(({ diff }) => JSON.stringify(diff) === JSON.stringify(shown))
  return known ? undefined : `no file changes so: ${shown.slice(0, 3).join(' | ')}`
}

function hiddenProblem(
  text: string,
  { kind, to, from }: ExpectedPage['hidden'],
  model: string,
  { base }: Opened,
): string | undefined {
  const wanted = { v: 1, kind, model, env: 'production', to, base, ...(from !== undefined && { from }) }
  return JSON.stringify(JSON.parse(text)) === JSON.stringify(wanted)
    ? undefined
    : `${text} should be ${JSON.stringify(wanted)}`
}
