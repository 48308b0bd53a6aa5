// `npm run rules`: the pages of docs/ that are tables of the code.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rulesPage } from '../findings/rules-page.ts'
import { policyPage } from '../validation/policy-page.ts'
import { REPOSITORY } from './example-repository.ts'

writeFileSync(join(REPOSITORY, 'docs/rules.md'), rulesPage())
writeFileSync(join(REPOSITORY, 'docs/policy.md'), policyPage())
