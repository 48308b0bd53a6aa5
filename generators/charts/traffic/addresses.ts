/** Port of a model's Service. */
export const SERVICE_PORT = 80

export interface ServedPath {
  /** The path with all below it, or the path alone. */
  type: 'prefix' | 'exact'
  path: string
}

/** `{model}.predictions.example.com` -> `wine.predictions.example.com`. */
export function hostOf(model: string, host: string): string {
  return host.replace('{model}', model)
}

/** Paths of one model on a host that it shares, or every path on one of its own. */
export function pathsOf(model: string, host: string): ServedPath[] {
  if (host.includes('{model}')) return [{ type: 'prefix', path: '/' }]
  return [
    { type: 'prefix', path: `/models/${model}` },
    { type: 'prefix', path: `/v2/models/${model}` },
    { type: 'prefix', path: `/v1/models/${model}` },
    // A prefix ends where a segment of the path does, and `:predict` is part of the segment.
    { type: 'exact', path: `/v1/models/${model}:predict` },
  ]
}
