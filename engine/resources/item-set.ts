import { compareText } from './compare-text.ts';

/** Items of a SET value, ascending and each once. All functions here but `itemSet` take and give that form. */
export type ItemSet = readonly string[];

export function itemSet(items: Iterable<string>): ItemSet {
  return [...new Set(items)].sort(compareText);
}

export function unionOfItems(a: ItemSet, b: ItemSet): ItemSet {
  const joined: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const order = i === a.length ? 1 : j === b.length ? -1 : compareText(a[i]!, b[j]!);
    joined.push(order <= 0 ? a[i]! : b[j]!);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return joined;
}

export function differenceOfItems(a: ItemSet, b: ItemSet): ItemSet {
  const left: string[] = [];
  let j = 0;
  for (const item of a) {
    while (j < b.length && b[j]! < item) j++;
    if (j === b.length || b[j] !== item) left.push(item);
  }
  return left;
}

export function itemsContain(a: ItemSet, b: ItemSet): boolean {
  let i = 0;
  for (const item of b) {
    while (i < a.length && a[i]! < item) i++;
    if (i === a.length || a[i] !== item) return false;
  }
  return true;
}

export function compareItems(a: ItemSet, b: ItemSet): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    const order = compareText(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
