import { ask } from './ask.js'
import { byId, element, titleOf } from './element.js'
import { featureForm, tensorForm } from './form.js'
import { cardView, predictionView, tensorsView } from './result.js'

/** The model whose form is shown, and what reads it. */
let current = { name: '', version: null, reader: null }

await start()

async function start() {
  const { models } = await getJson('models')
  const names = models.map(({ name }) => name)
  const chooser = byId('models')
  chooser.replaceChildren(...names.map((name) => element('option', { value: name }, name)))
  byId('chooser').hidden = names.length < 2
  chooser.addEventListener('change', () => {
    location.hash = encodeURIComponent(chooser.value)
  })
  const choose = () => {
    const wanted = decodeURIComponent(location.hash.slice(1))
    const name = names.includes(wanted) ? wanted : names[0]
    chooser.value = name
    return show(name)
  }
  addEventListener('hashchange', choose)
  byId('form').addEventListener('submit', (event) => {
    event.preventDefault()
    void submit()
  })
  await choose()
}

async function show(name) {
  const description = await getJson(`models/${encodeURIComponent(name)}`)
  const { stable } = description
  byId('name').textContent = titleOf(name)
  document.title = `${titleOf(name)} · Modelyard`
  byId('content').hidden = stable === undefined
  if (stable === undefined) {
    notice(`This model does not answer: it is ${description.state}. Reload the page to look again.`)
    return
  }
  notice('')
  byId('about').textContent =
    stable.card.description ?? `Version ${stable.name}${stable.card.owner ? `, by ${stable.card.owner}` : ''}`
  const form = byId('form')
  const reader = stable.features === null ? tensorForm(form, stable) : featureForm(form, stable)
  current = { name, version: stable, reader }
  byId('result').replaceChildren(element('p', { class: 'quiet' }, 'Press Predict to ask the model.'))
  byId('card').replaceChildren(cardView(description))
}

async function submit() {
  const { name, version, reader } = current
  reader.clearProblems()
  const body = reader.read()
  if (body === undefined) return
  const named = version.features !== null
  const path = encodeURIComponent(name)
  const button = document.querySelector('#form button[type=submit]')
  button?.setAttribute('aria-busy', 'true')
  try {
    const started = performance.now()
    const response = await ask(named ? `models/${path}/predict` : `v2/models/${path}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer = await response.json()
    const milliseconds = performance.now() - started
    if (response.ok) {
      const view = named ? predictionView(answer, version.outputs, milliseconds) : tensorsView(answer, milliseconds)
      byId('result').replaceChildren(...view)
    } else {
      const left = reader.showProblems(answer.details ?? [])
      const said = answer.details === undefined ? answer.error : 'Some fields are wrong: see beside them.'
      const more = left.map((text) => element('li', {}, text))
      byId('result').replaceChildren(element('p', { class: 'error' }, said), element('ul', {}, ...more))
    }
  } catch {
    byId('result').replaceChildren(
      element('p', { class: 'error' }, 'The server did not answer. Try again in a moment.'),
    )
  } finally {
    button?.removeAttribute('aria-busy')
    // On a phone the answer is below the form; a wrong field that has the focus stays in view.
    if (document.querySelector('#form [aria-invalid]') === null) byId('result').scrollIntoView({ block: 'nearest' })
  }
}

function notice(text) {
  byId('notice').textContent = text
  byId('notice').hidden = text === ''
}

async function getJson(path) {
  try {
    const response = await ask(path)
    if (response.ok) return await response.json()
    throw new Error(`status ${response.status}`)
  } catch (error) {
    byId('name').textContent = 'Model server'
    notice('The server did not answer. Reload the page to try again.')
    throw error
  }
}
