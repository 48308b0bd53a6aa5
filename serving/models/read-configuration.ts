import { readFile } from 'node:fs/promises'
import {
  type BootConfiguration,
  bootConfigurationSchema,
  type RoutedModel,
  type RoutingConfiguration,
  routingConfigurationSchema,
  type ServedVersion,
} from '../contract/index.ts'
import type { Problem } from '../session/index.ts'
import { addressProblem } from './remote/index.ts'
import { ConfigurationError, parseDocument } from './validate.ts'

/** Reads and checks `boot.json`; throws a `ConfigurationError` that says file, JSON path and repair. */
export async function readBootConfiguration(file: string): Promise<BootConfiguration> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError('configuration-unreadable', file, [
      {
        path: '',
        message: `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        repair: 'give the path of the boot configuration with --boot',
      },
    ])
  }
  const boot = parseDocument<BootConfiguration>(bootConfigurationSchema, file, text)
  const problems = [...repeated(boot.models, 'models')]
  if (boot.server.tls?.clientCertificateAuthorityFile !== undefined && boot.server.managementPort === undefined) {
    problems.push({
      path: 'server.tls.clientCertificateAuthorityFile',
      message: 'keeps probes out, which have no certificate',
      repair: 'give them a port of their own with server.managementPort',
    })
  }
  problems.push(...samePorts(boot.server))
  boot.models.forEach(({ name, stable, versions }, index) => {
    problems.push(...repeated(versions, `models[${index}].versions`))
    if (!versions.some((version) => version.name === stable)) {
      const message = `${name} has no version ${stable}; it has ${versions.map((version) => version.name).join(', ')}`
      problems.push({ path: `models[${index}].stable`, message, repair: 'name one of its versions' })
    }
  })
  if (problems.length > 0) throw new ConfigurationError('configuration-invalid', file, problems)
  return boot
}

function samePorts(settings: BootConfiguration['server']): Problem[] {
  const ports = ['port', 'grpcPort', 'managementPort'] as const
  return ports.flatMap((name, index) => {
    // 0 is a free one, which is another one each time.
    const other = ports.slice(0, index).find((earlier) => settings[earlier] && settings[earlier] === settings[name])
    if (other === undefined) return []
    const message = `is ${settings[name]}, as server.${other} is`
    return [{ path: `server.${name}`, message, repair: 'give each a port of its own' }]
  })
}

/**
 * Checks the text of `routing.json` against its schema and against the boot configuration beside which it stands; throws a
 * `ConfigurationError`.
 */
export function parseRoutingConfiguration(file: string, text: string, boot: BootConfiguration): RoutingConfiguration {
  const routing = parseDocument<RoutingConfiguration>(routingConfigurationSchema, file, text)
  const problems = [...repeated(routing.models, 'models')]
  routing.models.forEach((model, index) => {
    const booted = boot.models.find(({ name }) => name === model.name)
    const path = `models[${index}]`
    if (booted === undefined) {
      problems.push({
        path: `${path}.name`,
        message: `${model.name} is not in the boot configuration`,
        repair: 'give it a stable version',
      })
    } else problems.push(...candidateProblems(model, booted.versions, path))
  })
  if (problems.length > 0) throw new ConfigurationError('configuration-invalid', file, problems)
  return routing
}

function candidateProblems(model: RoutedModel, booted: ServedVersion[], path: string): Problem[] {
  const problems = [...repeated(model.versions, `${path}.versions`)]
  model.versions.forEach((version, index) => {
    const same = booted.find(({ name }) => name === version.name)
    if (same !== undefined && same.artifact.sha256 !== version.artifact.sha256) {
      problems.push({
        path: `${path}.versions[${index}].name`,
        message: `${version.name} is already the name of another artifact in the boot configuration`,
        repair: 'a version is never changed: give the candidate a name of its own',
      })
    }
  })
  const { candidate } = model
  if (candidate?.address !== undefined) {
    const wrong = addressProblem(candidate.address)
    if (wrong !== undefined) problems.push({ path: `${path}.candidate.address`, message: wrong })
    if ([...model.versions, ...booted].some(({ name }) => name === candidate.version)) {
      problems.push({
        path: `${path}.candidate.address`,
        message: `${candidate.version} is a version of this server too`,
        repair: 'leave out the address, or name a version that only the other server has',
      })
    }
    return problems
  }
  const known = [...model.versions, ...booted].map(({ name }) => name)
  if (candidate !== null && !known.includes(candidate.version)) {
    const message = `${model.name} has no version ${candidate.version}; it has ${known.join(', ')}`
    problems.push({ path: `${path}.candidate.version`, message, repair: 'name one of its versions' })
  }
  return problems
}

function* repeated(named: readonly { name: string }[], path: string): Generator<Problem> {
  const seen = new Set<string>()
  for (const [index, { name }] of named.entries()) {
    if (seen.has(name)) {
      yield { path: `${path}[${index}].name`, message: `${name} is listed twice`, repair: 'keep one of them' }
    }
    seen.add(name)
  }
}
