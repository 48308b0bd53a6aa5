import { existsSync, realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildFailure, build, type Metafile, type Plugin } from 'esbuild'
import { vocabulary } from '../../definitions/index.ts'
import type { Finding } from '../../findings/index.ts'
import type { DefinitionSource } from './protocol.ts'

/** A definition as text, and the source map of its code. */
export interface BundledDefinition extends DefinitionSource {
  map: string
}

export interface Bundle {
  definitions: BundledDefinition[]
  findings: Finding[]
}

/** The programs of the evaluation. */
export interface EvaluationPrograms {
  process: string
  realm: string
  vocabulary: string
}

const DEFINITION = /^(?:models\/[^/]+\/model|environments\/[^/]+\/environment)\.ts$/
/** Namespaces of what is not bundled into a definition: the vocabulary, and the values of other definitions. */
const PACKAGE = 'package'
const VALUE = 'definition'

const OPTIONS = {
  bundle: true,
  write: false,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  logLevel: 'silent',
} as const

let programs: Promise<EvaluationPrograms> | undefined

/** Bundled once in the life of this process. */
export function evaluationPrograms(): Promise<EvaluationPrograms> {
  programs ??= bundlePrograms()
  return programs
}

async function bundlePrograms(): Promise<EvaluationPrograms> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const ownFile = (path: string) => fileURLToPath(new URL(`${path}.${extension}`, import.meta.url))
  const { outputFiles } = await build({
    ...OPTIONS,
    entryPoints: {
      process: ownFile('./process'),
      realm: ownFile('./realm'),
      vocabulary: ownFile('../../definitions/vocabulary'),
    },
    outdir: '/',
  })
  const [process = '', realm = '', vocabulary = ''] = outputFiles.map(({ text }) => text)
  return { process, realm: `(function (module) {\n${realm}\n})({})`, vocabulary }
}

/**
 * Bundles definitions (paths relative to `root`), each by itself with copies of the modules that it imports. Other definitions that
 * they import are bundled too. One that cannot be bundled, or imports what it may not, has a finding and is left out.
 * @param packagesRoot folder whose node_modules serves imports that `root` cannot resolve (a Git work tree has none)
 */
export async function bundleDefinitions(root: string, files: readonly string[], packagesRoot: string): Promise<Bundle> {
  const bundle: Bundle = { definitions: [], findings: [] }
  const seen = new Set(files)
  const allowed = allowedFolders(root, packagesRoot)
  for (let wanted = [...files]; wanted.length > 0; ) {
    const bundled = await bundleTolerantly(root, wanted, packagesRoot, allowed)
    bundle.definitions.push(...bundled.definitions)
    bundle.findings.push(...bundled.findings)
    wanted = [...new Set(bundled.definitions.flatMap(({ imports }) => imports))].filter((file) => !seen.has(file))
    for (const file of wanted) seen.add(file)
  }
  return bundle
}

/** One file that cannot be read must not hide what is wrong in the others. */
async function bundleTolerantly(
  root: string,
  files: readonly string[],
  packagesRoot: string,
  allowed: readonly string[],
): Promise<Bundle> {
  try {
    return await bundleAll(root, files, packagesRoot, allowed)
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    const [only, second] = files
    if (only === undefined || second === undefined) {
      const file = only ?? ''
      return { definitions: [], findings: error.errors.map((message) => syntaxFinding(root, file, message, allowed)) }
    }
    const half = Math.ceil(files.length / 2)
    const halves = await Promise.all(
      [files.slice(0, half), files.slice(half)].map((some) => bundleTolerantly(root, some, packagesRoot, allowed)),
    )
    return {
      definitions: halves.flatMap(({ definitions }) => definitions),
      findings: halves.flatMap(({ findings }) => findings),
    }
  }
}

async function bundleAll(
  root: string,
  files: readonly string[],
  packagesRoot: string,
  allowed: readonly string[],
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    entryPoints: files.map((file, index) => ({ in: join(root, file), out: String(index) })),
    // Names of sources in the maps are relative to it.
    outdir: root,
    absWorkingDir: root,
    metafile: true,
    // `import()` would ask the process for a module; nothing but what is bundled is there.
    supported: { 'dynamic-import': false },
    sourcemap: 'external',
    sourcesContent: false,
    nodePaths: [join(packagesRoot, 'node_modules')],
    plugins: [replacedModules(root)],
  })
  const texts = new Map(outputFiles.map((file) => [relative(root, file.path).split(sep).join('/'), file]))
  const bundle: Bundle = { definitions: [], findings: [] }
  for (const [index, file] of files.entries()) {
    const output = metafile.outputs[`${index}.js`]
    const wrong = output ? await wrongImports(root, file, output, metafile, allowed) : []
    bundle.findings.push(...wrong)
    if (!output || wrong.length > 0) continue
    bundle.definitions.push({
      file,
      code: texts.get(`${index}.js`)?.text ?? '',
      map: texts.get(`${index}.js.map`)?.text ?? '',
      imports: importedDefinitions(output),
    })
  }
  return bundle
}

/**
 * `modelyard` is the vocabulary of the running program, whatever is installed beside the definitions, and another definition is its
 * value. Both by names: a misspelt one is found, with its line, before anything runs.
 */
function replacedModules(root: string): Plugin {
  const real = realpathSync(root)
  return {
    name: 'modelyard',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /^modelyard$/ }, ({ namespace }) =>
        namespace === PACKAGE ? { path: 'modelyard', external: true } : { path: 'modelyard', namespace: PACKAGE },
      )
      onLoad({ filter: /./, namespace: PACKAGE }, () => ({
        contents: `export { ${Object.keys(vocabulary).join(', ')} } from 'modelyard'`,
      }))
      onResolve({ filter: /(^|\/)(model|environment)(\.[jt]s)?$/ }, async (args) => {
        if (args.namespace === VALUE) return { path: args.path, external: true }
        if (args.kind === 'entry-point' || args.pluginData === VALUE) return undefined
        const { path, errors } = await resolve(args.path, {
          importer: args.importer,
          kind: args.kind,
          resolveDir: args.resolveDir,
          pluginData: VALUE,
        })
        const file = relative(real, path).split(sep).join('/')
        return errors.length === 0 && DEFINITION.test(file) ? { path: file, namespace: VALUE } : undefined
      })
      onLoad({ filter: /./, namespace: VALUE }, ({ path }) => ({
        contents: `export { default } from ${JSON.stringify(path)}`,
      }))
    },
  }
}

type Output = Metafile['outputs'][string]

/** Paths of the definitions whose values an output asks for. */
function importedDefinitions({ imports }: Output): string[] {
  return [...new Set(imports.flatMap(({ path, external }) => (external && DEFINITION.test(path) ? [path] : [])))]
}

/** The folders whose files definitions may import: the Git repository, and installed packages. */
function allowedFolders(root: string, packagesRoot: string): string[] {
  const real = realpathSync(root)
  const above = (folder: string): string[] => [folder, ...(dirname(folder) === folder ? [] : above(dirname(folder)))]
  const repository = above(real).find((folder) => existsSync(join(folder, '.git'))) ?? real
  const packages = [...above(real), ...above(packagesRoot)].map((folder) => join(folder, 'node_modules'))
  return [repository, ...packages.filter((folder) => existsSync(folder)).map((folder) => realpathSync(folder))]
}

/**
 * What a definition imports and may not. Whoever may edit models/ must have no say in an environment, and what lies outside of the
 * repository is nobody's to publish.
 */
async function wrongImports(
  root: string,
  file: string,
  { inputs, imports }: Output,
  metafile: Metafile,
  allowed: readonly string[],
): Promise<Finding[]> {
  const [own] = file.split('/')
  const forbidden = own === 'models' ? 'environments/' : 'models/'
  const paths = Object.keys(inputs).filter((path) => !path.startsWith(`${PACKAGE}:`) && !path.startsWith(`${VALUE}:`))
  const outside = paths.filter((path) => isOutside(root, path, allowed)).map((path) => ({ path, ...outsideOf(path) }))
  const values = imports.flatMap(({ path, external }) => (external && DEFINITION.test(path) ? [path] : []))
  const across = [...paths, ...(own === 'models' ? values : [])]
    .filter((path) => path.startsWith(forbidden))
    .map((path) =>
      own === 'models'
        ? {
            path,
            message: `imports ${path}: a model may not depend on an environment`,
            fix: 'Move what both need into a file outside of environments/ and models/.',
          }
        : {
            path,
            message: `imports ${path}: of models/, an environment may import models/<model>/model.ts alone`,
            fix: 'Move what both need into a file outside of environments/ and models/.',
          },
    )
  return Promise.all(
    [...outside, ...across].map(async ({ path, message, fix }): Promise<Finding> => {
      const place = await importPlace(root, path, paths, metafile)
      return { rule: 'definition-import', severity: 'error', message, file, line: 1, ...place, fix }
    }),
  )
}

/** The line that imports `path`, in one of the modules of a definition. */
async function importPlace(
  root: string,
  path: string,
  modules: readonly string[],
  { inputs }: Metafile,
): Promise<Pick<Finding, 'file' | 'line'>> {
  for (const module of modules) {
    const found = inputs[module]?.imports.find((one) => one.path === path || one.path === `${VALUE}:${path}`)
    if (!found?.original) continue
    const lines = (await readFile(join(root, module), 'utf8')).split('\n')
    const line = lines.findIndex((text) => text.includes(found.original ?? ''))
    return { file: module, line: line + 1 || 1 }
  }
  return {}
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && Array.isArray((error as Partial<BuildFailure>).errors)
}

function isOutside(root: string, path: string, allowed: readonly string[]): boolean {
  const place = resolve(realpathSync(root), path)
  const inside = allowed.some((folder) => place.startsWith(folder + sep))
  return !inside || place.split(sep).includes('.git')
}

function outsideOf(path: string) {
  return {
    message: `imports ${path}, which is outside of the repository`,
    fix: 'Import files of the repository and packages alone.',
  }
}

/** Of a file outside of the repository nothing is repeated: what the parser stumbles over may be a secret. */
function syntaxFinding(
  root: string,
  file: string,
  message: BuildFailure['errors'][number],
  allowed: readonly string[],
): Finding {
  const place = message.location?.file.split(sep).join('/')
  if (place !== undefined && isOutside(root, place, allowed)) {
    return { rule: 'definition-import', severity: 'error', file, line: 1, ...outsideOf(place) }
  }
  return {
    rule: 'definition-unreadable',
    severity: 'error',
    message: message.text,
    ...(message.location && {
      file: message.location.file.split(sep).join('/'),
      line: message.location.line,
      column: message.location.column + 1,
    }),
    fix: 'Correct the TypeScript; `npx tsc --noEmit` shows more.',
  }
}
