import { csvOf, type Resources, sha256, type Version, type World } from './candidates.ts'
import { count, type Expected, fixed, number, type Shown, signed } from './expectation.ts'
import { type Opened, releaseOf, samplesRows } from './repository.ts'
import { type Compared, comparedRows, type Group, groupsOf, labelOf, mean, pairedMae } from './truth.ts'

/** A unit of the page as it must be. */
export type ExpectedUnit =
  | { kind: 'line' | 'item' | 'quote'; text: Expected }
  | { kind: 'row'; cells: Expected[] }
  | { kind: 'command'; words: string }
  | { kind: 'histogram'; title: string; bins: { label: string; rows: number }[]; total: number }
  | { kind: 'diff' }

export interface ExpectedSection {
  title: Expected
  isFolded: boolean
  units: ExpectedUnit[]
}

export interface ExpectedPage {
  title: string
  heading: string
  sections: ExpectedSection[]
  /** Kind of the machine-readable block, and the releases that it names. */
  hidden: { kind: string; to: string; from?: string }
}

/** Measured figures, which only the run itself knows. */
interface Measured {
  from?: Figures
  to: Figures
  p50Ratio?: { low: number; high: number }
  p99Ratio?: { low: number; high: number }
  limit?: { neededBytes: number }
}
interface Figures {
  p50Ms?: number
  p99Ms?: number
  memoryBytes?: number
  artifactBytes?: number
}

const line = (...text: Expected): ExpectedUnit => ({ kind: 'line', text })
const item = (...text: Expected): ExpectedUnit => ({ kind: 'item', text })
const row = (...cells: (Expected | string)[]): ExpectedUnit => ({
  kind: 'row',
  cells: cells.map((cell) => (typeof cell === 'string' ? [cell] : cell)),
})
const rowsOf = (rows: number) => (rows === 1 ? ' row' : ' rows')
const changes = (some: number, what: string) => (some === 1 ? ` ${what}` : ` ${what}s`)

/** What a promotion's page says, derived from what the candidate was made of. */
export function promotionPage(world: World, opened: Opened): ExpectedPage {
  const { champion, candidate, model, action } = world
  const cost = opened.report['cost'] as Measured
  const compared = comparedRows(world)
  const groups = compared ? groupsOf(world, compared) : []
  const names = sides(world)
  const mode = action.kind === 'promote' && action.mode.kind !== 'stable' ? action.mode : undefined
  const place = mode ? `production, ${mode.kind} ${mode.weight} %` : 'production'
  const items = itemsOf(world, compared, groups)
  const pending = 1
  const verdict =
    items.length > 0
      ? `${items.length} item${items.length === 1 ? ' needs' : 's need'} your judgement`
      : `every gate so far passed, ${pending} pending`
  const change = names.before === undefined ? names.after : `${names.before} -> ${names.after}`
  const promoted = `Promote ${model} ${change} to production${mode ? ` (${mode.kind} ${mode.weight} %)` : ''}`
  return {
    title: action.kind === 'image' ? `Serving image sha256:${'c'.repeat(12)} for ${model} in production` : promoted,
    heading: `${model} ${change}`,
    hidden: {
      kind: 'promotion',
      to: releaseOf(world, candidate, world.sealed.candidate, world.image.candidate).name,
      ...(champion && { from: releaseOf(world, champion, world.sealed.champion, world.image.champion).name }),
    },
    sections: [
      {
        title: [''],
        isFolded: false,
        units: [
          line(`**${place}: ${verdict}**`),
          line(...callersOf(world)),
          ...(champion ? [line(...predictionsOf(world, compared))] : []),
          ...costLines(world, cost).map((text) => line(...text)),
          ...attention(items),
        ],
      },
      { title: ['Gates'], isFolded: false, units: gateUnits(world, compared, cost) },
      ...(champion && breakingOf(world).length > 0
        ? [
            {
              title: ['What callers see'],
              isFolded: false,
              units: breakingOf(world).map((message) => item(`**breaking**: ${message}`)),
            },
          ]
        : []),
      ...predictionSections(world, compared, groups),
      { title: ['Cost of running it'], isFolded: false, units: costUnits(world, cost) },
      { title: ['What merging does'], isFolded: false, units: mergingUnits(world, opened) },
      {
        title: ['Lineage'],
        isFolded: true,
        units: lineageOf(world, candidate).map(([key, value]) => item(`${key}: \`${value}\``)),
      },
    ],
  }
}

function attention(items: readonly Expected[]): ExpectedUnit[] {
  const title = '**Needs attention:**'
  const [first] = items
  if (!first) return []
  if (items.length === 1) return [{ kind: 'quote', text: [`${title} `, ...first] }]
  return [[title], ...items].map((text) => ({ kind: 'quote', text }))
}

function sides(world: World): { before?: string; after: string } {
  const { champion, candidate, sealed, image } = world
  if (champion?.version !== candidate.version) {
    return { ...(champion && { before: champion.version }), after: candidate.version }
  }
  return {
    before: releaseOf(world, champion, sealed.champion, image.champion).name,
    after: releaseOf(world, candidate, sealed.candidate, image.candidate).name,
  }
}

const isSameFile = ({ champion, candidate }: World) =>
  champion !== undefined && sha256(champion.graph) === sha256(candidate.graph)

/** What breaks callers, by what was changed on purpose. */
function breakingOf({ champion, candidate }: World): string[] {
  if (!champion) return []
  const lost = champion.zones.filter((zone) => !candidate.zones.includes(zone))
  const labels = (version: Version) => version.labels?.join(' ')
  return [
    ...(candidate.extraColumn && !champion.extraColumn ? ['feature seats is new'] : []),
    ...(lost.length > 0 ? [`feature zone: no more ${lost.join(', ')}`] : []),
    ...(champion.unit === candidate.unit
      ? []
      : [`output price: float32 [?, 1] ${champion.unit} -> float32 [?, 1] ${candidate.unit}`]),
    ...(labels(champion) === labels(candidate)
      ? []
      : [`output probabilities: float32 [?, 2] ${labels(champion)} -> float32 [?, 2] ${labels(candidate)}`]),
  ]
}

function callersOf(world: World): Expected {
  const breaking = breakingOf(world).length
  if (!world.champion) return ['First version here: nobody calls it in this environment yet.']
  if (breaking === 0) return ['Callers change **nothing**.']
  return ['Callers **must change**: ', count(breaking), changes(breaking, 'breaking change'), '.']
}

function predictionsOf({ task }: World, compared: Compared | undefined): Expected {
  if (!compared) return ['How predictions change is **unknown**.']
  const { rows } = compared
  if (rows.every(({ before, after }) => before === after)) {
    return ['No prediction changes (', count(rows.length), `${rowsOf(rows.length)}).`]
  }
  if (task === 'fraud') {
    const flips = rows.filter(({ before, after }) => labelOf(before) !== labelOf(after)).length
    return [...share(flips, rows.length), ' of labels change (', count(rows.length), `${rowsOf(rows.length)}).`]
  }
  const sizes = rows.map(({ before, after }) => Math.abs(after - before))
  return [
    'Predictions change by ',
    number(mean(sizes)),
    ' on average, ',
    number(Math.max(...sizes)),
    ' at most (',
    count(rows.length),
    `${rowsOf(rows.length)}).`,
  ]
}

/** A share in percent: at most one decimal, and never nothing for something. */
function share(part: number, whole: number): Expected {
  if (part === 0) return ['0 %']
  if (part === whole) return ['100 %']
  const percent = (part / whole) * 100
  if (percent < 0.1) return ['<0.1 %']
  if (percent > 99.9) return ['>99.9 %']
  return [{ value: Number(percent.toFixed(1)), digits: 4 }, ' %']
}

const interval = (quantile: string, { low, high }: { low: number; high: number }): Expected => [
  `${quantile} `,
  fixed(low, 2),
  'x-',
  fixed(high, 2),
  'x',
]

function costLines(world: World, { from, to, p50Ratio, p99Ratio }: Measured): Expected[] {
  if (!world.champion) return []
  if (isSameFile(world)) return [['The artifact is the same file.']]
  const lines: Expected[] = []
  if (p50Ratio) {
    const { low, high } = p50Ratio
    const words =
      low > 1 && high > 1.1
        ? 'The model is **slower**'
        : high < 1 && low < 1 / 1.1
          ? 'The model is faster'
          : low < 1 / 1.1 || high > 1.1
            ? 'Cannot tell whether latency changes'
            : low > 1 || high < 1
              ? 'Latency changes by less than 10 %'
              : 'Latency is unchanged'
    lines.push([`${words} (`, ...interval('p50', p50Ratio), ').'])
  }
  if (p99Ratio && p99Ratio.low > 1.1) lines.push(['Slow calls are **slower** (', ...interval('p99', p99Ratio), ').'])
  const grown = (what: string, before: number | undefined, after: number | undefined) => {
    if (before === undefined || after === undefined) return
    const ratio = after / before
    if (ratio >= 1.25) lines.push([`${what} is **`, number(ratio), 'x** as large.'])
    else if (ratio <= 0.8) lines.push([`${what} shrinks to `, number(ratio), 'x.'])
  }
  grown('Memory', from?.memoryBytes, to.memoryBytes)
  grown('The artifact', world.champion.graph.length, world.candidate.graph.length)
  return lines
}

function shiftOf({ shift, level }: Group): Expected {
  return [signed(shift, 3), ' (', signed((shift / level) * 100, 2), ' %)']
}

/** What only a person can decide, the weightiest first. */
function itemsOf(world: World, compared: Compared | undefined, groups: Group[]): Expected[] {
  const { overrides, gates, measuresMemory, champion, task } = world
  const breaking = breakingOf(world)
  const agreed = overrides.find(({ gate }) => gate === 'interface')?.reason
  const named: Record<string, string> = {
    'mae-vs-champion': 'mae vs champion (other unit)',
    'measured-again': 'metrics measured again (2 of 2 differ)',
  }
  const order = ['mae-vs-champion', 'measured-again']
  const overridden = overrides
    .filter(({ gate }) => gate !== 'interface')
    .sort((a, b) => order.indexOf(a.gate) - order.indexOf(b.gate))
    .map(({ gate, reason }): Expected => [`gate **overridden**: ${named[gate]}: ${reason}`])
  const failed = gates.some(({ kind }) => kind === 'latency') ? [['gate **failed**: p50 vs champion (slower)']] : []
  const undecided = gates.flatMap((gate): Expected[] => {
    if (gate.kind !== 'champion' || gate.confidence === undefined || !compared) return []
    const { before, low, high } = pairedMae(compared.rows)
    const allowed = before * gate.tolerance
    return low <= allowed && high > allowed
      ? [[`gate **unknown**: mae vs champion, ${gate.confidence * 100}% (cannot tell)`]]
      : []
  })
  const isClass = task === 'fraud'
  const conspicuous = sorted(groups).flatMap((group): Expected[] => {
    const size = [' (', count(group.rows), ' rows; no gate covers this group)']
    const { error } = group
    if (error && group.isWorse) {
      const shown = (value: number): Expected => (isClass ? share(value, 1) : [number(value)])
      const what = isClass ? 'wrong more often' : 'further off on average'
      const shifted: Expected = isClass ? [] : [', answers ', ...shiftOf(group)]
      return [
        [`${group.name} is ${what}: `, ...shown(error.before), ' -> ', ...shown(error.after), ...shifted, ...size],
      ]
    }
    if (group.isBetter) return []
    if (group.isApart) {
      const elsewhere = [' on average, ', signed(group.elsewhere, 3), ' in all other rows']
      return [[`${group.name} shifts: answers `, ...shiftOf(group), ...elsewhere, ...size]]
    }
    return group.ratio >= 2
      ? [
          [
            `${group.name} changes `,
            { value: Number(group.ratio.toFixed(1)), digits: 3 },
            'x as much as all rows',
            ...size,
          ],
        ]
      : []
  })
  return [
    ...overridden,
    ...failed,
    ...conspicuous.slice(0, 3),
    ...breaking.map(
      (message): Expected => [
        `callers **break**: ${message}${agreed === undefined ? '' : `; **overridden**: ${agreed}`}`,
      ],
    ),
    ...undecided,
    ...(measuresMemory ? [] : [[`gate **unknown**: fits ${limitOf(world).memory} (not measured)`]]),
    ...(champion && !compared
      ? [[`predictions were **not compared**: unit changed from ${champion.unit} to ${world.candidate.unit}`]]
      : []),
  ]
}

/** The worst first, as the page lists them. */
function sorted(groups: readonly Group[]): Group[] {
  const weight = ({ error, isWorse, isApart, isBetter, ratio }: Group) => {
    const apart = isApart && !isBetter
    if (!error) return [apart ? 1 : 0, ratio]
    return [isWorse ? 2 : apart ? 1 : 0, (error.after - error.before) / error.before]
  }
  return [...groups].sort((a, b) => {
    const [one, other] = [weight(a), weight(b)]
    return (other[0] ?? 0) - (one[0] ?? 0) || (other[1] ?? 0) - (one[1] ?? 0)
  })
}

/** What pods get, by the rules of the documentation: the override instead of the release, and the sum where two share a pod. */
function limitOf(world: World): { memory: string; isShared: boolean } {
  const { sealed, override, action } = world
  const isShared = action.kind === 'promote' && action.mode.kind !== 'stable'
  if (!isShared) return { memory: (override ?? sealed.candidate).memory, isShared }
  return { memory: addMemory((override ?? sealed.champion).memory, sealed.candidate.memory), isShared }
}

const addMemory = (one: string, other: string) => `${Number.parseInt(one, 10) + Number.parseInt(other, 10)}Mi`

function gateUnits(world: World, compared: Compared | undefined, cost: Measured): ExpectedUnit[] {
  const { champion, candidate, gates, overrides, measuresMemory, approvals, task } = world
  const notes: Expected[] = []
  const units: ExpectedUnit[] = [row('', 'Gate', 'Result')]
  const add = (result: string, name: string, detail: Expected, note: Expected = []) => {
    if (note.length > 0) notes.push([`(${notes.length + 1}) `, ...note, '.'])
    units.push(row(result, name, note.length === 0 ? detail : [...detail, ` (${notes.length})`]))
  }
  const overriddenBy = (gate: string) => overrides.find((one) => one.gate === gate)?.reason
  const paired = compared?.from === 'evaluation' && task === 'price' ? pairedMae(compared.rows) : undefined
  for (const gate of gates) {
    if (gate.kind === 'threshold') {
      add('pass', `${gate.metric} >= ${gate.atLeast}`, [number(candidate.metrics[gate.metric] ?? Number.NaN, 4)])
      continue
    }
    if (gate.kind === 'latency') {
      const { low, high } = cost.p50Ratio ?? { low: 0, high: 0 }
      add(
        '**fail**',
        'p50 vs champion',
        ['slower'],
        [
          fixed(low, 2),
          'x to ',
          fixed(high, 2),
          `x, 99 % interval; allowed ${gate.tolerance * 100}% slower; advisory, does not block`,
        ],
      )
      continue
    }
    const name = `${gate.metric} vs champion${gate.confidence === undefined ? '' : `, ${gate.confidence * 100}%`}`
    const advisory = gate.advisory ? '; advisory, does not block' : ''
    if (!champion) {
      add('pass', name, ['no champion yet'])
      continue
    }
    if (champion.unit !== candidate.unit) {
      add(
        '**overridden**',
        name,
        ['other unit'],
        [
          `Not comparable: unit changed from ${champion.unit} to ${candidate.unit}; unknown, overridden: ${overriddenBy('mae-vs-champion')}`,
        ],
      )
      continue
    }
    const [before, after] = paired
      ? [paired.before, paired.after]
      : [champion.metrics['mae'] ?? Number.NaN, candidate.metrics['mae'] ?? Number.NaN]
    const allowed = before * gate.tolerance
    const replayed: Expected = paired
      ? [
          'Replayed: mae ',
          signed(after - before, 4),
          ', 95 % paired: ',
          signed(paired.low, 4),
          ' ... ',
          signed(paired.high, 4),
          ' (',
          { value: compared?.rows.length ?? 0, digits: 9 },
          ' rows)',
        ]
      : ['Registered figures']
    if (gate.confidence !== undefined && paired) {
      const result = paired.high <= allowed ? 'pass' : paired.low > allowed ? '**fail**' : 'unknown'
      const words = { pass: 'not worse', '**fail**': 'worse', unknown: 'cannot tell' }[result] ?? ''
      add(
        result,
        name,
        [words],
        [
          ...replayed,
          `; allowed ${Number((gate.tolerance * 100).toFixed(3))}% worse${result === 'pass' ? '' : advisory}`,
        ],
      )
      continue
    }
    const word = after === before ? '' : after > before ? ' worse' : ' better'
    const percent: Shown = { value: ((after - before) / before) * 100, digits: 0, decimals: 1, isSigned: true }
    const doubt = paired && paired.high > allowed ? '; worse than allowed cannot be ruled out' : ''
    add(
      'pass',
      name,
      [percent, ` %${word}`],
      [...replayed, doubt].filter((part) => part !== ''),
    )
  }
  const breaking = breakingOf(world)
  if (champion && breaking.length === 0) add('pass', 'interface', ['compatible'])
  if (champion && breaking.length > 0) {
    const [first = '', ...rest] = breaking
    const all = [`${first.charAt(0).toUpperCase()}${first.slice(1)}`, ...rest].join('; ')
    add(
      '**overridden**',
      'interface',
      [count(breaking.length), ' breaking'],
      [`${all}; failed, overridden: ${overriddenBy('interface')}`],
    )
  }
  const samples = samplesRows(world, candidate).length
  add('pass', 'golden samples', [count(samples), ' of ', count(samples)])
  if (compared?.from === 'evaluation')
    add('pass', 'metrics measured again', [count(task === 'price' ? 2 : 1), ' agree'])
  else if (champion && champion.unit !== candidate.unit) add(...measuredInAnotherUnit(world))
  const { memory } = limitOf(world)
  if (!measuresMemory) add('unknown', `fits ${memory}`, ['not measured'], ['Advisory, does not block'])
  else add('pass', `fits ${memory}`, [mebibytes(cost.limit?.neededBytes), ' Mi'])
  add('pass', 'lineage', ['given'])
  add('pending', 'approvals', [count(0), ' of ', count(approvals)])
  return [...units, ...notes.map((note) => line(...note))]
}

/** The truth of the rows is in the former unit still. */
function measuredInAnotherUnit(world: World): [string, string, Expected, Expected] {
  const { candidate, rows, overrides } = world
  const main = candidate.outputs.find(({ name }) => name === 'price')
  if (!main) throw new Error('no price')
  const truths = rows.map(({ truth }) => Number(truth))
  const answers = rows.map(({ distance, night, zone }) => {
    const { base, distance: perKm, night: atNight, south, airport } = main.weights
    return (
      base +
      perKm * distance +
      (night === 'yes' ? atNight : 0) +
      (zone === 'south' ? south : zone === 'airport' ? airport : 0)
    )
  })
  const errors = answers.map((answer, index) => answer - (truths[index] ?? 0))
  const level = mean(truths)
  const r2 = 1 - mean(errors.map((error) => error ** 2)) / mean(truths.map((truth) => (truth - level) ** 2))
  const reason = overrides.find(({ gate }) => gate === 'measured-again')?.reason
  return [
    '**overridden**',
    'metrics measured again',
    [count(2), ' of ', count(2), ' differ'],
    [
      'Replayed: mae ',
      number(mean(errors.map(Math.abs)), 4),
      ', registered ',
      number(candidate.metrics['mae'] ?? 0, 4),
      '; r2 ',
      number(r2, 4),
      ', registered ',
      number(candidate.metrics['r2'] ?? 0, 4),
      `; failed, overridden: ${reason}`,
    ],
  ]
}

const mebibytes = (bytes = Number.NaN): Shown => count(Math.round(bytes / 2 ** 20))

function predictionSections(world: World, compared: Compared | undefined, groups: Group[]): ExpectedSection[] {
  const { champion, candidate, hasRows, model } = world
  const title = ['How predictions change']
  if (!champion) return [{ title, isFolded: false, units: [line('Nothing to compare with: no champion')] }]
  if (!compared) {
    const units = [line(`**Not compared**: unit changed from ${champion.unit} to ${candidate.unit}`)]
    return [{ title, isFolded: false, units }]
  }
  const { rows, from, skipped } = compared
  const samples = samplesRows(world, candidate).length
  const golden = line('Golden samples: ', count(samples), '/', count(samples), '.')
  const units: ExpectedUnit[] = [
    line(
      'Both versions on the same ',
      count(rows.length),
      `${rowsOf(rows.length)} (${from === 'evaluation' ? 'evaluation rows' : 'golden samples'})`,
      ...(skipped > 0 ? ['; ', count(skipped), `${rowsOf(skipped)} more that one of them does not take`] : []),
      '.',
    ),
  ]
  if (!hasRows) {
    const file = `models/${model}/evaluation/${sha256(csvOf(world.rows))}.csv`
    units.push(line(`Not on the evaluation rows: the evaluation rows are not here (${file}).`))
  }
  if (rows.every(({ before, after }) => before === after)) {
    return [
      {
        title,
        isFolded: false,
        units: [...units, line('Every answer is the same: no group and no row changes.'), golden],
      },
    ]
  }
  const sections: ExpectedSection[] = [
    {
      title,
      isFolded: false,
      units: [...units, ...(world.task === 'fraud' ? flips(compared) : sizes(world, compared)), golden],
    },
  ]
  if (groups.length > 0) sections.push(groupSection(world, groups))
  sections.push(largest(world, compared))
  return sections
}

function bins(values: readonly number[], edges: [string, number][]): { label: string; rows: number }[] {
  return edges.map(([label, below], index) => {
    const above = edges[index - 1]?.[1] ?? 0
    return { label, rows: values.filter((value) => value >= above && value < below).length }
  })
}

function sizes({ candidate }: World, { rows }: Compared): ExpectedUnit[] {
  const absolute = rows.map(({ before, after }) => Math.abs(after - before))
  const relative = rows.map(({ before, after }) => Math.abs(after - before) / Math.abs(before))
  const edges: [string, number][] = [
    ['0-1 %', 0.01],
    ['1-5 %', 0.05],
    ['5-20 %', 0.2],
    ['> 20 %', Number.POSITIVE_INFINITY],
  ]
  return [
    { kind: 'histogram', title: '|change| relative to before', bins: bins(relative, edges), total: rows.length },
    line(
      'price: mean change ',
      number(mean(absolute)),
      ', largest ',
      number(Math.max(...absolute)),
      `, in ${candidate.unit}.`,
    ),
  ]
}

function flips({ rows }: Compared): ExpectedUnit[] {
  const changed = (from: string, to: string) =>
    rows.filter(({ before, after }) => labelOf(before) === from && labelOf(after) === to).length
  const kinds = (
    [
      ['fraud', 'genuine'],
      ['genuine', 'fraud'],
    ] as const
  )
    .map(([from, to]) => ({ name: `${from} to ${to}`, rows: changed(from, to) }))
    .filter((kind) => kind.rows > 0)
    .sort((a, b) => b.rows - a.rows)
  const same = rows.length - kinds.reduce((sum, kind) => sum + kind.rows, 0)
  const absolute = rows.map(({ before, after }) => Math.abs(after - before))
  const edges: [string, number][] = [
    ['0.00-0.01', 0.01],
    ['0.01-0.05', 0.05],
    ['0.05-0.20', 0.2],
    ['> 0.20', Number.POSITIVE_INFINITY],
  ]
  return [
    row('', 'Rows', 'Share'),
    ...[{ name: 'same label', rows: same }, ...kinds].map((kind) =>
      row(kind.name, [count(kind.rows)], share(kind.rows, rows.length)),
    ),
    { kind: 'histogram', title: '|change of probability|', bins: bins(absolute, edges), total: rows.length },
    line(
      'Probability of fraud: mean change ',
      number(mean(absolute)),
      ', largest ',
      number(Math.max(...absolute)),
      '.',
    ),
  ]
}

function groupSection({ task }: World, groups: Group[]): ExpectedSection {
  const isClass = task === 'fraud'
  const knowsTruth = groups.every(({ error }) => error)
  const shown = (value: number): Expected => (isClass ? share(value, 1) : [number(value)])
  const heading = ['Group (rows)', knowsTruth ? (isClass ? 'Wrong' : 'Error') : isClass ? 'Changed' : 'Mean change']
  const worse = groups.filter(({ isWorse }) => isWorse).length
  return {
    title: ['By group, the worst first'],
    isFolded: false,
    units: [
      row(...heading, ...(isClass ? [] : ['Shift'])),
      ...sorted(groups).map((group) => {
        const { error } = group
        const after: Expected = error ? (group.isWorse ? ['**', ...shown(error.after), '**'] : shown(error.after)) : []
        const middle: Expected = error
          ? [...shown(error.before), ' -> ', ...after]
          : [...shown(group.change), ' (', { value: Number(group.ratio.toFixed(1)), digits: 3 }, 'x)']
        return row([`${group.name} (`, count(group.rows), ')'], middle, ...(isClass ? [] : [shiftOf(group)]))
      }),
      ...(knowsTruth
        ? [
            worse === 0
              ? line('Worse beyond chance: none (Holm, 5 %).')
              : line('Worse beyond chance: ', count(worse), `${changes(worse, 'group')} (Holm, 5 %).`),
          ]
        : []),
    ],
  }
}

function largest({ task }: World, { rows }: Compared): ExpectedSection {
  const changed = rows
    .filter(({ before, after }) => before !== after)
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before))
    .slice(0, 5)
  const of = task === 'fraud' ? ' in the probability of fraud' : ''
  return {
    title: ['The ', count(changed.length), `${changes(changed.length, 'largest change')}${of}`],
    isFolded: true,
    units: [
      row('Row', 'Before', 'After'),
      ...changed.map(({ id, before, after }) => row(id, [number(before)], [number(after)])),
    ],
  }
}

function bytes(size: number): Expected {
  const power = size < 1000 ? 0 : size < 1e6 ? 1 : 2
  return [number(size / 1000 ** power, size < 1000 ? 9 : 3), ` ${['B', 'KB', 'MB'][power]}`]
}

function costUnits(world: World, { from, to, p50Ratio, p99Ratio, limit }: Measured): ExpectedUnit[] {
  const { champion, candidate, measuresMemory } = world
  const names = sides(world)
  const isSame = isSameFile(world)
  const both = champion !== undefined && !isSame
  const milliseconds = (value: number | undefined): Expected =>
    value === undefined ? ['not measured'] : [number(value), ' ms']
  const cells = (name: string, before: Expected, after: Expected) => row(name, ...(both ? [before] : []), after)
  const intervals: Expected = [
    ...(p50Ratio ? interval('p50', p50Ratio) : []),
    ...(p99Ratio ? [...(p50Ratio ? [', '] : []), ...interval('p99', p99Ratio)] : []),
  ]
  const { memory, isShared } = limitOf(world)
  const needs = isShared ? 'both versions in one pod need ' : `${names.after} needs `
  return [
    row('', ...(both ? [names.before ?? ''] : []), isSame ? 'Both versions' : names.after),
    cells('p50', milliseconds(from?.p50Ms), milliseconds(to.p50Ms)),
    // Of too few calls there is no p99, on a machine that is busy.
    ...((from?.p99Ms ?? to.p99Ms) === undefined
      ? []
      : [cells('p99', milliseconds(from?.p99Ms), milliseconds(to.p99Ms))]),
    ...(measuresMemory
      ? [cells('memory', [mebibytes(from?.memoryBytes), ' Mi'], [mebibytes(to.memoryBytes), ' Mi'])]
      : []),
    cells('artifact', bytes(champion?.graph.length ?? 0), bytes(candidate.graph.length)),
    line('The model alone, one row, on one machine.'),
    ...(both ? [line('After to before, 99 % intervals: ', ...intervals, '.')] : []),
    ...(measuresMemory
      ? [line(`Memory limit ${memory}: ${needs}`, mebibytes(limit?.neededBytes), ' Mi with the runtime.')]
      : []),
  ]
}

/** Files of dist/ by what Git says of them. */
export function objectsLine(opened: Opened): ExpectedUnit {
  const objects = opened.changes.filter(({ file }) => file.startsWith('dist/'))
  const some = (status: string) => objects.filter((one) => one.status === status).length
  return item(
    count(some('M')),
    some('M') === 1 ? ' object changes, ' : ' objects change, ',
    count(some('A')),
    ' added, ',
    count(some('D')),
    ' removed; other models: none',
  )
}

/** What pods run with: every leaf of it that differs. */
function settingRows(world: World): ExpectedUnit[] {
  const { champion, sealed, override, image, action } = world
  if (!champion) return []
  const mode = action.kind === 'promote' ? action.mode.kind : 'stable'
  const before = override ?? sealed.champion
  const own = override ?? sealed.candidate
  const add = (one: Resources, other: Resources): Resources => ({
    cpu: `${Number.parseInt(one.cpu, 10) + Number.parseInt(other.cpu, 10)}m`,
    memory: addMemory(one.memory, other.memory),
    cpuLimit: String(Number(one.cpuLimit) + Number(other.cpuLimit)),
    ...((one.gpu ?? other.gpu) !== undefined && { gpu: Math.max(one.gpu ?? 0, other.gpu ?? 0) }),
  })
  const after = mode === 'stable' ? own : add(before, sealed.candidate)
  const short = (text: string) => `serving@${text.split('@')[1]?.slice(0, 19)}…`
  const differing = (was: Resources, is: Resources, prefix = '') =>
    (['cpu', 'memory', 'cpuLimit', 'gpu'] as const).flatMap((field) =>
      was[field] === is[field]
        ? []
        : [row(`${prefix}resources.${field}`, String(was[field] ?? 'not set'), String(is[field] ?? 'not set'))],
    )
  return [
    ...(image.champion === image.candidate ? [] : [row('image', short(image.champion), short(image.candidate))]),
    ...differing(before, after),
    ...(mode === 'stable' ? [] : differing(before, own, 'candidate ')),
  ]
}

/** The end of every page. */
export const checkedAt = ({ base }: Opened) => line(`Everything here was checked at base \`${base.slice(0, 7)}\`.`)

function mergingUnits(world: World, opened: Opened): ExpectedUnit[] {
  const { champion, action, model } = world
  const names = sides(world)
  const settings = settingRows(world)
  const mode = action.kind === 'promote' && action.mode.kind !== 'stable' ? action.mode : undefined
  const effect: Expected = mode
    ? [
        mode.kind === 'shadow'
          ? `Copies ${mode.weight} % of requests to ${names.after}; callers never see its answers`
          : `Sends ${mode.weight} % of requests to ${names.after} (canary)`,
      ]
    : [champion ? `Runs ${names.after} instead of ${names.before}` : `Runs ${names.after}, the first version here`]
  const undo = mode
    ? `modelyard candidate ${model} --env production --abort`
    : `modelyard ${champion ? 'rollback' : 'retire'} ${model} --env production`
  return [
    item(...effect),
    objectsLine(opened),
    item(restarts(opened, champion === undefined && !mode)),
    ...(champion ? [item(settings.length === 0 ? 'Image and settings: **same**' : 'Image and settings change:')] : []),
    ...(settings.length === 0 ? [] : [row('Setting', 'From', 'To'), ...settings]),
    line('**Undo** (needs only the repository)'),
    { kind: 'command', words: undo },
    checkedAt(opened),
  ]
}

/** By the template that pods are made from, as `dist/` has it before and after. */
export function restarts({ template }: Opened, isFirst: boolean): string {
  if (isFirst) return 'Its first pods start'
  return template.before === template.after
    ? 'Serving pods **do not restart**'
    : 'Serving pods **restart**, by a rolling update'
}

function lineageOf(world: World, { lineage, graph }: Version): [string, string][] {
  const { run, dataset, trainedBy } = lineage as {
    run: string
    dataset: { name: string; sha256: string }
    trainedBy: string
  }
  return [
    ['run', run],
    ['dataset name', dataset.name],
    ['dataset sha256', dataset.sha256],
    ['trainedBy', trainedBy],
    ['evaluated on', `rides, ${world.rows.length} rows, ${sha256(csvOf(world.rows)).slice(0, 12)}`],
    ['artifact sha256', sha256(graph)],
  ]
}
