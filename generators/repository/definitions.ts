import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildFailure, build, type Plugin } from 'esbuild'
import type { Finding } from '../findings/index.ts'

/** The API that the running program itself is made of: definitions must share its types, whatever is installed beside them. */
const API_URL = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js', import.meta.url).href

/** Resolves `modelyard` to the running program, by names: a misspelt one is found, with its line, before anything runs. */
const runningApi: Plugin = {
  name: 'running-modelyard',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^modelyard$/ }, () => ({ path: 'modelyard', namespace: 'package' }))
    onResolve({ filter: /^file:/, namespace: 'package' }, ({ path }) => ({ path, external: true }))
    onLoad({ filter: /./, namespace: 'package' }, async () => {
      const names = Object.keys(await import(API_URL)).join(', ')
      return { contents: `export { ${names} } from ${JSON.stringify(API_URL)}` }
    })
  },
}

/** CommonJS packages that definitions import call `require` for Node's own modules, and modules have none. */
const REQUIRE =
  "import { createRequire as modelyardRequire } from 'node:module'\nvar require = modelyardRequire(import.meta.url)"

export interface EvaluatedDefinitions {
  /** Default export by file; a file that could not be evaluated is missing here and has a finding. */
  values: Map<string, unknown>
  findings: Finding[]
}

/**
 * Bundles and evaluates definition files (paths relative to `root`). Shared modules are evaluated once, so an object
 * imported by two definitions is the same object.
 * @param packagesRoot folder whose node_modules serves imports that `root` cannot resolve (a Git work tree has none)
 */
export async function evaluateDefinitions(
  root: string,
  definitionFiles: string[],
  packagesRoot: string,
): Promise<EvaluatedDefinitions> {
  const findings: Finding[] = []
  const outdir = await mkdtemp(join(tmpdir(), `modelyard-${process.pid}-`))
  const bundle = async (files: string[]): Promise<boolean> => {
    try {
      await bundleTo(outdir, root, files, packagesRoot)
      return true
    } catch (error) {
      if (!isBuildFailure(error)) throw error
      findings.push(...error.errors.map(syntaxFinding))
      return false
    }
  }
  try {
    let sound = definitionFiles
    if (!(await bundle(definitionFiles))) {
      // One file that cannot be read must not hide what is wrong in the others.
      sound = []
      for (const file of definitionFiles) if (await bundle([file])) sound.push(file)
      await bundle(sound)
    }
    const values = await importAll(root, outdir, sound, findings)
    return { values, findings: distinct(findings) }
  } finally {
    await rm(outdir, { recursive: true, force: true })
  }
}

/** Writes one module a file, `<outdir>/<index>.mjs`, and modules that they share. */
async function bundleTo(outdir: string, root: string, files: string[], packagesRoot: string): Promise<void> {
  await build({
    entryPoints: files.map((file, index) => ({ in: join(root, file), out: String(index) })),
    outdir,
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: REQUIRE },
    sourcemap: 'inline',
    sourcesContent: false,
    outExtension: { '.js': '.mjs' },
    nodePaths: [join(packagesRoot, 'node_modules')],
    logLevel: 'silent',
    plugins: [runningApi],
  })
}

async function importAll(
  root: string,
  outdir: string,
  files: string[],
  findings: Finding[],
): Promise<Map<string, unknown>> {
  process.setSourceMapsEnabled(true)
  const values = new Map<string, unknown>()
  for (const [index, file] of files.entries()) {
    try {
      const module = (await import(pathToFileURL(join(outdir, `${index}.mjs`)).href)) as { default?: unknown }
      values.set(file, module.default)
    } catch (error) {
      findings.push(evaluationFinding(root, file, error))
    }
  }
  return values
}

/** A module that several definitions import is reported once. */
function distinct(findings: Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()]
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && Array.isArray((error as Partial<BuildFailure>).errors)
}

function syntaxFinding(message: BuildFailure['errors'][number]): Finding {
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

/** `at name (/folder with spaces/file.ts:3:1)`, `at file:///folder%20with%20spaces/file.ts:3:1` */
const STACK_FRAME = /(?:\(|at |async )((?:file:\/\/|\/).+?):(\d+):(\d+)\)?$/gm

/** The innermost stack frame inside the repository says where a definition failed. */
function evaluationFinding(root: string, file: string, error: unknown): Finding {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const frames = error instanceof Error ? [...(error.stack ?? '').matchAll(STACK_FRAME)] : []
  const inside = frames
    .map(([, place = '', line, column]) => ({
      path: relative(root, place.startsWith('file:') ? fileURLToPath(place) : place),
      line: Number(line),
      column: Number(column),
    }))
    .find(({ path }) => !path.startsWith('..') && !path.includes('node_modules'))
  return {
    rule: 'definition-unreadable',
    severity: 'error',
    message: `fails when it is evaluated: ${message}`,
    file: inside?.path.split(sep).join('/') ?? file,
    ...(inside && { line: inside.line, column: inside.column }),
    fix: 'Correct the code that runs when the file is imported.',
  }
}
