// `npm run example:promotion`: what a promotion's pull request of an example says, for docs/.
import { writeFileSync } from 'node:fs'
import { PROMOTION_EXAMPLE, promotionExample } from './promotion-example.ts'

writeFileSync(PROMOTION_EXAMPLE, await promotionExample())
