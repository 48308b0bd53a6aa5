// Runs before `npm run demo` and `npm test`: a fresh clone installs itself, an installed one costs a few milliseconds.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const root = new URL('..', import.meta.url)
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Node ${process.versions.node} is too old: Modelyard needs 20.19 or newer (see "engines" in package.json).`,
  )
  process.exit(2)
}

/** npm writes node_modules/.package-lock.json when an install is complete; platform packages of other systems are left out of it. */
function isInstalled() {
  try {
    const read = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8')).packages
    const installed = read('node_modules/.package-lock.json')
    return Object.entries(read('package-lock.json')).every(
      ([path, wanted]) =>
        !path.startsWith('node_modules/') || wanted.optional || wanted.version === installed[path]?.version,
    )
  } catch {
    return false
  }
}

if (!isInstalled()) {
  console.error('Installing dependencies (npm ci) ...')
  const { status } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    console.error('npm ci failed: see its message above, then run `npm ci` by hand.')
    process.exit(2)
  }
}
