import type { ContentReference } from '../contract/index.ts'

/** A process of its own that fetches one file into a cache: `resolve-in-child.ts <cache> <reference as JSON>`. */
const { createContentCache } = await import('../artifact/index.ts')
const [directory = '', reference = ''] = process.argv.slice(2)
await createContentCache(directory, { env: {} }).resolve(JSON.parse(reference) as ContentReference)
