/** A tensor that the file itself holds. */
export interface GraphTensor {
  name: string
  shape: number[]
  /** As in `GraphValue.type`. */
  type: string
  /** Contents of a numeric tensor of few elements, row-major; undefined for large ones, texts and external data. */
  values?: number[]
}

/** An attribute of an operator; only what is said of it here is read. */
export interface GraphAttribute {
  integer?: number
  /** Undefined for a list longer than anybody needs (the nodes of a tree). */
  integers?: number[]
  /** Elements of a list of integers or of texts. */
  count?: number
  text?: string
  tensor?: GraphTensor
  graph?: Graph
  /** Inside a function: the attribute of the call that has the value. */
  reference?: string
}

export interface GraphNode {
  /** Empty for the default domain. */
  domain: string
  operator: string
  /** Empty when the file gives none. */
  name: string
  /** Names of values; an empty one is an optional input that is not given. */
  inputs: string[]
  outputs: string[]
  attributes: Map<string, GraphAttribute>
}

/** The nodes of a graph or subgraph, in the order of the file. */
export interface Graph {
  /** Names; of the main graph without those that an initializer gives a value. */
  inputs: string[]
  outputs: string[]
  nodes: GraphNode[]
  initializers: Map<string, GraphTensor>
}

/** A function that the model brings along: a call of it stands for its nodes. */
export interface GraphFunction {
  domain: string
  name: string
  inputs: string[]
  outputs: string[]
  nodes: GraphNode[]
}
