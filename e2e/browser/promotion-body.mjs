/**
 * Renders a pull request's body as GitHub does (CommonMark with GitHub's extensions, HTML let through) on a phone of 390 px, and holds
 * that nothing scrolls sideways except code. Each check is one line, then `N passed, N failed`.
 *
 *     node promotion-body.mjs <folder with node_modules> <body.md>
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [, , tools, file] = process.argv
const require = createRequire(`${tools}/`)
const { chromium } = require('playwright-core')
const load = (name) => import(pathToFileURL(require.resolve(name)).href)
const { micromark } = await load('micromark')
const { gfm, gfmHtml } = await load('micromark-extension-gfm')

const body = readFileSync(file, 'utf8')
const html = micromark(body, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] })

/** The measures of GitHub's stylesheet (github-markdown-css) that decide what fits: 16 px of padding on a phone. */
const page = `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  body { margin: 0; padding: 16px; font: 16px/1.5 sans-serif; overflow-wrap: break-word }
  table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse }
  th, td { padding: 6px 13px; border: 1px solid #d1d9e0 }
  code { padding: .2em .4em; font: 85% monospace; white-space: break-spaces }
  pre { padding: 16px; overflow: auto; font: 85%/1.45 monospace }
  pre code { padding: 0; font: inherit; white-space: pre }
  blockquote { margin: 0; padding: 0 1em; border-left: .25em solid #d1d9e0 }
  ul { padding-left: 2em }
</style><body>${html}</body>`

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
const tab = await browser.newPage({ viewport: { width: 390, height: 844 } })
await tab.setContent(page)

let passed = 0
let failed = 0
async function check(what, work) {
  try {
    await work()
    passed += 1
    console.log(`ok: ${what}`)
  } catch (error) {
    failed += 1
    console.log(`FAILED: ${what}: ${error.message}`)
  }
}

/** Elements wider than they are shown, code blocks left out. */
const tooWide = () =>
  tab.evaluate(() =>
    [document.scrollingElement, ...document.body.querySelectorAll('*')]
      .filter((element) => !element.closest('pre') && element.scrollWidth > element.clientWidth + 1)
      .filter((element) => getComputedStyle(element).display !== 'inline')
      .map(
        (element) =>
          `${element.tagName} ${element.scrollWidth} > ${element.clientWidth}: ${element.textContent.slice(0, 60)}`,
      ),
  )

await check('folded as it is first seen, nothing but code scrolls sideways', async () => {
  assert.deepEqual(await tooWide(), [])
})
await check('the verdict is on the first screen', async () => {
  const { y } = await tab.locator('strong').first().boundingBox()
  assert.ok(y < 844, String(y))
})
await check('with everything unfolded, nothing but code scrolls sideways', async () => {
  await tab.evaluate(() => {
    for (const folded of document.querySelectorAll('details')) folded.open = true
  })
  assert.deepEqual(await tooWide(), [])
})
await check('tables, folds and code are rendered as such, and the hidden block is not seen', async () => {
  // What needs attention is quoted, where something does.
  const quoted = /^> \*\*/m.test(body) ? ['blockquote'] : []
  for (const element of ['table', 'details', 'pre code', ...quoted])
    assert.ok((await tab.locator(element).count()) > 0, element)
  assert.ok(!(await tab.locator('body').innerText()).includes('modelyard:{'))
})
await check('a block that is wider than the phone would be found', async () => {
  await tab.evaluate(() => document.body.insertAdjacentHTML('beforeend', '<div style="width:500px">wide</div>'))
  assert.notEqual((await tooWide()).length, 0)
})

await browser.close()
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
