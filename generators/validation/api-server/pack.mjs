// The last step of build.sh: compresses what was built, and writes where it came from and under which licences.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const [work, here, go, mode] = process.argv.slice(2)
const wasm = readFileSync(join(work, 'api-server.wasm'))
const sha256 = createHash('sha256').update(wasm).digest('hex')
const target = join(here, 'provenance.json')

if (mode === '--check') {
  const expected = JSON.parse(readFileSync(target, 'utf8')).sha256
  console.log(`${sha256} ${sha256 === expected ? 'is' : `is not ${expected},`} what provenance.json names`)
  process.exit(sha256 === expected ? 0 : 1)
}

const modules = readFileSync(join(work, 'modules.txt'), 'utf8').trim().split('\n')
const byText = new Map()
for (const module of modules) {
  const folder = join(work, 'vendor', module.split(' ')[0])
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name))
    : []
  if (!files.some((name) => /^(licen|copying)/i.test(name))) throw new Error(`${module} has no licence`)
  for (const name of files) {
    const text = readFileSync(join(folder, name), 'utf8').trim()
    byText.set(text, [...(byText.get(text) ?? []), module])
  }
}
const licences = [...byText].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`)
writeFileSync(join(here, 'LICENSES.txt'), licences.join(`\n${'-'.repeat(80)}\n\n`))

const packed = brotliCompressSync(wasm, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length,
  },
})
writeFileSync(join(here, 'api-server.wasm.br'), packed)
writeFileSync(target, `${JSON.stringify({ sha256, bytes: wasm.length, go, modules }, null, 2)}\n`)
console.log(`api-server.wasm.br: ${wasm.length} bytes, compressed ${packed.length}`)
