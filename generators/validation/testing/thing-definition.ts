/** A CustomResourceDefinition of `example.com/v1`, `Thing`, whose `spec` has this schema (YAML, not indented). */
export function thingDefinition(spec: string): string {
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.example.com }
spec:
  group: example.com
  names: { kind: Thing, plural: things }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
${spec.replace(/^/gm, ' '.repeat(14))}
`
}
