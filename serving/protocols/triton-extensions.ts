/** Parameters of Triton's extensions that this server does not have: ignored, they would be answered with something else. */
const EXTENSION_PARAMETERS: Record<string, string> = {
  classification: 'classification',
  shared_memory_region: 'shared memory',
  shared_memory_offset: 'shared memory',
  shared_memory_byte_size: 'shared memory',
}

/** Why a parameter of a request, an input or an output is refused; undefined where it is not. */
export function extensionProblem(parameter: string): string | undefined {
  if (!Object.hasOwn(EXTENSION_PARAMETERS, parameter)) return undefined
  return `belongs to Triton's ${EXTENSION_PARAMETERS[parameter]} extension, which this server does not have`
}
