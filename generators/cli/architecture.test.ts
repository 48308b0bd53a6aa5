import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { vocabulary } from '../definitions/index.ts'
import { RULES } from '../findings/index.ts'
import { rulesPage } from '../findings/rules-page.ts'
import { REPOSITORY } from '../testing/example-repository.ts'

const test = suite('architecture')

/** A folder of generators/ imports only folders before it. serving/ holds its own order by serving/layers.test.ts. */
const LAYERS = [
  'findings',
  'text',
  'yaml',
  'definitions',
  'repository',
  'charts',
  'manifests',
  'validation',
  'gates',
  'artifacts',
  'pins',
  'registry',
  'scaffold',
  'git',
  'forges',
  'review',
  'observe',
  'promotion',
  'cli',
]

/** Where each package that we did not write is imported; more than one folder has a reason. */
const PACKAGES: Record<string, string[]> = {
  '@babel/parser': ['repository'],
  '@marcbachmann/cel-js': ['validation/schema'],
  '@octokit/rest': ['forges'],
  // Our own documents, and Kubernetes objects with formats of their own.
  ajv: ['text', 'validation/schema'],
  // Charts, and the App that a chart is rendered in.
  cdk8s: ['charts', 'manifests'],
  // Constructs; checks read the types of what they build.
  'cdk8s-plus-28': ['charts', 'validation'],
  commander: ['cli'],
  constructs: ['charts'],
  diff: ['manifests'],
  esbuild: ['repository'],
  papaparse: ['text'],
  re2js: ['validation/schema'],
  'simple-git': ['git'],
  // The second is the program that makes the bundle of schemas, which nothing imports.
  yaml: ['yaml', 'validation/schema/bundle'],
}

/** What a generator may take from the server: a check runs a model with the very code that serves it. */
const SERVING = ['contract', 'artifact', 'session', 'batcher'].map((folder) => `modelyard-serving/${folder}`)

interface Source {
  /** Relative to generators/, with forward slashes. */
  file: string
  text: string
  imports: string[]
}

function sources(folder: string): Source[] {
  const top = join(REPOSITORY, folder)
  return readdirSync(top, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(sep).join('/'))
    .filter((file) => file.endsWith('.ts') && !/(^|\/)(lib|node_modules)\//.test(file))
    .map((file) => {
      const text = readFileSync(join(top, file), 'utf8')
      return { file, text, imports: importsOf(text) }
    })
}

/** Static imports and exports stand at the start of a line; what looks like one inside a text does not. */
function importsOf(text: string): string[] {
  const found = text.matchAll(/^(?:import|export)\b[^;'"]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm)
  return [...found].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
}

const isTest = ({ file }: Source) => file.endsWith('.test.ts') || /(^|\/)testing\//.test(file)
const all = sources('generators')
const product = all.filter((source) => !isTest(source))
const everything = [...all, ...sources('serving')]

/** A violation a line, so that all are told at once. */
const violations = (found: Source[], wrong: (specifier: string, source: Source) => boolean) =>
  found.flatMap((source) =>
    source.imports.filter((specifier) => wrong(specifier, source)).map((specifier) => `${source.file}: ${specifier}`),
  )

const targetOf = (specifier: string, { file }: Source) =>
  relative('', join(dirname(file), specifier))
    .split(sep)
    .join('/')
const folderOf = (file: string) => file.split('/')[0] ?? ''

/** The circles of imports at run time, each as `a -> b -> a`; imports of types alone leave nothing in the program. */
function circles(found: Source[]): string[] {
  const edges = new Map(
    found
      .filter((source) => !isTest(source))
      .map((source) => {
        const values = source.text.replace(/^(?:import|export) type\b[^;]*?\bfrom '[^']+'/gm, '')
        const targets = importsOf(values).filter((specifier) => specifier.startsWith('.'))
        return [source.file, targets.map((specifier) => targetOf(specifier, source))] as const
      }),
  )
  const finished = new Set<string>()
  const circular: string[] = []
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) circular.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    if (path.includes(file) || finished.has(file)) return
    for (const target of edges.get(file) ?? []) visit(target, [...path, file])
    finished.add(file)
  }
  for (const file of edges.keys()) visit(file, [])
  return circular
}

test('every folder of generators/ has its place in the order', () => {
  const folders = [...new Set(product.filter(({ file }) => file.includes('/')).map(({ file }) => folderOf(file)))]
  assert.equal(folders.sort(), [...LAYERS].sort())
})

test('a folder imports only folders to its left, by their index', () => {
  const wrong = (specifier: string, source: Source) => {
    if (!specifier.startsWith('.') || !source.file.includes('/')) return false
    const target = targetOf(specifier, source)
    if (folderOf(target) === folderOf(source.file)) return false
    const isLeft = LAYERS.indexOf(folderOf(target)) < LAYERS.indexOf(folderOf(source.file))
    return !isLeft || !LAYERS.includes(folderOf(target)) || target !== `${folderOf(target)}/index.ts`
  }
  assert.equal(violations(product, wrong), [])
})

test('generators take contract, artifact, session and batcher from serving, and the command line its server', () => {
  const wrong = (specifier: string, { file }: Source) => {
    if (/^\.\..*\/serving\//.test(specifier)) return true
    if (!specifier.startsWith('modelyard-serving')) return false
    return !SERVING.includes(specifier) && !(specifier === 'modelyard-serving/main' && folderOf(file) === 'cli')
  }
  assert.equal(violations(product, wrong), [])
})

test('each third-party package is imported where it belongs', () => {
  const wrong = (specifier: string, { file }: Source) => {
    if (/^(\.|node:|modelyard-serving)/.test(specifier)) return false
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/')
    return !PACKAGES[name]?.some((folder) => file.startsWith(`${folder}/`))
  }
  assert.equal(violations(product, wrong), [])
})

test('onnxruntime-node is imported in one file', () => {
  const files = everything
    .filter(({ imports }) => imports.includes('onnxruntime-node'))
    .filter((source) => !isTest(source))
  assert.equal(
    files.map(({ file }) => file),
    ['session/runtime.ts'],
  )
})

test('every test file runs its tests: one that does not would pass', () => {
  const forgotten = everything.filter(({ file, text }) => file.endsWith('.test.ts') && !/^\w*\.run\(\)$/m.test(text))
  assert.equal(
    forgotten.map(({ file }) => file),
    [],
  )
})

test('no file is called utils, and entry points export by name', () => {
  assert.equal(
    everything.filter(({ file }) => /(^|\/)(utils?|helpers|common|misc)\.ts$/.test(file)).map(({ file }) => file),
    [],
  )
  assert.equal(
    everything.filter(({ text }) => /^export \*/m.test(text)).map(({ file }) => file),
    [],
  )
})

test('definitions may import every function that the package exports for them', () => {
  const [, names = ''] =
    /\{([^}]*)\} from '.\/definitions\/vocabulary.ts'/.exec(all.find(({ file }) => file === 'index.ts')?.text ?? '') ??
    []
  const exported = names.split(',').flatMap((name) => (/^\s*(type .*)?$/.test(name) ? [] : [name.trim()]))
  assert.equal(exported.sort(), Object.keys(vocabulary).sort())
})

test('no module imports itself through others: there are no circles', () => {
  assert.equal([...circles(sources('generators')), ...circles(sources('serving'))], [])
})

test('every rule is reported somewhere', () => {
  const texts = product.filter(({ file }) => !/^findings\/.*rules\.ts$/.test(file)).map(({ text }) => text)
  const unused = Object.keys(RULES).filter((rule) => !texts.some((text) => text.includes(`'${rule}'`)))
  assert.equal(unused, [])
})

test('every rule that is reported exists', () => {
  const named = product.flatMap(({ text }) => [...text.matchAll(/\brule: '([^']+)'/g)].map(([, rule = '']) => rule))
  assert.ok(named.length > 10)
  assert.equal(
    [...new Set(named)].filter((rule) => !Object.hasOwn(RULES, rule)),
    [],
  )
})

test('docs/rules.md is the table of rules', () => {
  assert.is(readFileSync(join(REPOSITORY, 'docs/rules.md'), 'utf8'), rulesPage())
})

test.run()
