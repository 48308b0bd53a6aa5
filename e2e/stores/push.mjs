import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { check, children, root, scratch, start, stop, until } from './processes.mjs'
import { SECRETS, serve, settled } from './serve.mjs'

const CLI = ['-C', 'modelyard-source', '--import', join(root, 'node_modules/tsx/dist/loader.mjs')]

/** The examples in a repository of their own, whose first environment keeps its files in `store`: a text of environment.ts. */
function exampleWith(name, store) {
  const folder = join(scratch, `repository-${name}`)
  mkdirSync(folder)
  const filter = (source) => !/[\\/](train|_training)$/.test(source)
  for (const part of ['models', 'environments'])
    cpSync(join(root, part), join(folder, part), { recursive: true, filter })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const file = join(folder, 'environments/development/environment.ts')
  const text = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    text
      .replace('import { defineEnvironment }', 'import { defineEnvironment, mlflow, oci, s3 }')
      .replace('  artifacts,\n', `  artifacts: ${store},\n`),
  )
  const git = (...args) =>
    execFileSync('git', ['-c', 'user.name=e2e', '-c', 'user.email=e2e@example.com', ...args], { cwd: folder })
  git('init', '--quiet')
  git('add', '--all', 'models', 'environments')
  git('commit', '--quiet', '--message', 'Examples')
  // Not synchronous: the stores' output has to be read meanwhile.
  const modelyard = async (env, ...args) => {
    const child = start(process.execPath, [...CLI, join(root, 'generators/cli/main.ts'), ...args, '--root', folder], {
      HOME: '/nowhere',
      ...env,
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
    await child.ended
    clearTimeout(timer)
    children.delete(child)
    return { status: child.exitCode, output: child.output }
  }
  return { folder, modelyard }
}

/** The configuration of every pod of an environment, as one server reads it. */
function bootOf(folder) {
  const models = join(folder, 'dist/development/models')
  const boots = readdirSync(models).map((name) => {
    return JSON.parse(parse(readFileSync(join(models, name, 'boot-config-map.yaml'), 'utf8')).data['boot.json'])
  })
  return { ...boots[0], models: boots.flatMap((boot) => boot.models) }
}

/** `modelyard artifact push` fills the store, once; then the server fetches what `synth` writes for its pods. */
export async function checkPush(name, { store, env, wrongEnv }) {
  const { folder, modelyard } = exampleWith(name, store)
  const artifact = (as, ...args) => modelyard(as, 'artifact', ...args, 'development', '--base', 'HEAD')
  const outputs = []
  const run = async (what, as, args, status, pattern) => {
    const result = await artifact(as, ...args)
    outputs.push(result.output)
    check(
      `${name}: ${what}`,
      result.status === status && pattern.test(result.output),
      `${result.status}\n${result.output}`,
    )
  }
  await run('before, every file is missing', env, ['verify'], 1, /^ {2}11 files: 11 missing$/m)
  if (wrongEnv !== undefined)
    await run('a wrong login uploads nothing', wrongEnv, ['push'], 2, /^ {2}11 files: 11 failed$/m)
  await run('push uploads every file', env, ['push'], 0, /^ {2}11 files: 11 uploaded/m)
  await run('a second push uploads nothing', env, ['push'], 0, /^ {2}11 files: 11 present$/m)
  await run('verify --full reads equal digests', env, ['verify', '--full'], 0, /^ {2}11 files: 11 verified$/m)
  await modelyard({}, 'synth')
  const server = await serve(bootOf(folder), env)
  await until(settled(server, 'ready'), `${name}: the models are ready`, 60, server.child).then(
    () => check(`${name}: the server fetches what was pushed, and golden samples pass`, true),
    (error) => check(`${name}: the server fetches what was pushed, and golden samples pass`, false, error.message),
  )
  await stop(server.child)
  const shown = SECRETS.filter((secret) => outputs.some((output) => output.includes(secret)))
  check(`${name}: push shows no secret`, shown.length === 0, shown.join(', '))
  return outputs
}
