// The text of the comment about the checks of a pull request, made of a report that the pull request's own code wrote: its texts are
// shown as text and trusted in nothing.

export const MARK = '<!-- modelyard:checks -->'
const MAX_FINDINGS = 20
const MAX_TEXT = 300

/** Inside a code span nothing is a link, a name or markup; what could end it goes, and line ends with it. Only texts and numbers. */
function code(value) {
  if (typeof value !== 'string' && typeof value !== 'number') return ''
  const plain = String(value)
    .slice(0, MAX_TEXT)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[`\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff|]/g, ' ')
    .toWellFormed()
  return plain.trim() === '' ? '' : `\`${plain}\``
}

function place(file, line) {
  const shown = code(
    typeof file === 'string' && Number.isSafeInteger(line) ? `${file.slice(0, MAX_TEXT - 20)}:${line}` : file,
  )
  return shown === '' ? '' : ` ${shown}`
}

/** The findings of a report; undefined when it is not one. */
function findingsOf(text) {
  try {
    const findings = JSON.parse(text)?.findings
    return Array.isArray(findings) ? findings : undefined
  } catch {
    return undefined
  }
}

/**
 * @param {string | undefined} text the report as JSON; undefined when there is none that can be read
 * @param {{ sha: string, runUrl: string }} run
 */
export function commentText(text, { sha, runUrl }) {
  const run = /^https:\/\/[\w.:-]+\/[\w./-]+$/.test(runUrl) ? ` ([run](${runUrl}))` : ''
  const at = `at \`${/^[0-9a-f]{40}$/.test(sha) ? sha.slice(0, 7) : '?'}\`${run}`
  const origin =
    '<sub>This report was written by code of the pull request itself. The required checks and a review decide, not this comment.</sub>'
  const findings = text === undefined ? undefined : findingsOf(text)
  if (findings === undefined) return `${MARK}\n**The report of the checks could not be read** ${at}.\n\n${origin}\n`
  if (findings.length === 0) return `${MARK}\n**The report has no findings** ${at}.\n\n${origin}\n`
  const count = (severity) => findings.filter((finding) => finding?.severity === severity).length
  const lines = findings.slice(0, MAX_FINDINGS).map((finding) => {
    return `- ${code(finding?.severity)} ${code(finding?.rule)}${place(finding?.file, finding?.line)}: ${code(finding?.message)}`
  })
  if (findings.length > MAX_FINDINGS) lines.push(`- and ${findings.length - MAX_FINDINGS} more, in the run`)
  const summary = `**The report has ${count('error')} errors and ${count('warning')} warnings** ${at}`
  return `${MARK}\n${summary}\n\n${lines.join('\n')}\n\n${origin}\n`
}
