/** Words that decide what a sentence says, and what it would say instead. */
const OPPOSITES: [RegExp, string][] = [
  [/\bbetter\b/, 'worse'],
  [/\bworse\b/, 'better'],
  [/\bslower\b/, 'faster'],
  [/\bpass\b/, 'fail'],
  [/\bunknown\b/, 'pass'],
  [/\bcompatible\b/, 'breaking'],
  [/\bbreaking\b/, 'compatible'],
  [/\bdo not restart\b/, 'restart'],
  [/\brestart\b/, 'do not restart'],
  [/\bnothing\b/, 'something'],
  [/\bnone\b/, 'some'],
  [/\bsame\b/, 'other'],
  [/\bunchanged\b/, 'changed'],
  [/\boverridden\b/, 'passed'],
  [/\bbefore\b/, 'after'],
  [/\bagain\b/, 'never'],
  [/\bends\b/, 'starts'],
  [/\bEUR\b/, 'USD'],
  [/\b1\.0\.0\b/, '1.9.9'],
  [/\b1\.1\.0\b/, '1.9.9'],
  [/(?<=[| (])\+(?=\d)/, '-'],
  [/(?<=[| (])-(?=\d)/, '+'],
]

/** The body with one number or one word changed, once for each that a reader sees outside the diffs. */
export function changedBodies(body: string): { what: string; body: string }[] {
  const lines = body.split('\n')
  let fence = ''
  return lines.flatMap((line, index) => {
    if (line.startsWith('```')) fence = fence === '' ? line : ''
    if (fence.startsWith('```diff') || /^\|-/.test(line)) return []
    const changed = [...changedNumbers(line), ...changedWords(line)]
    return changed.map((text) => ({
      what: `"${line}" as "${text}"`,
      body: [...lines.slice(0, index), text, ...lines.slice(index + 1)].join('\n'),
    }))
  })
}

/** The last digit, by more than rounding explains, of each number that is not a part of a name. */
function changedNumbers(line: string): string[] {
  return [...line.matchAll(/(?<![\w.:@/-])[+-]?\d[\d,]*(?:\.\d+)?(?![\w:/@]|\.\d)/g)].map(({ 0: text, index }) => {
    const digit = (Number(text.at(-1)) + 3) % 10
    return `${line.slice(0, index)}${text.slice(0, -1)}${digit}${line.slice(index + text.length)}`
  })
}

function changedWords(line: string): string[] {
  return OPPOSITES.flatMap(([word, other]) => {
    return [...line.matchAll(new RegExp(word, 'g'))].map(({ 0: text, index }) => {
      return `${line.slice(0, index)}${other}${line.slice(index + text.length)}`
    })
  })
}
