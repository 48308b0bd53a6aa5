import { type Column, type ModelInterface, namedFeatures } from 'modelyard-serving/contract'

/** One difference between two interfaces, as callers of the former one feel it. */
export interface InterfaceChange {
  kind: 'breaking' | 'compatible'
  message: string
}

/** What changes for callers when `after` answers instead of `before`; empty when nothing does. */
export function interfaceChanges(before: ModelInterface, after: ModelInterface): InterfaceChange[] {
  return [...requestChanges(before, after), ...outputChanges(before, after)]
}

/** Of these, what concerns the requests: a candidate whose answers nobody gets must take them all the same. */
export function requestChanges(before: ModelInterface, after: ModelInterface): InterfaceChange[] {
  return [...featureChanges(before, after), ...rawInputChanges(before, after)]
}

function featureChanges(before: ModelInterface, after: ModelInterface): InterfaceChange[] {
  const old = new Map(namedFeatures(before).map((column) => [column.name, column]))
  const current = new Map(namedFeatures(after).map((column) => [column.name, column]))
  const added = [...current.values()].flatMap((column): InterfaceChange[] => {
    if (old.has(column.name)) return []
    const kind = column.missing ? 'compatible' : 'breaking'
    return [{ kind, message: `feature ${column.name} is new${column.missing ? ' and may be left out' : ''}` }]
  })
  const removed = [...old.keys()].flatMap((name): InterfaceChange[] =>
    current.has(name) ? [] : [{ kind: 'breaking', message: `feature ${name} is not known any more` }],
  )
  const changed = [...old.values()].flatMap((column) => {
    const now = current.get(column.name)
    return now ? columnChanges(column, now) : []
  })
  return [...added, ...removed, ...changed]
}

function columnChanges(before: Column, after: Column): InterfaceChange[] {
  const feature = `feature ${before.name}`
  if (before.kind !== after.kind) return [{ kind: 'breaking', message: `${feature}: ${before.kind} -> ${after.kind}` }]
  const changes: InterfaceChange[] = []
  if (before.missing && !after.missing)
    changes.push({ kind: 'breaking', message: `${feature} may not be missing any more` })
  if (!before.missing && after.missing) changes.push({ kind: 'compatible', message: `${feature} may be missing now` })
  const [oldText = '', newText = ''] = [before.missingText, after.missingText]
  if (before.missing && after.missing && oldText !== newText) {
    const texts = `${JSON.stringify(oldText)} -> ${JSON.stringify(newText)}`
    const message = `${feature}: a missing text is ${texts}, for callers that send raw tensors`
    changes.push({ kind: 'breaking', message })
  }
  if (!before.integer && after.integer)
    changes.push({ kind: 'breaking', message: `${feature} takes whole numbers only` })
  if (before.integer && !after.integer) changes.push({ kind: 'compatible', message: `${feature} takes fractions too` })
  if (before.unit !== after.unit) {
    changes.push({ kind: 'breaking', message: `${feature}: unit ${before.unit ?? 'none'} -> ${after.unit ?? 'none'}` })
  }
  if (before.sensitive !== after.sensitive) {
    const message = `${feature}, in the prediction log: ${logged(before)} -> ${logged(after)}`
    changes.push({ kind: 'compatible', message })
  }
  return [...changes, ...rangeChanges(feature, before, after), ...categoryChanges(feature, before, after)]
}

function logged({ sensitive }: Column): string {
  if (sensitive === undefined) return 'as it is'
  return sensitive === 'drop' ? 'left out' : 'hashed'
}

function rangeChanges(feature: string, before: Column, after: Column): InterfaceChange[] {
  const range = ({ min, max }: Column) =>
    min === undefined && max === undefined ? 'any' : `${min ?? ''}..${max ?? ''}`
  if (range(before) === range(after)) return []
  const isNarrower =
    (after.min ?? -Infinity) > (before.min ?? -Infinity) || (after.max ?? Infinity) < (before.max ?? Infinity)
  const message = `${feature}: range ${range(before)} -> ${range(after)}`
  return [{ kind: isNarrower ? 'breaking' : 'compatible', message }]
}

function categoryChanges(feature: string, before: Column, after: Column): InterfaceChange[] {
  const labels = ({ categories = [] }: Column) => (Array.isArray(categories) ? categories : Object.keys(categories))
  const code = ({ categories = [] }: Column, label: string) => (Array.isArray(categories) ? label : categories[label])
  const kept = labels(before).filter((label) => labels(after).includes(label))
  const lost = labels(before).filter((label) => !kept.includes(label))
  const gained = labels(after).filter((label) => !kept.includes(label))
  const recoded = kept.filter((label) => code(before, label) !== code(after, label))
  const changes: InterfaceChange[] = []
  if (lost.length > 0) changes.push({ kind: 'breaking', message: `${feature}: no more ${lost.join(', ')}` })
  if (gained.length > 0) changes.push({ kind: 'compatible', message: `${feature}: also ${gained.join(', ')}` })
  if (recoded.length > 0) {
    const message = `${feature}: another code for ${recoded.join(', ')}, for callers that send raw tensors`
    changes.push({ kind: 'breaking', message })
  }
  return changes
}

/** Tensors by name, for callers of the Open Inference Protocol. */
function rawInputChanges(before: ModelInterface, after: ModelInterface): InterfaceChange[] {
  const tensors = (side: ModelInterface) =>
    new Map(side.inputs.map(({ name, datatype, shape }) => [name, `${datatype} [${shape.map(dimension).join(', ')}]`]))
  const told = [
    ...inputsOfColumnsLackedBy(before, after, isRequired),
    ...inputsOfColumnsLackedBy(after, before),
    ...inputsWidenedByTold(before, after),
  ]
  const rest = (side: ModelInterface) => new Map([...tensors(side)].filter(([name]) => !told.includes(name)))
  return [...tensorChanges('input', rest(before), rest(after)), ...orderChanges(before, after)]
}

const isRequired = ({ missing }: Column) => !missing

/** Inputs that come or go with all their features, which are told by name and as breaking: one change, not two. */
function inputsOfColumnsLackedBy(
  without: ModelInterface,
  { inputs }: ModelInterface,
  isTold: (column: Column) => boolean = () => true,
): string[] {
  const known = new Set(namedFeatures(without).map(({ name }) => name))
  return inputs.flatMap(({ name, columns = [] }) => {
    const isOther = without.inputs.every((input) => input.name !== name)
    return isOther && columns.length > 0 && columns.every((one) => !known.has(one.name) && isTold(one)) ? [name] : []
  })
}

/** Matrices that differ by the number of their columns alone, where one is told as breaking by its name. */
function inputsWidenedByTold(before: ModelInterface, after: ModelInterface): string[] {
  const names = ({ columns = [] }: ModelInterface['inputs'][number]) => columns.map(({ name }) => name)
  return before.inputs.flatMap((old) => {
    const now = after.inputs.find(({ name }) => name === old.name)
    if (!now || now.datatype !== old.datatype || now.shape.length !== old.shape.length) return []
    const outer = ({ shape }: typeof old) => shape.slice(0, -1).map(dimension).join()
    if (outer(now) !== outer(old)) return []
    const isTold =
      names(old).some((name) => !names(now).includes(name)) ||
      (now.columns ?? []).some((column) => isRequired(column) && !names(old).includes(column.name))
    return isTold ? [old.name] : []
  })
}

/** The same columns in another order: nothing for callers with named features, another meaning for raw tensors. */
function orderChanges(before: ModelInterface, after: ModelInterface): InterfaceChange[] {
  const columns = (side: ModelInterface, input: string) =>
    (side.inputs.find(({ name }) => name === input)?.columns ?? []).map(({ name }) => name)
  return before.inputs.flatMap(({ name }): InterfaceChange[] => {
    const [old, now] = [columns(before, name), columns(after, name)]
    const isSame = old.length === now.length && old.every((column) => now.includes(column))
    if (!isSame || old.every((column, index) => column === now[index])) return []
    return [{ kind: 'breaking', message: `input ${name}: columns in another order, for callers that send raw tensors` }]
  })
}

function outputChanges(before: ModelInterface, after: ModelInterface): InterfaceChange[] {
  const tensors = (side: ModelInterface) =>
    new Map(
      side.outputs.map(({ name, datatype, shape, labels = [], unit = '' }) => [
        name,
        [`${datatype} [${shape.map(dimension).join(', ')}]`, ...labels, unit].filter(Boolean).join(' '),
      ]),
    )
  return tensorChanges('output', tensors(before), tensors(after))
}

function tensorChanges(side: string, before: Map<string, string>, after: Map<string, string>): InterfaceChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])]
  return names.flatMap((name): InterfaceChange[] => {
    const [old, now] = [before.get(name), after.get(name)]
    if (old === now) return []
    if (old === undefined)
      return [{ kind: side === 'output' ? 'compatible' : 'breaking', message: `${side} ${name} is new` }]
    return [
      {
        kind: 'breaking',
        message: now === undefined ? `${side} ${name} is gone` : `${side} ${name}: ${old} -> ${now}`,
      },
    ]
  })
}

/** The name of a free dimension means nothing to a caller. */
function dimension(size: number | string): string {
  return typeof size === 'number' ? String(size) : '?'
}
