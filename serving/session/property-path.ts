/** JSON path of a property: `bmi`, `[3].bmi`, `[3]["body mass"]`. */
export function propertyPath(parent: string, name: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `${parent}[${JSON.stringify(name)}]`
  return parent === '' ? name : `${parent}.${name}`
}
