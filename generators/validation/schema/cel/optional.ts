import { type Environment, Optional } from '@marcbachmann/cel-js'

/** What the library gives a macro, as far as it is used. */
interface MacroCall {
  receiver: unknown
  args: { op: string; args: string }[]
}
interface Scope {
  forkWithVariable(name: string, type: unknown): Scope
  setIterValue(value: unknown, evaluator: unknown): Scope
}
interface Checker {
  check(expression: unknown, scope: Scope): unknown
  getType(name: string): unknown
}
interface Evaluator {
  run(expression: unknown, scope: Scope): unknown
  registry: Pick<Checker, 'getType'>
}

/** What Kubernetes' CEL has of optional values and the library has not. */
export function addOptional(environment: Environment): void {
  environment
    .registerFunction('OptionalNamespace.ofNonZeroValue(dyn): optional<dyn>', (_: unknown, value: unknown) =>
      isZero(value) ? Optional.none() : Optional.of(value),
    )
    .registerFunction(
      'optional.optMap(ast, ast): optional<dyn>',
      mapping((value) => Optional.of(value)),
    )
    .registerFunction(
      'optional.optFlatMap(ast, ast): optional<dyn>',
      mapping((value) => value as Optional),
    )
}

/** A macro: `optional.optMap(name, expression with it)`. */
function mapping(wrapped: (value: unknown) => Optional): (call: MacroCall) => unknown {
  return ({ receiver, args: [variable, expression] }) => {
    if (variable?.op !== 'id') throw new Error('optMap and optFlatMap begin with a name')
    const name = variable.args
    return {
      typeCheck(checker: Checker, _: unknown, context: Scope) {
        checker.check(receiver, context)
        checker.check(expression, context.forkWithVariable(name, checker.getType('dyn')))
        return checker.getType('optional<dyn>')
      },
      evaluate(evaluator: Evaluator, _: unknown, context: Scope) {
        const optional = evaluator.run(receiver, context) as Optional
        if (!optional.hasValue()) return optional
        const inner = context.forkWithVariable(name, evaluator.registry.getType('dyn'))
        return wrapped(evaluator.run(expression, inner.setIterValue(optional.value(), evaluator)))
      },
    }
  }
}

function isZero(value: unknown): boolean {
  if (value instanceof Map) return value.size === 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === null || value === '' || value === false || value === 0n || value === 0
}
