/** Three significant digits, thousands separated: `0.012`, `19,640`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return 'not a number'
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  const rounded = Number(value.toPrecision(3))
  return Math.abs(rounded) < 1e-4
    ? rounded.toExponential()
    : rounded.toLocaleString('en-US', { maximumFractionDigits: 8 })
}

/** Never `0 %` for something and never `100 %` for less than all: rounding must not hide a changed row. */
export function formatShare(part: number, whole: number): string {
  if (!(whole > 0)) return 'unknown'
  if (part === 0) return '0 %'
  if (part === whole) return '100 %'
  const percent = (part / whole) * 100
  if (percent < 0.1) return '<0.1 %'
  return percent > 99.9 ? '>99.9 %' : `${Number(percent.toFixed(1))} %`
}

/** Decimal units, as registries and object stores count. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return 'unknown'
  const units = ['B', 'KB', 'MB', 'GB']
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1)
  return `${formatNumber(bytes / 1000 ** power)} ${units[power]}`
}

/** Binary units, as Kubernetes counts. */
export function formatMebibytes(bytes: number | undefined): string {
  return bytes === undefined ? 'not measured' : `${Math.round(bytes / 2 ** 20)} Mi`
}

export function formatMilliseconds(value: number | undefined): string {
  return value === undefined ? 'not measured' : `${formatNumber(value)} ms`
}

/** `1 object changes`, `2 objects change`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`
}
