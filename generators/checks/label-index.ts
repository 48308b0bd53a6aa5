import type { Fields } from './fields.ts'
import { type LabelSelector, selects } from './label-selector.ts'

/** Finds what a selector takes through the rarest of its labels, not by looking at everything. */
export class LabelIndex<Item> {
  readonly #labelsOf: (item: Item) => Fields
  /** By namespace, and by namespace and label. */
  readonly #items = new Map<string, Item[]>()
  /** What a selector took: several rules ask for the same, and many objects may select the same. */
  readonly #selected = new Map<string, readonly Item[]>()

  constructor(items: readonly Item[], namespaceOf: (item: Item) => string, labelsOf: (item: Item) => Fields) {
    this.#labelsOf = labelsOf
    for (const item of items) {
      const namespace = namespaceOf(item)
      this.#add(namespace, item)
      const labels = labelsOf(item)
      for (const key in labels) this.#add(`${namespace}/${key}=${labels[key]}`, item)
    }
  }

  #add(key: string, item: Item): void {
    const items = this.#items.get(key)
    if (items) items.push(item)
    else this.#items.set(key, [item])
  }

  selectedBy(namespace: string, selector: LabelSelector): readonly Item[] {
    const key = `${namespace} ${JSON.stringify(selector)}`
    let selected = this.#selected.get(key)
    if (!selected) {
      selected = this.#find(namespace, selector)
      this.#selected.set(key, selected)
    }
    return selected
  }

  #find(namespace: string, selector: LabelSelector): Item[] {
    let candidates = this.#items.get(namespace) ?? []
    for (const [key, value] of selector.pairs) {
      const labelled = this.#items.get(`${namespace}/${key}=${value}`) ?? []
      if (labelled.length < candidates.length) candidates = labelled
    }
    return candidates.filter((item) => selects(selector, this.#labelsOf(item)))
  }
}
