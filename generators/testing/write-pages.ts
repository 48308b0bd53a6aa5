// `npm run rules`: the pages of docs/ that are tables of the code.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { policyPage } from '../checks/policy-page.ts'
import { rulesPage } from '../findings/rules-page.ts'
import { REPOSITORY } from './example-repository.ts'

writeFileSync(join(REPOSITORY, 'docs/rules.md'), rulesPage())
writeFileSync(join(REPOSITORY, 'docs/policy.md'), policyPage())
