import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BuildFailure, build, type Plugin } from 'esbuild'
import type { Finding } from '../findings/index.ts'

/** The API that the running program itself is made of: definitions must share its types, whatever is installed beside them. */
const API_URL = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js', import.meta.url).href

const runningApi: Plugin = {
  name: 'running-modelyard',
  setup(bundle) {
    bundle.onResolve({ filter: /^modelyard$/ }, () => ({ path: API_URL, external: true }))
  },
}

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
  if (definitionFiles.length === 0) return { values: new Map(), findings: [] }
  const outdir = await mkdtemp(join(tmpdir(), 'modelyard-definitions-'))
  try {
    const entryPoints = definitionFiles.map((file, index) => ({ in: join(root, file), out: String(index) }))
    await build({
      entryPoints,
      outdir,
      absWorkingDir: root,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      sourcesContent: false,
      outExtension: { '.js': '.mjs' },
      nodePaths: [join(packagesRoot, 'node_modules')],
      logLevel: 'silent',
      plugins: [runningApi],
    })
    return await importAll(root, outdir, definitionFiles)
  } catch (error) {
    if (!isBuildFailure(error)) throw error
    return { values: new Map(), findings: error.errors.map((message) => syntaxFinding(message)) }
  } finally {
    await rm(outdir, { recursive: true, force: true })
  }
}

async function importAll(root: string, outdir: string, definitionFiles: string[]): Promise<EvaluatedDefinitions> {
  process.setSourceMapsEnabled(true)
  const values = new Map<string, unknown>()
  const findings: Finding[] = []
  for (const [index, file] of definitionFiles.entries()) {
    try {
      const module = (await import(pathToFileURL(join(outdir, `${index}.mjs`)).href)) as { default?: unknown }
      values.set(file, module.default)
    } catch (error) {
      findings.push(evaluationFinding(root, file, error))
    }
  }
  return { values, findings }
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

/** The innermost stack frame inside the repository says where a definition failed. */
function evaluationFinding(root: string, file: string, error: unknown): Finding {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const frames =
    error instanceof Error ? [...(error.stack ?? '').matchAll(/(?:file:\/\/)?(\/[^\s():]+):(\d+):(\d+)/g)] : []
  const inside = frames
    .map(([, path = '', line, column]) => ({ path: relative(root, path), line: Number(line), column: Number(column) }))
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
