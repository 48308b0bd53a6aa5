import { createRequire } from 'node:module'

/** Version of this package, for protocols whose clients ask what they talk to. */
export const SERVER_VERSION: string = createRequire(import.meta.url)('modelyard-serving/package.json').version
