/** One name in a path: no `.`, no `..`, no separator of any system, nothing that cannot be seen. */
const SEGMENT = '(?!\\.{1,2}(?:/|$))[^/\\\\\\u0000-\\u001f\\u007f-\\u009f]+'
export const INNER_PATH = `${SEGMENT}(?:/${SEGMENT})*`
/** The name of an npm package. */
const PACKAGE = '(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*'
/** `npm:<package>@<version>/<path>`: package, version and path. */
export const PACKAGE_PATH = `npm:(${PACKAGE})@([0-9A-Za-z][0-9A-Za-z.+-]*)/(${INNER_PATH})`

const inner = new RegExp(`^${INNER_PATH}$`)

/** True for a relative path with forward slashes that stays in its folder. */
export function isInnerPath(path: string): boolean {
  return inner.test(path)
}
