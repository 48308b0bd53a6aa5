/**
 * Drives the pages of the example models with a real Chromium; each check is one line, then `N passed, N failed`.
 *
 *     EXAMPLES='{"model": "http://...", "with-key": "http://..."}' WITH_KEY=<key> node drive.mjs <folder with node_modules>
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(`${process.argv[2]}/`)
const { chromium } = require('playwright-core')
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const examples = JSON.parse(process.env.EXAMPLES)

/** Beside the examples there is a server with a key. */
const MODEL_WITH_KEY = 'with-key'
const KEY = process.env.WITH_KEY

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
let passed = 0
let failed = 0

/** Opens a page, does the work, and holds that nothing was written to the console and no other host was asked. */
async function check(what, model, path, work, { width = 1280, colorScheme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme })
  const page = await context.newPage()
  const noise = []
  const origin = examples[model]
  page.on('console', (message) => noise.push(message.text()))
  page.on('pageerror', (error) => noise.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) noise.push(`asked ${request.url()}`)
  })
  try {
    await page.goto(origin + path)
    const whole = path === '/' ? '#form button[type=submit]' : 'details'
    await page.waitForSelector(model === MODEL_WITH_KEY ? '#key' : whole)
    await work(page)
    // Chromium itself reports a refused request as an error; those answers are what a check asks for.
    const left = noise.filter((text) => !/status of (400|401|422)/.test(text))
    assert.deepEqual(left, [])
    passed += 1
    console.log(`ok: ${what}`)
  } catch (error) {
    failed += 1
    console.log(`FAILED: ${what}: ${error.message}`)
  } finally {
    await context.close()
  }
}

async function submit(page) {
  await page.click('#form button[type=submit]')
  await page.waitForSelector('#result .source')
}

async function isAccessible(page) {
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate('axe.run()')
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`),
    [],
  )
}

async function fitsTheWidth(page) {
  const [content, window] = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
  assert.ok(content <= window, `${content} px wide in ${window}`)
}

/** The result is beside the form, and below it where two columns would leave each no room. */
async function columnsFit(page, width) {
  const form = await page.locator('#form').boundingBox()
  const result = await page.locator('#result').boundingBox()
  if (width < 832) assert.ok(result.y >= form.y + form.height, 'the result is below the form')
  else assert.ok(result.x >= form.x + form.width, 'the result is beside the form')
}

for (const model of Object.keys(examples).filter((name) => name !== MODEL_WITH_KEY)) {
  await check(`${model}: the example is predicted, by the version that the card names`, model, '/', async (page) => {
    await submit(page)
    const source = await page.textContent('#result .source')
    assert.match(source, new RegExp(`${model} \\d+\\.\\d+\\.\\d+ · [\\d.]+ ms`))
    assert.match(await page.textContent('#card'), /sha256:[0-9a-f]{64}/)
  })
  for (const path of ['/', '/docs']) {
    for (const [width, colorScheme] of [
      [1280, 'light'],
      [390, 'dark'],
    ]) {
      const what = `${model}: ${path} at ${width} px, ${colorScheme}: accessible, no sideways scroll`
      const look = async (page) => {
        if (path === '/') {
          await submit(page)
          await columnsFit(page, width)
        } else for (const summary of await page.$$('summary')) await summary.click()
        await fitsTheWidth(page)
        await isAccessible(page)
      }
      await check(what, model, path, look, { width, colorScheme })
    }
  }
}

await check('class probabilities are bars that add up', 'breast-biopsy', '/', async (page) => {
  await submit(page)
  const shares = await page.$$eval('.bar-value', (nodes) => nodes.map((node) => Number.parseFloat(node.textContent)))
  assert.equal(shares.length, 2)
  assert.ok(Math.abs(shares[0] + shares[1] - 100) < 0.2)
})

await check('an empty field is a missing value where that is allowed', 'breast-biopsy', '/', async (page) => {
  await page.fill('[name=bare_nuclei]', '')
  await submit(page)
})

await check(
  'wrong fields say so beside themselves, and the first has the focus',
  'breast-biopsy',
  '/',
  async (page) => {
    await page.fill('[name=mitoses]', '11')
    await page.fill('[name=clump_thickness]', 'thick')
    await page.click('#form button[type=submit]')
    await page.waitForSelector('[aria-invalid=true]')
    const besides = await page.$$eval('[aria-invalid=true]', (nodes) =>
      nodes.map((node) => [node.name, node.closest('.field').querySelector('.error').textContent]),
    )
    assert.deepEqual(besides, [
      ['clump_thickness', 'must be a number, not a string'],
      ['mitoses', 'must be at most 10 score, got 11'],
    ])
    assert.equal(await page.evaluate('document.activeElement.name'), 'clump_thickness')
    await isAccessible(page)
    await page.fill('[name=mitoses]', '2')
    await page.fill('[name=clump_thickness]', '4')
    await submit(page)
    assert.equal(await page.$('[aria-invalid=true]'), null)
  },
)

await check('the keyboard alone is enough', 'house-price', '/', async (page) => {
  const focused = () => page.evaluate('document.activeElement.name || document.activeElement.type || ""')
  for (let press = 0; press < 20 && (await focused()) !== 'lotsize'; press++) await page.keyboard.press('Tab')
  assert.equal(await focused(), 'lotsize')
  await page.keyboard.press('Control+A')
  await page.keyboard.type('6000')
  for (let press = 0; press < 20 && (await focused()) !== 'submit'; press++) await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#result .source')
})

await check(
  'a request that is no JSON, and one that the model refuses, are told',
  'voice-activity',
  '/',
  async (page) => {
    await page.fill('#request', '{')
    await page.click('#form button[type=submit]')
    assert.match(await page.textContent('#request-error'), /not JSON/)
    await page.fill('#request', '{"inputs": []}')
    await page.click('#form button[type=submit]')
    await page.waitForFunction(() => document.querySelector('#request-error').textContent.includes('input'))
    await page.click('text=Restore example')
    await submit(page)
  },
)

await check(
  'a key is asked for, refused when it is wrong, kept for the rest of the visit and no longer',
  MODEL_WITH_KEY,
  '/',
  async (page) => {
    await page.fill('#key', 'not-the-right-one')
    await page.click('text=Use this key')
    await page.waitForSelector('#key[aria-invalid=true]')
    assert.equal(await page.textContent('#key-error'), 'The server does not take this key.')
    await isAccessible(page)
    await page.keyboard.type(KEY)
    await page.keyboard.press('Enter')
    await submit(page)
    assert.equal(await page.$('#key'), null)
    assert.deepEqual(
      await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie, location.href]'),
      [0, 0, '', `${examples[MODEL_WITH_KEY]}/`],
    )
    await page.reload()
    await page.waitForSelector('#key')
  },
)

await check('the documentation asks for a key and says where it goes', MODEL_WITH_KEY, '/docs', async (page) => {
  await page.fill('#key', KEY)
  await page.click('text=Use this key')
  await page.waitForSelector('details')
  await page.click('summary')
  assert.match(await page.textContent('pre'), /authorization: Bearer \$KEY/)
})

await browser.close()
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
