/** Thrown by the rule of an operator that mixes rows, or that cannot be shown not to. The message continues "CumSum ...". */
export class MixesRows extends Error {}

/** The same where the operator has no rows at all: two calls with the same feeds differ. */
export class DrawsRandomNumbers extends MixesRows {}
