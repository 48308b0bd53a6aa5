import { element, shown, titleOf } from './element.js'

const MOST_VALUES = 64

/**
 * One prediction of named features: scalars large, labelled outputs as bars.
 * @param {any} answer of `/models/:model/predict`
 * @param {any[]} outputs of the interface
 * @param {number} milliseconds
 * @returns {Node[]}
 */
export function predictionView(answer, outputs, milliseconds) {
  const views = outputs.map((output) => {
    const value = answer.prediction[output.name]
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return bars(output, value)
    return element(
      'div',
      { class: 'figure' },
      element('p', { class: 'figure-name' }, titleOf(output.name)),
      element(
        'p',
        { class: 'figure-value' },
        shown(value),
        output.unit && element('span', { class: 'unit' }, output.unit),
      ),
      output.description && element('p', { class: 'hint' }, output.description),
    )
  })
  return [...views, source(answer.model, answer.version, milliseconds)]
}

/**
 * The output tensors of an inference.
 * @param {any} answer of `/v2/models/:model/infer`
 * @param {number} milliseconds
 * @returns {Node[]}
 */
export function tensorsView(answer, milliseconds) {
  const views = answer.outputs.map(({ name, datatype, shape, data }) => {
    const more = data.length > MOST_VALUES ? `, … ${data.length - MOST_VALUES} more` : ''
    const values = data.slice(0, MOST_VALUES).map(shown).join(', ') + more
    const single = data.length === 1
    return element(
      'div',
      { class: 'figure' },
      element(
        'p',
        { class: 'figure-name' },
        name,
        element('span', { class: 'unit' }, `${datatype} [${shape.join(', ')}]`),
      ),
      single ? element('p', { class: 'figure-value' }, shown(data[0])) : element('p', { class: 'values' }, values),
    )
  })
  return [...views, source(answer.model_name, answer.model_version, milliseconds)]
}

/**
 * The version's card.
 * @param {any} description of `/models/:model`
 * @returns {Node}
 */
export function cardView({ versions, stable }) {
  const { card, sha256, size } = stable
  const rows = [
    ['Version', stable.name],
    ['Release', stable.release],
    ['Also loaded', versions.filter((name) => name !== stable.name).join(', ')],
    ['Owner', card.owner],
    ['Digest', `sha256:${sha256}`],
    ['Size', `${shown(Math.round(size / 1000))} kB`],
    ['Unknown input', stable.strict ? 'refused (strict)' : 'counted'],
  ].filter(([, value]) => value)
  const metrics = Object.entries(card.metrics ?? {}).map(([name, value]) => [name, shown(value)])
  const lineage = Object.entries(card.lineage ?? {})
  return element(
    'div',
    {},
    table(rows),
    metrics.length > 0 && element('h3', {}, 'Metrics'),
    metrics.length > 0 && table(metrics),
    lineage.length > 0 && element('details', {}, element('summary', {}, 'Lineage'), table(lineage)),
  )
}

function table(rows) {
  return element(
    'dl',
    { class: 'facts' },
    ...rows.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  )
}

function bars({ name }, values) {
  const entries = Object.entries(values)
  const isShare = entries.every(([, value]) => typeof value === 'number' && value >= -1e-6 && value <= 1 + 1e-6)
  if (!isShare)
    return element(
      'div',
      { class: 'figure' },
      element('p', { class: 'figure-name' }, titleOf(name)),
      table(entries.map(([label, value]) => [label, shown(value)])),
    )
  const best = Math.max(...entries.map(([, value]) => value))
  const rows = entries.map(([label, value]) => {
    const fill = element('span', { class: 'bar-fill' })
    fill.style.width = `${Math.max(0, Math.min(100, value * 100))}%`
    const percent = `${(value * 100).toFixed(1)} %`
    return element(
      'li',
      { class: value === best ? 'best' : null },
      element('span', { class: 'bar-label' }, label),
      element('span', { class: 'bar-value' }, percent),
      element('span', { class: 'bar-track', 'aria-hidden': 'true' }, fill),
    )
  })
  return element(
    'div',
    { class: 'figure' },
    element('p', { class: 'figure-name' }, titleOf(name)),
    element('ul', { class: 'bars' }, ...rows),
  )
}

function source(model, version, milliseconds) {
  return element('p', { class: 'source' }, `${model} ${version} · ${milliseconds.toFixed(1)} ms round trip`)
}
