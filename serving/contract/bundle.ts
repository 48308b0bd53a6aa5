/** Files of a version's bundle that are read by content: golden samples and the drift baseline. */

/** A tensor in a golden sample: row-major, flat. */
export interface SampleTensor {
  shape: number[]
  data: (number | string | boolean)[]
}

/** One request whose answer is known, computed by the framework that trained the model. */
export interface GoldenSample {
  id: string
  /** A record of named features; `null` where a value is missing. */
  features?: Record<string, number | string | null>
  /** Raw tensors by input name, for models without named features. */
  tensors?: Record<string, SampleTensor>
  /** Expected values by output name: row-major, flat, for this one request. */
  outputs: Record<string, (number | string | boolean)[]>
}

/** `samples.json` */
export interface GoldenSamples {
  /** What computed the expected outputs, for example `scikit-learn 1.7.2`. */
  source: string
  /** A value passes when `|got - expected| <= absolute + relative * |expected|`. */
  tolerance: { relative: number; absolute: number }
  samples: GoldenSample[]
}

/** Bin counts of a number on the training data: `counts[i]` are the rows in `[edges[i], edges[i + 1])`; the last bin is closed. */
export interface NumberBaseline {
  kind: 'number'
  edges: number[]
  counts: number[]
  missing: number
  /** Any scale, larger is more important: which features are counted when not all can be. In the order of the file when absent. */
  importance?: number
}

export interface CategoryBaseline {
  kind: 'category'
  counts: Record<string, number>
  missing: number
  importance?: number
}

/** `baseline.json`: distributions on the training data that drift is measured against. */
export interface Baseline {
  rows: number
  features: Record<string, NumberBaseline | CategoryBaseline>
  /** By name of the output, or `output.label` for a column of an output with labels. */
  outputs: Record<string, NumberBaseline | CategoryBaseline>
}
