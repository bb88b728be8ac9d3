import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LoadHook } from 'node:module';
import type { MutationEdit } from '../../drivers/sim/hunt/index.ts';
import { mutatedText } from './mutated-text.ts';

let edits: readonly MutationEdit[] = [];

/** Called once, in the thread of the hooks. */
export function initialize(data: { readonly edits: readonly MutationEdit[] }): void {
  edits = data.edits;
}

/** Hands out the text of a mutated module instead of its own; all others load as ever. */
export const load: LoadHook = async (url, context, nextLoad) => {
  const own = edits.filter(({ file }) => url.endsWith(`/dist/${file.replace(/\.ts$/, '.js')}`));
  if (own.length === 0) return nextLoad(url, context);
  const source = own.reduce(mutatedText, await readFile(fileURLToPath(url), 'utf8'));
  return { format: 'module', shortCircuit: true, source };
};
