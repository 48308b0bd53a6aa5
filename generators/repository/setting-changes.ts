/** One setting that differs. Absent: it is not set on that side. */
export interface SettingChange {
  /** Path in the settings: `resources.memory`. */
  field: string
  from?: string
  to?: string
}

/**
 * Every leaf that differs between two sides. Nothing is chosen by hand, so that a setting which is added to the type tomorrow is
 * compared tomorrow: empty exactly when both sides are equal in depth.
 */
export function settingChanges(before: object, after: object): SettingChange[] {
  const [was, is] = [leaves(before), leaves(after)]
  const fields = [...new Set([...is.keys(), ...was.keys()])]
  return fields.flatMap((field) => {
    const [from, to] = [was.get(field), is.get(field)]
    return from === to ? [] : [{ field, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }]
  })
}

function leaves(value: object, path: string[] = []): Map<string, string> {
  return new Map(
    Object.entries(value).flatMap(([key, item]: [string, unknown]): [string, string][] => {
      const inner = [...path, key]
      if (item === undefined) return []
      return item !== null && typeof item === 'object'
        ? [...leaves(item, inner)]
        : [[inner.join('.'), typeof item === 'string' ? item : JSON.stringify(item)]]
    }),
  )
}
