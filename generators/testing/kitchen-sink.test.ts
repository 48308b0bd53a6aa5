import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { validateRepository } from '../checks/index.ts'
import { REPOSITORY } from './example-repository.ts'
import { writeKitchenSink } from './kitchen-sink.ts'

test('everything that can be generated is valid, by schema, by reference and by policy', async () => {
  const root = mkdtempSync(join(tmpdir(), 'modelyard-sink-'))
  try {
    await writeKitchenSink(root)
    const { findings, counts } = await validateRepository(root, { offline: true, packagesRoot: REPOSITORY })
    assert.ok(counts.objects > 10, `${counts.objects} objects`)
    assert.equal(
      findings.filter(({ severity }) => severity === 'error'),
      [],
    )
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

test.run()
