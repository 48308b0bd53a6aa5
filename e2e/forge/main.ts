// The forge tier: `main.ts [pattern]` runs the cases whose name matches.
import { runCases } from './case.ts'
import { comments } from './comments.ts'
import { crashes } from './crashes.ts'
import { fleet } from './fleet.ts'
import { gitea } from './gitea.ts'
import { publishing } from './publishing.ts'

await runCases(
  [...publishing, ...comments, ...crashes, ...fleet, ...(process.env['MODELYARD_GITEA'] ? gitea : [])],
  new RegExp(process.argv[2] ?? ''),
)
