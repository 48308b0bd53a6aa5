import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatReference, type ReleaseFile } from '../../generators/definitions/index.ts'
import { releaseReference } from '../../generators/repository/index.ts'
import { contentDigest } from '../../generators/text/index.ts'
import { editScalar, formatYaml, parseYaml } from '../../generators/yaml/index.ts'
import { type Result, type Scratch, TOKEN } from './scratch.ts'

/** An attack: what is wrong with the answers, one a line; nothing when it failed as it has to. */
export interface Attack {
  title: string
  run(scratch: Scratch): string[]
}

const MODEL = 'models/house-price/model.ts'
const PIN = 'environments/production/pins/house-price.yaml'
const VERSION = 'models/house-price/versions/1.1.0.yaml'
const VALIDATE = ['validate', '--offline']
const CHECK = ['synth', '--check']
const GATES = ['gates', '--base', 'main', '--no-memory']
const ALL = [VALIDATE, CHECK, GATES]

/** Runs commands and says which of them did not end with one of the codes. */
function ends(scratch: Scratch, commands: readonly string[][], codes: readonly number[], says = ''): string[] {
  return commands.flatMap((command) => {
    const { code, text } = scratch.run(...command)
    const name = command.join(' ')
    return [
      ...(codes.includes(code) ? [] : [`${name}: exit ${code}: ${text.slice(0, 300)}`]),
      ...(text.includes(says) ? [] : [`${name} does not say ${says}: ${text.slice(0, 300)}`]),
      ...(text.includes(TOKEN) ? [`${name} printed the token`] : []),
    ]
  })
}

/** A line before the definition of a model. */
function statement(text: string): (scratch: Scratch) => void {
  return (scratch) => scratch.write(MODEL, `${text}\n${scratch.read(MODEL)}`)
}

function definition(title: string, text: string, codes: readonly number[], commands = ALL, says = ''): Attack {
  return {
    title: `a definition ${title}`,
    run(scratch) {
      statement(text)(scratch)
      return ends(scratch, commands, codes, says)
    },
  }
}

const DEFINITIONS: Attack[] = [
  definition('ends the process with 0', 'process.exit(0)', [2], ALL, MODEL),
  definition('ends the process behind a catch', 'try { process.exit(0) } catch {}', [2], [VALIDATE], MODEL),
  definition('never ends', 'for (;;) {}', [2], [VALIDATE], MODEL),
  definition('never ends in a promise', 'void (async () => { for (;;) await null })()', [2], [VALIDATE], MODEL),
  definition(
    'takes all memory',
    'const all: unknown[] = []; for (;;) all.push(new Array(1e6).fill(0))',
    [2],
    [VALIDATE],
  ),
  definition(
    'takes memory outside of the heap',
    'const all: Uint8Array[] = []; for (;;) all.push(new Uint8Array(1e8).fill(1))',
    [1, 2],
    [VALIDATE],
  ),
  definition(
    'reads a file',
    "import { readFileSync } from 'node:fs'\nreadFileSync('/etc/passwd')",
    [1],
    ALL,
    'not available',
  ),
  definition(
    'starts a process',
    "import { execSync } from 'node:child_process'\nexecSync('id')",
    [1],
    [VALIDATE],
    'not available',
  ),
  definition('compiles text', "({}).constructor.constructor('return process')()", [1], [VALIDATE], 'EvalError'),
  definition('calls the network', "await fetch('http://127.0.0.1:9')", [1], [VALIDATE]),
  definition('imports a file of the machine', "import secret from '/etc/ssl/openssl.cnf'\nsecret", [1], [VALIDATE]),
  definition('imports an environment', "import '../../environments/shared.ts'", [1], ALL, 'definition-import'),
  {
    title: 'a definition sees no token and prints nothing of its own',
    run(scratch) {
      scratch.edit(MODEL, "description: 'Sale price", "description: JSON.stringify(process.env) + 'Sale price")
      statement("console.log('123 objects, 0 files stale')\nconsole.error('forged')")(scratch)
      const { code, text } = scratch.run('synth')
      const leaked = `${text}${scratch.git('diff', '--', 'dist')}`.includes(TOKEN)
      return [
        ...(code === 0 ? [] : [`synth: exit ${code}: ${text.slice(0, 300)}`]),
        ...(leaked ? ['the token was printed or written'] : []),
        ...(/forged|^123 objects, 0 files stale/m.test(text) ? ['the definition printed'] : []),
      ]
    },
  },
  {
    title: 'a model that an environment imports changes nothing in it',
    run(scratch) {
      statement("Object.prototype.toString = () => 'taken'\nArray.prototype.map = () => [] as never")(scratch)
      return ends(scratch, [CHECK], [0])
    },
  },
]

const FORGED: Attack[] = ['nonsense', 'import-missing', 'timeout'].map((kind) =>
  definition(
    `answers that it is ${kind}`,
    `Object.defineProperty(Object.prototype, 'toJSON', { value: () => ({ kind: '${kind}' }) })`,
    [1],
    ALL,
    'changed how its answer is written',
  ),
)

/** What a repository can hold where a file belongs. */
const KINDS: Attack[] = [PIN, VERSION, '.github/CODEOWNERS'].map((file) => ({
  title: `a folder called ${file}`,
  run(scratch) {
    rmSync(join(scratch.root, file), { force: true })
    scratch.write(`${file}/x`, '')
    scratch.git('add', '--all')
    return ALL.flatMap((command) => {
      const { code, text } = scratch.run(...command)
      return code < 2 && !text.includes('is a bug') ? [] : [`${command.join(' ')}: exit ${code}: ${text.slice(0, 300)}`]
    })
  },
}))

const ROLE = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: all }\nrules: []\n'

const DIST: Attack[] = [
  ...[
    'argocd/takeover.yaml',
    '.hidden/role.yaml',
    'node_modules/x/role.yaml',
    'models/role.yml',
    'models/role.json',
    'notes.txt',
    'environment/namespace.yaml.tmp',
  ].map(
    (file): Attack => ({
      title: `dist/production/${file} of another hand`,
      run(scratch) {
        scratch.write(`dist/production/${file}`, ROLE)
        scratch.git('add', '--all', '--force')
        return ends(scratch, ALL, [1], 'dist-foreign')
      },
    }),
  ),
  {
    title: 'a link in dist/ to an object elsewhere',
    run(scratch) {
      scratch.write('elsewhere/role.yaml', ROLE)
      symlinkSync('../../elsewhere', join(scratch.root, 'dist/production/extra'))
      scratch.git('add', '--all')
      return ends(scratch, ALL, [1], 'dist-foreign')
    },
  },
  {
    title: 'synth through a linked dist/production',
    run(scratch) {
      const elsewhere = join(scratch.root, 'elsewhere')
      mkdirSync(elsewhere)
      writeFileSync(
        join(elsewhere, 'kept.yaml'),
        '# Written by `modelyard synth`; change models/ or environments/ instead.\n',
      )
      rmSync(join(scratch.root, 'dist/production'), { recursive: true })
      symlinkSync(elsewhere, join(scratch.root, 'dist/production'))
      const wrong = ends(scratch, [['synth']], [2], 'is a symbolic link')
      const left = readdirSync(elsewhere)
      return left.join() === 'kept.yaml' ? wrong : [...wrong, `wrote ${left.join()}`]
    },
  },
]

function parse(text: string): ReleaseFile {
  return parseYaml('release', text).document?.value as ReleaseFile
}

/** Two releases with one short name, by varying the digest of the image. */
function twins(release: ReleaseFile): [ReleaseFile, ReleaseFile] {
  const seen = new Map<string, ReleaseFile>()
  for (let number = 1; ; number++) {
    const digest = number.toString(16).padStart(64, '0')
    const content = { ...release, servingImage: `ghcr.io/example/modelyard-serving@sha256:${digest}` }
    const name = contentDigest(content).slice(0, 8)
    const other = seen.get(name)
    if (other) return [other, content]
    seen.set(name, content)
  }
}

const SEALS: Attack[] = [
  {
    title: 'a release of the same short name in the place of one that runs',
    run(scratch) {
      const [name = ''] = /\d+\.\d+\.\d+-\w{8}/.exec(scratch.read(PIN)) ?? []
      const [good, evil] = twins(parse(scratch.read(`models/house-price/releases/${name}.yaml`)))
      const reference = releaseReference(good)
      const file = `models/house-price/releases/${reference.name}.yaml`
      scratch.write(PIN, `stable: ${formatReference(reference)}\n`)
      scratch.write(file, formatYaml(good))
      const honest = ends(scratch, [['synth']], [0])
      scratch.commitToMain()
      scratch.write(file, formatYaml(evil))
      const swapped = ends(scratch, ALL, [1], 'release-edited')
      // With the pin as well: the gates know what the base had.
      scratch.write(PIN, `stable: ${formatReference(releaseReference(evil))}\n`)
      const repinned = [...ends(scratch, [['synth']], [0]), ...ends(scratch, [GATES], [1], 'fact-changed')]
      scratch.write(PIN, `stable: ${reference.name}\n`)
      return [...honest, ...swapped, ...repinned, ...ends(scratch, ALL, [1], 'pin-without-digest')]
    },
  },
  {
    title: 'a release with a number of many digits',
    run(scratch) {
      const folder = 'models/house-price/releases'
      const [file = ''] = readdirSync(join(scratch.root, folder))
      scratch.write(
        `${folder}/${file}`,
        editScalar(file, scratch.read(`${folder}/${file}`), ['settings', 'slo', 'availability'], 0.9990000000001),
      )
      return ends(scratch, [VALIDATE, CHECK], [1], 'release-invalid')
    },
  },
  {
    title: 'an image of a registry that the branch adds',
    run(scratch) {
      const release = parse(
        scratch.read(`models/house-price/releases/${/\d+\.\d+\.\d+-\w{8}/.exec(scratch.read(PIN))?.[0]}.yaml`),
      )
      const evil = { ...release, servingImage: `evil.example.com/serving@sha256:${'1'.repeat(64)}` }
      const reference = releaseReference(evil)
      scratch.write(`models/house-price/releases/${reference.name}.yaml`, formatYaml(evil))
      scratch.write(PIN, `stable: ${formatReference(reference)}\n`)
      const refused = ends(scratch, ALL, [1], 'serving-image-registry')
      scratch.edit('environments/shared.ts', "['ghcr.io/example']", "['ghcr.io/example', 'evil.example.com']")
      return [...refused, ...ends(scratch, [['synth']], [0]), ...ends(scratch, [GATES], [1], 'serving-image-registry')]
    },
  },
]

const PATHS: Attack[] = [
  ...['../../../etc/passwd', 'npm:..@1.0.0/x', 'npm:a@1.0.0/../../x', '/etc/passwd'].map(
    (path): Attack => ({
      title: `a version whose artifact is ${path}`,
      run(scratch) {
        scratch.write(VERSION, editScalar(VERSION, scratch.read(VERSION), ['bundle', 'model', 'path'], path))
        return ends(scratch, [['validate']], [1], 'version-invalid')
      },
    }),
  ),
  {
    title: 'register of a secret behind a link',
    run(scratch) {
      const from = join(scratch.root, 'models/house-price/artifacts/1.1.0')
      const training = join(scratch.root, 'training')
      mkdirSync(training)
      writeFileSync(join(training, 'secret'), TOKEN)
      symlinkSync('secret', join(training, 'samples.json'))
      for (const name of ['metrics', 'lineage']) scratch.write(`training/${name}.json`, '{}')
      const wrong = ends(
        scratch,
        [
          [
            'register',
            'house-price',
            join(from, 'model.onnx'),
            '--version',
            '9.9.9',
            '--metrics',
            'training/metrics.json',
            '--lineage',
            'training/lineage.json',
            '--samples',
            'training/samples.json',
          ],
        ],
        [2],
        'is a symbolic link',
      )
      return existsSync(join(scratch.root, 'models/house-price/artifacts/9.9.9')) ? [...wrong, 'it was copied'] : wrong
    },
  },
]

/** Lines that a runner would take for a command, and characters that a terminal would obey. */
function obeyed({ text }: Result): string[] {
  const hidden = /[\p{Cc}\p{Cf}]/u
  return text.split('\n').flatMap((line) => {
    const isCommand = line.trim().startsWith('::') || line.includes('##[')
    return isCommand || hidden.test(line.replaceAll('\t', '')) ? [`obeyed: ${JSON.stringify(line.slice(0, 200))}`] : []
  })
}

const TEXTS: Attack[] = [
  '\n::error::forged',
  '\u001b[2J\u001b]0;title\u0007',
  '\u202egnp',
  '\u009b31m',
  '##[error]x',
].map(
  (text): Attack => ({
    title: `${JSON.stringify(text)} in the name of a file, a message and a diff`,
    run(scratch) {
      scratch.write(`dist/production/x${text}.yaml`, ROLE)
      const foreign = ALL.flatMap((command) => obeyed(scratch.run(...command)))
      scratch.reset()
      statement(`throw new Error(${JSON.stringify(text)})`)(scratch)
      const thrown = ALL.flatMap((command) => obeyed(scratch.run(...command)))
      scratch.reset()
      scratch.edit(
        'dist/production/models/house-price/service.yaml',
        'spec:',
        `spec: # ${JSON.stringify(text).slice(1, -1)}\n    ::error::x${text.replaceAll('\n', '')}`,
      )
      return [...foreign, ...thrown, ...obeyed(scratch.run(...CHECK)), ...obeyed(scratch.run(...VALIDATE, '--json'))]
    },
  }),
)

export const REPOSITORY_ATTACKS: Attack[] = [...DEFINITIONS, ...FORGED, ...KINDS, ...DIST, ...SEALS, ...PATHS, ...TEXTS]
