// node extract.mjs <description.json> <out.json>: cuts the operations that Modelyard calls, and the schemas they reach, out of
// GitHub's OpenAPI description (13 MB).
import { readFileSync, writeFileSync } from 'node:fs'

const [from, to] = process.argv.slice(2)
const whole = JSON.parse(readFileSync(from, 'utf8'))
const at = '/repos/{owner}/{repo}'
const USED = {
  [`${at}/pulls`]: ['get', 'post'],
  [`${at}/pulls/{pull_number}`]: ['patch'],
  [`${at}/pulls/{pull_number}/requested_reviewers`]: ['post'],
  [`${at}/pulls/{pull_number}/reviews`]: ['get'],
  [`${at}/issues/{issue_number}/labels`]: ['post'],
  [`${at}/issues/{issue_number}/comments`]: ['get', 'post'],
  [`${at}/commits/{ref}/check-runs`]: ['get'],
  [`${at}/commits/{ref}/status`]: ['get'],
  [`${at}/statuses/{sha}`]: ['post'],
  [`${at}/check-runs`]: ['post'],
  [`${at}/check-runs/{check_run_id}`]: ['patch'],
}

const cut = { openapi: whole.openapi, info: { version: whole.info.version }, paths: {}, components: {} }

/** Copies what a `$ref` names, once, and what that names in turn. */
function reach(value) {
  if (Array.isArray(value)) return value.map(reach)
  if (value === null || typeof value !== 'object') return value
  if (typeof value.$ref === 'string') {
    const [, , kind, name] = value.$ref.split('/')
    cut.components[kind] ??= {}
    if (!(name in cut.components[kind])) {
      cut.components[kind][name] = undefined
      cut.components[kind][name] = reach(whole.components[kind][name])
    }
    return { $ref: value.$ref }
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key, item]) =>
          !(
            ['description', 'examples', 'x-github', 'externalDocs'].includes(key) &&
            typeof item !== 'boolean' &&
            !isSchema(item)
          ),
      )
      .map(([key, item]) => [key, reach(item)]),
  )
}

/** A property may be called `description`: then its value is a schema. */
function isSchema(item) {
  return (
    item !== null &&
    typeof item === 'object' &&
    !Array.isArray(item) &&
    ('type' in item || '$ref' in item || 'anyOf' in item)
  )
}

for (const [path, methods] of Object.entries(USED)) {
  cut.paths[path] = {}
  for (const method of methods) {
    if (!whole.paths[path]?.[method]) throw new Error(`GitHub describes no ${method} ${path}`)
    cut.paths[path][method] = reach(whole.paths[path][method])
  }
}
cut.components.schemas['basic-error'] ??= reach(whole.components.schemas['basic-error'])
writeFileSync(to, JSON.stringify(cut))
