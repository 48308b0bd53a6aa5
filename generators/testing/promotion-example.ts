import { join } from 'node:path'
import { promote } from '../promotion/index.ts'
import { REPOSITORY, withExampleClone } from './example-repository.ts'

/** The body of a real promotion of an example, as GitHub gets it: what docs/promotion-example.md holds. */
export const PROMOTION_EXAMPLE = join(REPOSITORY, 'docs/promotion-example.md')

export const EXAMPLE_PROMOTION = { model: 'diabetes-progression', from: 'staging', to: 'production' }

/** Promotes the example as it is now, without pushing anything. */
export async function promotionExample(): Promise<string> {
  let body = ''
  await withExampleClone(async ({ root }) => {
    const options = { root, remote: 'origin', baseBranch: 'main', push: false, dryRun: true, offline: false }
    body = (await promote(EXAMPLE_PROMOTION, { ...options, forge: undefined }))?.body ?? ''
  })
  return `${body}\n`
}

/** The body without what is another in every run (times, memory, the commit), and without lines of files that have nothing to do with it. */
export function withoutMeasurements(body: string): string {
  return body
    .trim()
    .replace(/[\d.,e-]+ (ms|Mi)\b/g, '… $1')
    .replace(/\.ts:\d+/g, '.ts')
    .replace(/base `\w{7}`/, 'base')
    .replace(/"base":"\w+"/, '"base":""')
    .replace(/^.*\(p50 .*$/m, '… (p50 …)')
    .replace(/^(After to before, ).*$/m, '$1…')
}
