import { byId, element, titleOf } from './element.js'

/**
 * Builds the form for named features.
 * @param {any} form
 * @param {any} version the stable version of `/models/:model`
 * @returns {{ read: () => Record<string, unknown>, showProblems: (problems: {path: string, message: string}[]) => string[], clearProblems: () => void }}
 */
export function featureForm(form, version) {
  const fields = version.features.map((column, index) => featureField(column, `feature-${index}`))
  const fill = (record) => {
    for (const field of fields) field.fill(record[field.name])
  }
  const examples = element(
    'select',
    {
      id: 'example',
      onchange: (event) => {
        const [chosen] = version.examples.filter(({ id }) => id === event.target.value)
        fill(chosen?.record ?? {})
      },
    },
    ...version.examples.map(({ id }) => element('option', { value: id }, id)),
    element('option', { value: '' }, 'Empty form'),
  )
  form.replaceChildren(
    element(
      'div',
      { class: 'panel-head' },
      element('h2', {}, 'Features'),
      element('label', { class: 'field inline' }, element('span', {}, 'Start from'), examples),
    ),
    element('div', { class: 'grid' }, ...fields.map(({ node }) => node)),
    submitRow(),
  )
  fill(version.examples[0]?.record ?? {})
  return {
    read() {
      const entries = fields.map((field) => [field.name, field.read()]).filter(([, value]) => value !== undefined)
      return Object.fromEntries(entries)
    },
    showProblems(problems) {
      const left = problems.filter(({ path, message }) => {
        const field = fields.find(({ name }) => path === name || path === JSON.stringify([name]))
        field?.problem(message)
        return field === undefined
      })
      fields.find(({ wrong }) => wrong())?.focus()
      return left.map(({ path, message }) => `${path} ${message}`.trim())
    },
    clearProblems: () => {
      for (const field of fields) field.problem('')
    },
  }
}

/**
 * Builds the form for raw tensors: the request as JSON.
 * @param {any} form
 * @param {any} version
 * @returns {{ read: () => unknown, showProblems: (problems: {path: string, message: string}[]) => string[], clearProblems: () => void }}
 */
export function tensorForm(form, version) {
  const text = compactJson(version.inference)
  const editor = element('textarea', {
    id: 'request',
    rows: 18,
    spellcheck: 'false',
    autocomplete: 'off',
    'aria-describedby': 'request-hint request-error',
  })
  editor.value = text
  const problem = (message) => {
    byId('request-error').textContent = message
    editor.toggleAttribute('aria-invalid', message !== '')
    if (message !== '') editor.setAttribute('aria-invalid', 'true')
  }
  form.replaceChildren(
    element(
      'div',
      { class: 'panel-head' },
      element('h2', {}, 'Request'),
      element(
        'button',
        {
          type: 'button',
          class: 'plain',
          onclick: () => {
            editor.value = text
            problem('')
          },
        },
        'Restore example',
      ),
    ),
    element('label', { class: 'field' }, element('span', {}, 'Open Inference Protocol V2, JSON'), editor),
    element(
      'p',
      { id: 'request-hint', class: 'hint' },
      'Each input has a name, a shape, a datatype and data in row-major order.',
    ),
    element('p', { id: 'request-error', class: 'error' }),
    submitRow(),
  )
  return {
    read() {
      try {
        return JSON.parse(editor.value)
      } catch (error) {
        problem(`This is not JSON: ${error.message}`)
        editor.focus()
        return undefined
      }
    },
    showProblems(problems) {
      problem(problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; '))
      editor.focus()
      return []
    },
    clearProblems: () => problem(''),
  }
}

function submitRow() {
  return element('div', { class: 'actions' }, element('button', { type: 'submit', class: 'primary' }, 'Predict'))
}

/** One labelled input. An empty field is left out of the record, which is "missing" where that is allowed. */
function featureField(column, id) {
  const { name, kind, unit, missing, categories, integer } = column
  const labels = Array.isArray(categories) ? categories : Object.keys(categories ?? {})
  const described = `${id}-hint ${id}-error`
  const common = { id, name, 'aria-describedby': described, 'aria-required': missing ? null : 'true' }
  const empty = missing ? 'missing' : 'choose'
  const input =
    labels.length > 0
      ? element(
          'select',
          common,
          element('option', { value: '' }, `– ${empty} –`),
          ...labels.map((label) => element('option', { value: label }, label)),
        )
      : element('input', {
          ...common,
          type: 'text',
          inputmode: kind === 'number' ? (integer && column.min >= 0 ? 'numeric' : 'decimal') : null,
          autocomplete: 'off',
          placeholder: missing ? 'missing' : null,
        })
  const error = element('p', { id: `${id}-error`, class: 'error' })
  const node = element(
    'div',
    { class: 'field' },
    element('label', { for: id }, titleOf(name), unit && element('span', { class: 'unit' }, unit)),
    input,
    element('p', { id: `${id}-hint`, class: 'hint' }, hintOf(column)),
    error,
  )
  return {
    name,
    node,
    fill(value) {
      input.value = value === undefined || value === null ? '' : String(value)
    },
    read() {
      const text = input.value.trim()
      if (text === '') return undefined
      if (kind !== 'number') return input.value
      // What is no number goes as it is: the server's answer names the field.
      const number = Number(text.replace(',', '.'))
      return Number.isFinite(number) ? number : text
    },
    problem(message) {
      error.textContent = message
      if (message === '') input.removeAttribute('aria-invalid')
      else input.setAttribute('aria-invalid', 'true')
    },
    wrong: () => input.hasAttribute('aria-invalid'),
    focus: () => input.focus(),
  }
}

function hintOf({ name, description, min, max, integer, missing }) {
  const range =
    min !== undefined && max !== undefined
      ? `${min} to ${max}`
      : min !== undefined
        ? `from ${min}`
        : max !== undefined
          ? `up to ${max}`
          : ''
  const news = description?.toLowerCase() === titleOf(name).toLowerCase() ? '' : description
  return [news, range, integer && 'whole number', missing && 'may be empty'].filter(Boolean).join(' · ')
}

/** JSON with each list of scalars on one line: 512 samples are not 512 lines. */
function compactJson(value) {
  return JSON.stringify(value, null, 2).replaceAll(/\[[^[\]{}]*\]/g, (list) =>
    list.replaceAll(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'),
  )
}
