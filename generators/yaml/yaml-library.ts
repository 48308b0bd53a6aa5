import { createRequire } from 'node:module'

type Library = typeof import('yaml')

let library: Library | undefined

/** The package takes longer to load than most manifests to check, so that only what needs it loads it. */
export function yamlLibrary(): Library {
  library ??= createRequire(import.meta.url)('yaml') as Library
  return library
}

/** What the lexer yields before a scalar without quotes and before the content of a block. */
const UNQUOTED = '\x1f'
/** What it yields that is not of the text. */
const MARKS = new Set(['\x02', '\x18', UNQUOTED])

export interface Lexeme {
  lexeme: string
  isComment: boolean
  /** Begins with a quote; whether it ends with one is another question. */
  isQuoted: boolean
}

/** A text in the pieces that YAML is made of, none left out, whether it is valid or not. */
export function* lexemesOf(text: string): Generator<Lexeme> {
  let isUnquoted = false
  for (const lexeme of new (yamlLibrary().Lexer)().lex(text)) {
    if (!MARKS.has(lexeme)) {
      const first = isUnquoted ? '' : lexeme.charAt(0)
      yield { lexeme, isComment: first === '#', isQuoted: first === '"' || first === "'" }
    }
    isUnquoted = lexeme === UNQUOTED
  }
}
