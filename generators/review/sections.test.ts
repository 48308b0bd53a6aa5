import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diffBlocks, diffSize } from './diff-blocks.ts'
import { clip, escapeText, inlineCode } from './markdown.ts'
import { formatBytes, formatNumber, formatShare } from './numbers.ts'
import { foldCommand } from './sections.ts'

test('a folded command is the same command to a shell', () => {
  for (const words of [
    ['modelyard', 'rollback', 'fraud-scorer', '--env', 'production', '--to', '1.5.0-d20a77e1'],
    ['modelyard', 'x'.repeat(120), '--env', 'y'.repeat(33), 'z'],
    ['x'.repeat(36)],
  ]) {
    const lines = foldCommand(words.join(' '))
    for (const line of lines) assert.ok(line.length <= 36, line)
    const script = `show() { printf '%s\\n' "$@"; }; show ${lines.join('\n')}`
    assert.equal(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n'), words)
  }
})

test('a removed line that looks like a header of a file stays a line', () => {
  const diff =
    '--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- old\n+++ new\n same\n--- a/y\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n'
  assert.is(diffSize(diff), '2 files, 3 lines')
  const blocks = diffBlocks(diff, 10_000)
  assert.match(blocks, 'changed `x`\n```diff\n@@ -1,2 +1,2 @@\n--- old\n+++ new\n same\n```')
  assert.match(blocks, 'removed `y`')
})

test('backticks in a diff do not end its block', () => {
  assert.match(diffBlocks('+```\n+````', 1000), '`````diff\n+```\n+````\n`````')
})

test('text comes out of Markdown as it went in', () => {
  assert.is(escapeText('a|b *c* <d> `e` [f]'), 'a\\|b \\*c\\* \\<d> \\`e\\` \\[f\\]')
  assert.is(escapeText('snake_case _emphasis_'), 'snake_case \\_emphasis\\_')
  assert.is(escapeText('# no heading'), '\\# no heading')
  assert.is(escapeText('1. no list'), '1\\. no list')
  assert.is(escapeText('two\nlines'), 'two lines')
  assert.is(escapeText('@ada'), '@\u200bada')
  assert.is(escapeText('2026-01-05T10:00:00Z'), '2026-01-05T10:00:00Z')
  assert.is(inlineCode('a`b'), '``a`b``')
  assert.is(clip('😀😀😀', 2), '😀…')
})

test('rounding hides no row', () => {
  assert.is(formatShare(1, 20_000), '<0.1 %')
  assert.is(formatShare(19_999, 20_000), '>99.9 %')
  assert.is(formatShare(0, 5), '0 %')
  assert.is(formatShare(5, 5), '100 %')
  assert.is(formatShare(0, 0), 'unknown')
})

test('numbers have three significant digits and units people read', () => {
  assert.is(formatNumber(0.012345), '0.0123')
  assert.is(formatNumber(19_640), '19,640')
  assert.is(formatNumber(0.00000123), '1.23e-6')
  assert.is(formatNumber(Number.NaN), 'not a number')
  assert.is(formatBytes(14_200_000), '14.2 MB')
  assert.is(formatBytes(999), '999 B')
  assert.is(formatBytes(undefined), 'unknown')
})

test.run()
