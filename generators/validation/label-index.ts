import type { Fields } from './fields.ts'
import { type LabelSelector, selects } from './label-selector.ts'

/** Up to so many, looking at each is quicker than an index. */
const FEW = 16

/** The items of one namespace. */
interface Items<Item> {
  all: Item[]
  /** By label and value, from the first selector on. */
  byLabel?: Map<string, Map<unknown, Item[]>>
  /** What a selector took: several rules ask for the same, and many objects may select the same. */
  selected?: Map<string, readonly Item[]>
}

/** Finds what a selector takes in a namespace through the rarest of its labels, not by looking at everything. */
export class LabelIndex<Item> {
  readonly #labelsOf: (item: Item) => Fields
  readonly #namespaces = new Map<string, Items<Item>>()

  constructor(items: readonly Item[], namespaceOf: (item: Item) => string, labelsOf: (item: Item) => Fields) {
    this.#labelsOf = labelsOf
    for (const item of items) {
      const namespace = namespaceOf(item)
      const known = this.#namespaces.get(namespace)
      if (known) known.all.push(item)
      else this.#namespaces.set(namespace, { all: [item] })
    }
  }

  /** In the order of the items. */
  selectedBy(namespace: string, selector: LabelSelector): readonly Item[] {
    const items = this.#namespaces.get(namespace)
    if (!items) return NOTHING
    if (items.all.length <= FEW) return this.#matching(items.all, selector)
    const key = JSON.stringify(selector)
    items.selected ??= new Map()
    let selected = items.selected.get(key)
    if (!selected) {
      selected = this.#matching(this.#rarest(items, selector), selector)
      items.selected.set(key, selected)
    }
    return selected
  }

  #matching(items: readonly Item[], selector: LabelSelector): readonly Item[] {
    return items.filter((item) => selects(selector, this.#labelsOf(item)))
  }

  #rarest(items: Items<Item>, { pairs }: LabelSelector): readonly Item[] {
    items.byLabel ??= this.#byLabel(items.all)
    let rarest: readonly Item[] = items.all
    for (const [key, value] of pairs) {
      const labelled = items.byLabel.get(key)?.get(value) ?? NOTHING
      if (labelled.length < rarest.length) rarest = labelled
    }
    return rarest
  }

  #byLabel(items: readonly Item[]): Map<string, Map<unknown, Item[]>> {
    const byLabel = new Map<string, Map<unknown, Item[]>>()
    for (const item of items) {
      const labels = this.#labelsOf(item)
      for (const key in labels) {
        let byValue = byLabel.get(key)
        if (!byValue) {
          byValue = new Map()
          byLabel.set(key, byValue)
        }
        const labelled = byValue.get(labels[key])
        if (labelled) labelled.push(item)
        else byValue.set(labels[key], [item])
      }
    }
    return byLabel
  }
}

const NOTHING: readonly never[] = Object.freeze([])
