import type { PropertyId } from '../property.ts';

/** One change of the compiled text of a module: what is found, whatever the white space, gives way. It is found exactly once. */
export interface MutationEdit {
  /** From the project's root, as it is written: `engine/master/accept.ts`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/**
 * A bug that a cluster manager had in public, brought back as data: the smallest change of a correct engine that has the same mechanism. It is
 * applied to modules as a hunt loads them, and nowhere else: no build contains it.
 */
export interface Mutation {
  /** Of the ledger (docs/bug-ledger.md). */
  readonly id: string;
  readonly title: string;
  readonly edits: readonly MutationEdit[];
  /** Properties that ought to find it. */
  readonly expects: readonly PropertyId[];
  /** Where the engine differs from the one that had the bug: what was changed instead, in a sentence. */
  readonly note: string | null;
}

/** An edit of one file. */
export function edit(file: string, find: string, replace: string): MutationEdit {
  return { file, find, replace };
}
