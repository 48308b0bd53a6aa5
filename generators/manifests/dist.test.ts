import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'

const DIST = fileURLToPath(new URL('../../dist', import.meta.url))

test('every file of dist/ means the same to readers of YAML 1.1 and 1.2', () => {
  const files = readdirSync(DIST, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name.endsWith('.yaml'),
  )
  assert.ok(files.length > 100)
  for (const { parentPath, name } of files) {
    const text = readFileSync(join(parentPath, name), 'utf8')
    assert.equal(parse(text, { version: '1.1' }), parse(text, { version: '1.2' }), `${parentPath}/${name}`)
    assert.not.match(text, /[^\P{Cc}\n]|[\u2028\u2029\ufeff]/u, `${parentPath}/${name}`)
  }
})

test.run()
