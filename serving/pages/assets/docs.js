import { ask } from './ask.js'
import { byId, element } from './element.js'

const MOST_TEXT = 4000

const document_ = await (await ask('openapi.json')).json()
byId('name').textContent = `${document_.info.title} API`
byId('about').textContent = document_.info.description
document.title = `${document_.info.title} API`
const operations = Object.entries(document_.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, ...operation })),
)
byId('operations').replaceChildren(
  ...document_.tags.map(({ name, description }) =>
    element(
      'section',
      { 'aria-label': name },
      element('h2', {}, name),
      description && element('p', { class: 'quiet' }, description),
      ...operations.filter(({ tags }) => tags.includes(name)).map(operationView),
    ),
  ),
)

function operationView({ path, method, summary, description, requestBody, responses, security }) {
  const body = requestBody?.content['application/json']
  return element(
    'details',
    { class: 'panel operation' },
    element(
      'summary',
      {},
      element('span', { class: `method ${method}` }, method.toUpperCase()),
      element('code', {}, path),
      element('span', { class: 'quiet' }, summary),
    ),
    description && element('p', {}, description),
    body && element('h3', {}, 'Request'),
    body && schemaView(body.schema),
    ...Object.entries(requestBody?.content ?? {}).flatMap(([type, { examples }]) =>
      examplesView(path, type, examples ?? {}, security !== undefined),
    ),
    element('h3', {}, 'Answers'),
    element('dl', { class: 'answers' }, ...Object.entries(responses).flatMap(answerView)),
  )
}

/** Examples with different names show different forms; golden samples are all of one form, so one is enough. */
function examplesView(path, type, examples, needsKey) {
  const shown = path.endsWith('/predict') ? Object.entries(examples).slice(0, 1) : Object.entries(examples)
  return shown.flatMap(([name, { value }]) => {
    const title = shown.length > 1 || type !== 'application/json' ? `Example: ${name}, ${type}` : 'Example'
    return [element('h3', {}, title), codeBlock(curl(path, type, value, needsKey), title)]
  })
}

function answerView([code, { description, content }]) {
  const schema = Object.values(content ?? {})[0]?.schema
  const shape = code === '200' && schema !== undefined && schemaView(schema)
  return [element('dt', {}, code), element('dd', {}, description, shape)]
}

/** A table of an object's fields; of alternatives the first, since a list is made of the same records. */
function schemaView(schema) {
  const resolved = resolve(schema)
  const alternatives = resolved.anyOf?.map(resolve)
  const chosen = alternatives?.[0] ?? resolved
  if (chosen.properties === undefined) return element('p', { class: 'quiet' }, typeOf(chosen))
  const rows = Object.entries(chosen.properties).map(([name, property]) => {
    const field = resolve(property)
    const required = chosen.required?.includes(name)
    return element(
      'tr',
      {},
      element(
        'th',
        { scope: 'row' },
        element('code', {}, name),
        required && element('span', { class: 'required' }, 'required'),
      ),
      element('td', {}, typeOf(field)),
      element('td', {}, aboutField(field)),
    )
  })
  const head = element('tr', {}, ...['Field', 'Type', 'Meaning'].map((text) => element('th', { scope: 'col' }, text)))
  return element(
    'div',
    { class: 'scroll', tabindex: '0' },
    element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows)),
  )
}

function aboutField({ description, minimum, maximum, examples, properties }) {
  // Bounds that only the number type itself sets say nothing to a reader.
  const bounded = minimum !== undefined && Math.abs(maximum) < 1e9 && Math.abs(minimum) < 1e9
  return [
    description,
    bounded && `refused outside ${minimum} to ${maximum}`,
    properties && `fields ${Object.keys(properties).join(', ')}`,
    examples?.length > 0 && `for example ${JSON.stringify(examples[0])}`,
  ]
    .filter(Boolean)
    .join('; ')
}

function typeOf({ type, enum: values, const: only, anyOf }) {
  if (only !== undefined) return JSON.stringify(only)
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' | ')
  if (anyOf !== undefined) return anyOf.map((item) => typeOf(resolve(item))).join(' | ')
  return [type ?? 'any'].flat().join(' | ')
}

function resolve(schema) {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : document_.components.schemas[name]
}

function curl(path, type, example, needsKey) {
  const body = typeof example === 'string' ? example : JSON.stringify(example)
  const short = body.length > MOST_TEXT ? `${body.slice(0, MOST_TEXT)}…` : body
  const address = new URL(`.${path}`, location.href).href
  const key = needsKey ? '  -H "authorization: Bearer $KEY" \\\n' : ''
  return `curl ${address} \\\n${key}  -H 'content-type: ${type}' \\\n  --data-binary '${short.replaceAll("'", "'\\''")}'`
}

function codeBlock(text, label) {
  return element('pre', { tabindex: '0', 'aria-label': label }, element('code', {}, text))
}
