/** A broken promise of our own code. The process stops, and the journal or the seed replays it. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** States why something must hold. On in production too. */
export function assert(condition: boolean, why: string): asserts condition {
  if (!condition) throw new InvariantError(why);
}

/** Marks the end of a switch over a closed union. */
export function assertNever(value: never): never {
  throw new InvariantError(`a closed union has an unknown member: ${JSON.stringify(value)}`);
}
