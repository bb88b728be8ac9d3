/**
 * A small part of `items` that still `fails`, all of them together known to: parts are tried, then what is left without a part, in ever finer
 * pieces, until nothing can be left out or `fails` says that it was asked enough by returning null. Zeller and Hildebrandt, "Simplifying and
 * isolating failure-inducing input", TSE 2002.
 */
export function ddmin<T>(items: readonly T[], fails: (subset: readonly T[]) => boolean | null): readonly T[] {
  let current = items;
  const empty = fails([]);
  if (empty === null) return current;
  if (empty) return [];
  let pieces = 2;
  while (current.length >= 2) {
    const next = smaller(current, pieces, fails);
    if (next === 'enough') return current;
    if (next === null) {
      if (pieces >= current.length) return current;
      pieces = Math.min(2 * pieces, current.length);
    } else {
      pieces = next.isPart ? 2 : Math.max(pieces - 1, 2);
      current = next.items;
    }
  }
  return current;
}

function smaller<T>(
  current: readonly T[],
  pieces: number,
  fails: (subset: readonly T[]) => boolean | null,
): { readonly items: readonly T[]; readonly isPart: boolean } | 'enough' | null {
  const bounds = Array.from({ length: pieces + 1 }, (_, index) =>
    Math.floor((index * current.length) / pieces),
  );
  for (const isPart of pieces === 2 ? [true] : [true, false]) {
    for (let piece = 0; piece < pieces; piece++) {
      const from = bounds[piece]!;
      const to = bounds[piece + 1]!;
      const items = isPart ? current.slice(from, to) : [...current.slice(0, from), ...current.slice(to)];
      const failed = fails(items);
      if (failed === null) return 'enough';
      if (failed) return { items, isPart };
    }
  }
  return null;
}
