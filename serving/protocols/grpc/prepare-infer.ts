import { PROTOCOL_DATATYPES } from '../../contract/index.ts'
import type { LoadedVersion } from '../../models/index.ts'
import { checkFeeds, type ParsedTensor, type Problem, type Tensors, tensorFromBytes } from '../../session/index.ts'
import { wrongFields } from '../http-problem.ts'
import type { PreparedRequest } from '../serve-request.ts'
import { extensionProblem } from '../triton-extensions.ts'
import type { InferRequest } from './infer-messages.ts'
import { tensorFromContents } from './tensor-contents.ts'

const BAD_REQUEST = 400

/** The request as tensors of one version; throws a 400, here INVALID_ARGUMENT, that lists every wrong input and output. */
export function prepareInfer(version: LoadedVersion, request: InferRequest): PreparedRequest {
  const { interface: modelInterface } = version.served
  const problems: Problem[] = []
  const feeds: Tensors = {}
  for (const { path, name } of request.parameters) {
    const message = extensionProblem(name)
    if (message !== undefined) problems.push({ path: `${path}.${name}`, message })
  }
  const raw = request.rawInputContents
  if (raw.length > 0 && raw.length !== request.inputs.length) {
    const message = `holds ${raw.length} tensors for ${request.inputs.length} inputs; it has one for each input or none`
    problems.push({ path: 'raw_input_contents', message })
  }
  for (const [index, given] of request.inputs.entries()) {
    const path = `inputs[${index}]`
    const input = modelInterface.inputs.find(({ name }) => name === given.name)
    if (input === undefined) {
      const known = modelInterface.inputs.map(({ name }) => name).join(', ')
      problems.push({
        path: `${path}.name`,
        message: `${quote(given.name)} is not an input of this model; it has ${known}`,
      })
    } else if (Object.hasOwn(feeds, given.name)) {
      problems.push({ path: `${path}.name`, message: `${quote(given.name)} is given twice` })
    } else if (given.datatype !== PROTOCOL_DATATYPES[input.datatype]) {
      const message = `must be ${PROTOCOL_DATATYPES[input.datatype]}, not ${quote(given.datatype)}`
      problems.push({ path: `${path}.datatype`, message })
    } else {
      const bytes = raw[index]
      let parsed: ParsedTensor
      if (given.contents !== undefined && raw.length > 0) {
        const message = 'must be absent when raw_input_contents is given'
        parsed = { ok: false, problems: [{ path: `${path}.contents`, message }] }
      } else if (bytes !== undefined) parsed = tensorFromBytes(input, given.shape, bytes, path)
      else if (given.contents !== undefined) parsed = tensorFromContents(input, given.shape, given.contents, path)
      else parsed = { ok: false, problems: [{ path, message: 'must have contents, typed or raw' }] }
      if (parsed.ok) feeds[given.name] = parsed.tensor
      else problems.push(...parsed.problems)
    }
  }
  if (problems.length === 0) problems.push(...checkFeeds(modelInterface, feeds))
  const outputs = new Set(modelInterface.outputs.map(({ name }) => name))
  const asked = new Set<string>()
  for (const [index, name] of request.outputs.entries()) {
    const path = `outputs[${index}].name`
    if (!outputs.has(name)) {
      problems.push({
        path,
        message: `${quote(name)} is not an output of this model; it has ${[...outputs].join(', ')}`,
      })
    } else if (asked.has(name)) problems.push({ path, message: `${quote(name)} is asked for twice` })
    asked.add(name)
  }
  if (problems.length > 0) throw wrongFields(BAD_REQUEST, problems)
  return request.outputs.length === 0 ? { feeds } : { feeds, outputNames: request.outputs }
}

/** As it was sent, but never a page of it. */
function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text)
}
