/**
 * What bytes from outside are refused with: thrown by the decoders, caught at the edge, never let out of it. The text says what was wrong,
 * where in the message, and what is accepted there.
 */
export class WireError extends Error {
  /** Dotted path in the message, empty for the message as a whole. */
  readonly path: string;

  constructor(path: string, problem: string) {
    super(path === '' ? problem : `'${path}': ${problem}`);
    this.name = 'WireError';
    this.path = path;
  }
}

/** The path of a field below `path`. */
export function below(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}
