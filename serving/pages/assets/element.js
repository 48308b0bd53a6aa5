/**
 * A DOM element: properties are set as attributes, `on*` functions as listeners; strings become text, never markup.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `false`, `null` and `undefined` are left out, `true` is an empty attribute
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    if (typeof value === 'function') node.addEventListener(name.slice(2), /** @type {EventListener} */ (value))
    else node.setAttribute(name, value === true ? '' : String(value))
  }
  node.append(...children.filter((child) => child !== undefined && child !== null && child !== false))
  return node
}

/**
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const node = document.getElementById(id)
  if (node === null) throw new Error(`the page has no #${id}`)
  return node
}

/**
 * @param {string} name `cell_size_uniformity`
 * @returns {string} `Cell size uniformity`
 */
export function titleOf(name) {
  const words = name.replaceAll(/[_-]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/**
 * @param {unknown} value
 * @returns {string} a number with at most six significant digits, anything else as JSON
 */
export function shown(value) {
  if (typeof value === 'number') return value.toLocaleString('en', { maximumSignificantDigits: 6 })
  return typeof value === 'string' ? value : JSON.stringify(value)
}
