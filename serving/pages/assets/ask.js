import { byId, element } from './element.js'

/** The key of the person at this page: in memory only, gone when the page is closed or loaded again. */
let key = ''

/** The question that waits for a key; requests that are refused meanwhile share it. */
let question

/**
 * `fetch` that asks the person for a key where the server wants one, until it takes the one that was given.
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function ask(path, options = {}) {
  for (;;) {
    const used = key
    const headers = { ...options.headers, ...(used === '' ? {} : { authorization: `Bearer ${used}` }) }
    const response = await fetch(path, { ...options, headers })
    if (response.status !== 401) return response
    // Another request may have asked for it in the meantime.
    if (used !== key) continue
    question ??= askForKey(used !== '').finally(() => {
      question = undefined
    })
    key = await question
  }
}

/**
 * @param {boolean} refused whether a key was given before
 * @returns {Promise<string>}
 */
function askForKey(refused) {
  const input = element('input', {
    id: 'key',
    type: 'password',
    autocomplete: 'off',
    'aria-describedby': 'key-hint key-error',
    'aria-invalid': refused ? 'true' : null,
  })
  const form = element(
    'form',
    { class: 'panel', novalidate: true, 'aria-labelledby': 'key-title' },
    element('h2', { id: 'key-title' }, 'This server needs a key'),
    element(
      'div',
      { class: 'field' },
      element('label', { for: 'key' }, 'Key'),
      input,
      element(
        'p',
        { id: 'key-hint', class: 'hint' },
        'Kept in this page only; closing or reloading it forgets the key.',
      ),
      element('p', { id: 'key-error', class: 'error', role: 'alert' }, refused && 'The server does not take this key.'),
    ),
    element('div', { class: 'actions' }, element('button', { type: 'submit', class: 'primary' }, 'Use this key')),
  )
  if (byId('name').textContent === 'Loading…') byId('name').textContent = 'Model server'
  document.querySelector('main .title')?.after(form)
  input.focus()
  return new Promise((resolve) => {
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const given = input.value.trim()
      // What is no token could not even be sent in a header.
      if (!/^[\x21-\x7e]+$/.test(given)) {
        input.setAttribute('aria-invalid', 'true')
        byId('key-error').textContent = 'A key is letters, digits and signs, without spaces.'
        input.focus()
        return
      }
      form.remove()
      resolve(given)
    })
  })
}
