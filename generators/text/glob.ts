/** A path pattern: `*` and `?` stay in a folder, `**` crosses folders (`dist/**`, `**\/values.yaml`). The whole path must match. */
export function globPattern(glob: string): RegExp {
  const source = glob.replaceAll(/\*\*\/|\*\*|\*|\?|[^\w/]/g, (part) => {
    switch (part) {
      case '**/':
        return '(?:.*/)?'
      case '**':
        return '.*'
      case '*':
        return '[^/]*'
      case '?':
        return '[^/]'
      default:
        return `\\${part}`
    }
  })
  return new RegExp(`^${source}$`, 's')
}
