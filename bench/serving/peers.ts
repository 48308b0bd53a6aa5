import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Example, ROOT } from './example.ts'

export const PEERS = join(ROOT, 'bench', 'serving', 'peers')
const TRAINING = join(ROOT, 'models', '_training')
const CACHE = process.env['MODELYARD_CI_CACHE'] ?? join(homedir(), '.cache', 'modelyard-ci')

/** Neither pip nor a peer tells anybody that it was run. */
export const QUIET = {
  MLFLOW_DISABLE_TELEMETRY: 'true',
  BENTOML_DO_NOT_TRACK: 'True',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
}

/** What keeps a peer from being measured, in words that say how to get it. */
export class Unavailable extends Error {}

/**
 * The `bin` folder of a Python environment with the packages of a file in peers/, made once and kept by the digest of what it
 * installs. Throws `Unavailable` where it cannot be made.
 */
export function pythonEnvironment(requirements: string): string {
  const python = spawnSync('python3', ['--version'], { encoding: 'utf8' })
  if (python.error) throw new Unavailable('needs Python 3.11 or newer, get it by: apt-get install python3 python3-venv')
  const file = join(PEERS, requirements)
  const training = join(TRAINING, 'requirements.txt')
  const folder = join(CACHE, `bench-${digest([python.stdout, readFileSync(file), readFileSync(training)])}`)
  const complete = join(folder, 'complete')
  if (!existsSync(complete)) {
    console.log(`installing ${requirements} (once)`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(CACHE, { recursive: true })
    const pip = ['-m', 'pip', 'install', '--quiet', '--requirement', file]
    const made =
      spawnSync('python3', ['-m', 'venv', folder]).status === 0 &&
      spawnSync(join(folder, 'bin', 'python'), pip, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, ...QUIET },
      }).status === 0
    if (!made)
      throw new Unavailable(`needs the packages in bench/serving/peers/${requirements}, get them by: pip install -r`)
    writeFileSync(complete, '')
  }
  return join(folder, 'bin')
}

/** The folder with an example's estimator as the peers load it, fitted once by its train.py with the packages in `bin`. */
export function fittedModel(bin: string, { model, version, trainScript }: Example): string {
  const prepare = join(PEERS, 'prepare_models.py')
  const sources = [prepare, trainScript, join(TRAINING, 'modelyard_training.py')].map((path) => readFileSync(path))
  const folder = join(CACHE, `bench-model-${digest([bin, model, version, ...sources])}`)
  if (!existsSync(folder)) {
    rmSync(`${folder}.part`, { recursive: true, force: true })
    execFileSync(join(bin, 'python'), [prepare, trainScript, version, `${folder}.part`], {
      stdio: 'pipe',
      env: { ...process.env, ...QUIET },
    })
    renameSync(`${folder}.part`, folder)
  }
  return folder
}

function digest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 16)
}
