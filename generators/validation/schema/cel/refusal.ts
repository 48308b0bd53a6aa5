/** A function of a rule refuses its argument, as the API server's does: the rule is not kept, which is known for certain. */
export class Refusal extends Error {}

/** @throws Refusal when there is no value */
export function orRefuse<T>(value: T | undefined, says: string): T {
  if (value === undefined) throw new Refusal(says)
  return value
}
