import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelInterface } from '../contract/index.ts'
import { onnxModel } from '../testing/onnx-model.ts'
import { ModelError } from './model-error.ts'
import { createProcessSession, limitsOf } from './process-session.ts'
import { createSession } from './runtime.ts'
import { createWorkerSession } from './worker-session.ts'

const modelInterface: ModelInterface = {
  inputs: [{ name: 'x', datatype: 'string', shape: ['batch'] }],
  outputs: [{ name: 'y', datatype: 'string', shape: ['batch'] }],
}

test('the operator and the locale that this machine does not have are named, and how to install it, wherever the model is opened', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-locale-'))
  try {
    const file = join(folder, 'normalizer.onnx')
    const value = { type: 'string' as const, shape: ['batch'] }
    const attributes = { case_change_action: 'LOWER', locale: 'xx_XX.UTF-8' }
    const nodes = [{ operator: 'StringNormalizer', inputs: ['x'], outputs: ['y'], attributes }]
    writeFileSync(file, onnxModel({ inputs: [{ name: 'x', ...value }], outputs: [{ name: 'y', ...value }], nodes }))
    const opened = [
      createSession(file, modelInterface),
      createWorkerSession(file, modelInterface),
      createProcessSession(file, modelInterface, { limits: limitsOf(0) }),
    ]
    // Heard at once: each may be the first that is refused.
    for (const error of await Promise.all(opened.map((session) => session.catch((thrown: unknown) => thrown)))) {
      assert.instance(error, ModelError)
      const { code, problems } = error as ModelError
      assert.is(code, 'model-locale-missing')
      assert.equal(problems, [
        {
          path: '',
          message: 'operator StringNormalizer requires the locale xx_XX.UTF-8, which this machine does not have',
          repair: 'install it: apt-get install locales && localedef -i xx_XX -f UTF-8 xx_XX.UTF-8',
        },
      ])
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.run()
