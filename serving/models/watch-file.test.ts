import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, mountConfigMap, scratch, until } from '../testing/server.ts'
import { watchFile } from './watch-file.ts'

test.after.each(cleanUp)

test('the swap of a ConfigMap is seen, again and again', async () => {
  const directory = scratch()
  const mount = mountConfigMap(join(directory, 'mount'), 'routing.json')
  mount.update('first')
  const seen: (string | undefined)[] = []
  const watch = watchFile(mount.path, async (text) => {
    seen.push(text)
  })
  await watch.check()
  for (const text of ['second', 'third', 'fourth']) {
    mount.update(text)
    await until(() => seen.at(-1) === text, text)
  }
  assert.equal(seen, ['first', 'second', 'third', 'fourth'])
  watch.close()
})

test('a file that is not there yet is undefined, once, and is seen when it comes', async () => {
  const directory = scratch()
  const path = join(directory, 'routing.json')
  const seen: (string | undefined)[] = []
  const watch = watchFile(path, async (text) => {
    seen.push(text)
  })
  await watch.check()
  await watch.check()
  writeFileSync(path, 'here')
  await until(() => seen.length === 2, 'the file is seen')
  rmSync(path)
  await until(() => seen.length === 3, 'its going is seen')
  assert.equal(seen, [undefined, 'here', undefined])
  watch.close()
})

test('the same text again is no change', async () => {
  const directory = scratch()
  const path = join(directory, 'routing.json')
  writeFileSync(path, 'same')
  let changes = 0
  const watch = watchFile(path, async () => {
    changes += 1
  })
  await watch.check()
  writeFileSync(path, 'same')
  await watch.check()
  assert.is(changes, 1)
  watch.close()
})

test.run()
