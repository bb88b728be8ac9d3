/**
 * A copy that keeps nothing else alive. V8 makes a substring of 13 characters or more a view into its parent, so a job's id would hold
 * the whole block that it was read from for as long as the job lives.
 */
export function owned(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1);
}

/** Gives equal texts one string: for the few tenants of many rows. */
export class Interned {
  readonly #texts = new Map<string, string>();

  of(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const copy = owned(text);
    this.#texts.set(copy, copy);
    return copy;
  }
}
