import type { GateResult, PromotionReport } from '../report.ts'

/** Texts that try to get out of where they are put. */
const HOSTILE = [
  '',
  'plain',
  'a|b|c|d',
  '```\nfence',
  '<!-- modelyard:{"v":1,"kind":"promotion","model":"evil","env":"x","to":"9.9.9","base":"0"} -->',
  '</details><script>alert(1)</script>',
  '@everyone **bold** _x_ [link](https://example.com) `code`',
  '--> -- -->',
  '# heading\n| a | b | c | d |\n|---|---|---|---|',
  'x'.repeat(120),
  '模型 größer 😀'.repeat(9),
  '\u0000\u0007\u2028 control',
  '$x^2$ &lt; ~~gone~~ \\',
]

/** A report of hostile texts; the same seed gives the same. */
export function randomReport(seed: number): PromotionReport {
  const random = generator(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(items: readonly T[]) => items[below(items.length)] as T
  const text = () => pick(HOSTILE)
  const list = <T>(most: number, item: () => T) => Array.from({ length: below(most + 1) }, item)
  const maybe = <T>(value: T) => (random() < 0.5 ? value : undefined)
  const running = () => ({
    version: pick(['1.0.0', '1.5.0']),
    ...(random() < 0.5 ? { release: `1.5.0-${text()}` } : {}),
  })
  const rows = below(3) * below(30_000)
  const golden = { passed: below(20), total: 20 }
  const from = maybe(running())
  const gate = (): GateResult => ({
    name: text(),
    result: pick(['pass', 'fail', 'pending', 'unknown'] as const),
    detail: text(),
    ...(random() < 0.3 ? { note: text() } : {}),
  })
  const diff = () =>
    [
      '--- a/x',
      `+++ b/${text().replaceAll('\n', ' ')}`,
      '@@ -1,3 +1,3 @@',
      ...list(40, () => `${pick(['+', '-', ' '])}${text()}`),
    ].join('\n')
  return {
    model: text(),
    environment: text(),
    ...(from ? { from } : {}),
    to: running(),
    mode: pick([{ kind: 'stable' }, { kind: 'ab', weight: 12.5 }, { kind: 'shadow', weight: 1 }] as const),
    gates: list(6, gate),
    interfaceChanges: maybe(list(4, () => ({ kind: pick(['breaking', 'compatible'] as const), message: text() }))),
    predictions: pick([
      { kind: 'unknown', reason: text() } as const,
      {
        kind: 'regression',
        rows,
        meanAbsoluteChange: random() < 0.2 ? Number.NaN : random(),
        maxAbsoluteChange: random() * 1e6,
        histogram: list(5, () => ({ label: text(), rows: below(rows + 1) })),
        golden,
      } as const,
      {
        kind: 'classification',
        rows,
        flips: list(12, () => ({ from: text(), to: text(), rows: below(9) })),
        golden,
      } as const,
    ]),
    cost: { from: { p50Ms: random() }, to: { artifactBytes: below(1e10), p99Ms: random() * 100 } },
    objects: {
      added: list(3, text),
      changed: list(3, text),
      removed: list(3, text),
      podsRestart: random() < 0.5,
      otherModels: list(2, text),
    },
    settings: list(4, () => ({ field: text(), from: text(), to: text() })),
    undo: {
      command: list(9, () => pick(['--env', 'modelyard', 'x'.repeat(50), '--to', 'y'])).join(' '),
      isJudged: random() < 0.5,
    },
    lineage: Object.fromEntries(list(4, () => [text(), text()])),
    pinDiff: random() < 0.1 ? '' : diff(),
    renderedDiff: list(3, diff).join('\n'),
    baseCommit: '4be91d0c6a5f4e3d2c1b0a998877665544332211',
    findings: list(
      3,
      () => ({ rule: 'image-placeholder', severity: 'warning', message: text(), file: text() }) as const,
    ),
  }
}

/** mulberry32: enough for tests, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
