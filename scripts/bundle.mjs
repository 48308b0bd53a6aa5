// After the compiler, for `npm run build`: what is published loads a few files instead of two hundred, since opening each takes
// longer than to check a manifest. lib/ keeps the types and a file for each entry, all of them made from the same modules, so
// that a definition and the program that reads it share their classes. Packages stay packages.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('..', import.meta.url))
const lib = join(root, 'lib')
const outdir = join(lib, 'bundle')
/** What is imported from outside, started as a program, or a process of its own. */
const ENTRIES = [
  'index',
  'cli/main',
  'gates/memory-probe',
  'definitions/vocabulary',
  'repository/evaluation/process',
  'repository/evaluation/realm',
  'validation/api-server/worker',
]

/** A module that looks for a file beside itself finds it where the compiler put both. */
const ownPlace = {
  name: 'own-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (relative(lib, path).startsWith('..')) return
      const text = readFileSync(path, 'utf8')
      const place = relative(outdir, path).split(sep).join('/')
      if (!text.includes('import.meta.url')) return
      return {
        contents: `const { url } = import.meta\nconst ownUrl = new URL(${JSON.stringify(place)}, url).href\n${text}`,
      }
    })
  },
}

/**
 * Large packages that are CommonJS anyway are required: an import reads each of their files twice, the first time for the names that
 * it exports, which takes as long as running them.
 */
const requiredPackages = {
  name: 'required-packages',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(cdk8s|cdk8s-plus-28)$/ }, ({ path }) => ({ path, namespace: 'required' }))
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `import { createRequire } from 'node:module'
const { url } = import.meta
export const { ${Object.keys(require(path)).join(', ')} } = createRequire(url)(${JSON.stringify(path)})`,
    }))
  },
}

rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: Object.fromEntries(ENTRIES.map((entry) => [entry.replaceAll('/', '-'), join(lib, `${entry}.js`)])),
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  chunkNames: 'part-[hash]',
  define: { 'import.meta.url': 'ownUrl' },
  plugins: [ownPlace, requiredPackages],
  logLevel: 'warning',
})

// What an editor checks the files of a repository by: `modelyard init` names these in .vscode/settings.json.
const { pinSchema, releaseSchema, versionSchema } = await import(join(lib, 'definitions/schemas.js'))
mkdirSync(join(lib, 'schemas'), { recursive: true })
for (const [name, schema] of Object.entries({ pin: pinSchema, release: releaseSchema, version: versionSchema })) {
  const document = { $schema: 'http://json-schema.org/draft-07/schema#', title: `Modelyard ${name}`, ...schema }
  writeFileSync(join(lib, `schemas/${name}.json`), `${JSON.stringify(document, null, 2)}\n`)
}

for (const path of readdirSync(lib, { recursive: true })) {
  if (path.endsWith('.js') && !path.startsWith(`bundle${sep}`)) rmSync(join(lib, path))
}
for (const entry of ENTRIES) {
  const path = join(lib, `${entry}.js`)
  const place = relative(dirname(path), join(outdir, `${entry.replaceAll('/', '-')}.js`))
    .split(sep)
    .join('/')
  mkdirSync(dirname(path), { recursive: true })
  const start = entry === 'cli/main' ? '#!/usr/bin/env node\n' : ''
  writeFileSync(path, `${start}export * from './${place}'\n`.replace("'./../", "'../"))
}

const isData = (path) => !path.endsWith('.ts')
cpSync(join(root, 'generators/validation/schema/bundle'), join(lib, 'validation/schema/bundle'), {
  recursive: true,
  filter: isData,
})
// The API server's own code is built apart: generators/validation/api-server/build.sh.
const isBuilt = (path) => /\.(br|json|txt)$/.test(path)
for (const name of readdirSync(join(root, 'generators/validation/api-server')).filter(isBuilt)) {
  cpSync(join(root, 'generators/validation/api-server', name), join(lib, 'validation/api-server', name))
}
cpSync(join(root, 'serving/pages/assets'), join(root, 'serving/lib/pages/assets'), { recursive: true })
