import { RULES } from '../findings/index.ts'
import { OBJECT_RULES } from './check-objects.ts'
import { type Counterpart, KUBE_LINTER, KUBE_SCORE, POD_SECURITY, POLARIS } from './policy/linter-equivalents.ts'

const HEAD = `# Policy

What \`modelyard validate\` says of Kubernetes objects beyond their schema. An **error** breaks or is insecure, a **warning** is
fragile, an **info** is a matter of taste. Rules of Pod Security are errors in a namespace whose label
\`pod-security.kubernetes.io/enforce\` has their level; rules marked \`given\` are warnings where more than the given objects may be in
the cluster ([validating.md](validating.md)). Reasons and repairs are in [rules.md](rules.md).

\`modelyard validate --since <ref>\` adds what a change does to a cluster that runs what was before, from where the branch left \`ref\`:
[data-removed](rules.md#data-removed) and [immutable-field-changed](rules.md#immutable-field-changed) are errors,
[object-removed](rules.md#object-removed) and [replicas-removed](rules.md#replicas-removed) warnings.
`

const OTHERS = `## Checks of other tools

Each check, with the rules that find the same, or why there is none. \`npm run e2e -- linters\` runs kube-score and the evaluator of
Kubernetes' own Pod Security admission on the fixtures of every rule and on \`dist/\`, and compares the verdicts through these tables.
`

/** docs/policy.md: the rules about objects, and how the checks of other tools are covered. */
export function policyPage(): string {
  const rules = new Map(OBJECT_RULES.map((rule) => [rule.rule, rule]))
  const rows = [...rules.values()]
    .sort((a, b) => (a.rule < b.rule ? -1 : 1))
    .map(({ rule, severity, podSecurity, mayBeElsewhere }) => {
      const note = podSecurity ?? (mayBeElsewhere ? 'given' : '')
      return `| [${rule}](rules.md#${rule}) | ${severity} | ${note} | ${RULES[rule].summary} |`
    })
  return [
    HEAD,
    '## Rules\n',
    '| rule | severity | note | says that |\n| --- | --- | --- | --- |',
    ...rows,
    '',
    OTHERS,
    ...table('kube-linter', KUBE_LINTER),
    ...table('kube-score', KUBE_SCORE),
    ...table('Polaris', POLARIS),
    ...table('Pod Security', POD_SECURITY),
  ]
    .join('\n')
    .replace(/\n+$/, '\n')
}

function table(tool: string, checks: Record<string, Counterpart>): string[] {
  const rows = Object.entries(checks).map(([check, counterpart]) => {
    const text = typeof counterpart === 'string' ? counterpart : counterpart.map((rule) => `\`${rule}\``).join(', ')
    return `| ${check} | ${text} |`
  })
  return [`### ${tool}\n`, '| check | here |\n| --- | --- |', ...rows, '']
}
