import type { Column, Datatype, Dimension, Redaction } from 'modelyard-serving/contract'

export interface FeatureOptions {
  /** What the value means, shown in the API's documentation. */
  description?: string
  /** The caller may leave it out or send `null`; the graph then gets NaN (or the empty string). Default false. */
  missing?: boolean
  /**
   * Never logged as it is: left out of the prediction log, or hashed with a secret so that equal values can still be told. Frozen
   * with the interface when a version is registered; no environment can take it away.
   */
  sensitive?: Redaction
}

export interface NumberOptions extends FeatureOptions {
  /** Unit of the raw value, for example `kg/m2`. */
  unit?: string
  /** Smallest plausible value, inclusive. A smaller one is counted, or refused when the model is strict. */
  min?: number
  /** Largest plausible value, inclusive. */
  max?: number
  /** A typical value for the documentation. */
  example?: number
  /** Element type of the column's own tensor in `columns()`. Default `float32`, `int64` for `integer()`. */
  datatype?: Extract<Datatype, `float${32 | 64}` | `int${32 | 64}`>
}

export interface CategoryOptions<Label extends string> extends FeatureOptions {
  /** A typical label for the documentation. */
  example?: Label
  /** With `missing: true`, the text that the graph takes for a missing value, such as `nan`. Default: the empty string. */
  missingText?: string
}

/** A named feature as `number()`, `integer()` or `category()` makes it. */
export interface Feature extends Omit<Column, 'name'> {
  datatype: Datatype
}

/** A measured quantity. */
export function number(options: NumberOptions = {}): Feature {
  return { kind: 'number', datatype: 'float32', ...options }
}

/** A count: only whole numbers are accepted. */
export function integer(options: NumberOptions = {}): Feature {
  return { kind: 'number', integer: true, datatype: 'int64', ...options }
}

/**
 * One of a closed set of labels. A list is passed to the graph as text; a map gives the number that the graph expects
 * for each label.
 */
export function category<const Label extends string>(
  labels: readonly Label[] | Readonly<Record<Label, number>>,
  options: CategoryOptions<NoInfer<Label>> = {},
): Feature {
  const isList = Array.isArray(labels)
  const categories = isList ? [...(labels as readonly string[])] : { ...(labels as Record<string, number>) }
  return { kind: 'category', datatype: isList ? 'string' : 'float32', categories, ...options }
}

/** A tensor whose meaning is not a row of named features. */
export interface TensorDefinition {
  datatype: Datatype
  shape: Dimension[]
  labels?: string[]
  unit?: string
  description?: string
}

/** Named features side by side in one matrix `[batch, number of features]`. */
export interface FeatureMatrix {
  matrix: Datatype
  features: Record<string, Feature>
}

/** Each named feature a tensor `[batch, 1]` of its own. */
export interface FeatureColumns {
  columns: Record<string, Feature>
}

/** One matrix input that holds the features in the order written. */
export function features(
  datatype: Extract<Datatype, `float${16 | 32 | 64}`>,
  features: Record<string, Feature>,
): FeatureMatrix {
  return { matrix: datatype, features }
}

/** All inputs of the model, one tensor `[batch, 1]` a feature, named as the feature. */
export function columns(columns: Record<string, Feature>): FeatureColumns {
  return { columns }
}

export interface TensorOptions {
  /** Names along the last dimension, for example the classes of a probability matrix. */
  labels?: string[]
  unit?: string
  description?: string
}

/**
 * A raw tensor.
 * @param datatype element type, ONNX Runtime's name for it
 * @param shape a number for a fixed dimension, a name for a free one; the free first dimension is called `batch`
 */
export function tensor(datatype: Datatype, shape: Dimension[], options: TensorOptions = {}): TensorDefinition {
  return { datatype, shape, ...options }
}
