/** The definition, the property, and the values it may have; `items` when the property is a list of them. */
export interface GoEnum {
  definition: string
  property: string
  isList: boolean
  values: string[]
}

/**
 * Kubernetes publishes its OpenAPI without `enum` (the feature that would add it is applied when the document is served),
 * but the generated Go code that the document is made from has the values: pkg/generated/openapi/zz_generated.openapi.go.
 * gofmt fixes its indentation, so that the depth of a line tells a property (7 tabs) from a list's items (10).
 */
export function readGoEnums(source: string): GoEnum[] {
  const enums: GoEnum[] = []
  let definition: string | undefined
  let property = ''
  for (const line of source.split('\n')) {
    const start = /^func schema_/.test(line)
    if (start) {
      const named = /^func schema_k8sio_api_([a-z]+)_(v\d+\w*?)_(\w+)\(/.exec(line)
      definition = named ? `${named[1]}.${named[2]}.${named[3]}` : undefined
    }
    property = /^\t{5}"([^"]+)": \{$/.exec(line)?.[1] ?? property
    const values = /^(\t+)Enum: +\[\]interface\{\}\{(.*)\},$/.exec(line)
    const depth = values?.[1]?.length
    if (definition === undefined || (depth !== 7 && depth !== 10)) continue
    const list = JSON.parse(`[${values?.[2]}]`) as string[]
    enums.push({ definition, property, isList: depth === 10, values: list })
  }
  return enums
}
