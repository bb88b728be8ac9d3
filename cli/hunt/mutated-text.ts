import type { MutationEdit } from '../../drivers/sim/hunt/index.ts';

/** The text with the one place that the edit finds given way. Throws if it finds none, or several: the code has moved on, and the edit must. */
export function mutatedText(text: string, { file, find, replace }: MutationEdit): string {
  const pattern = new RegExp(find.trim().split(/\s+/).map(escaped).join('\\s+'), 'g');
  const found = [...text.matchAll(pattern)];
  if (found.length !== 1)
    throw new Error(`a mutation of ${file} finds ${found.length} places for «${find}»: it must find one`);
  const { index } = found[0]!;
  return text.slice(0, index) + replace + text.slice(index + found[0]![0].length);
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
