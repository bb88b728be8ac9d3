import { fromMilli, milli } from '../core/index.ts';
import { itemSet } from './item-set.ts';
import { coalesce } from './ranges.ts';
import type { Resource } from './resource.ts';
import type { Resources } from './resources.ts';
import { itemsText, rangesText } from './value-text.ts';

/** `resources`, `used_resources` and the like of the endpoints of old: numbers, and ranges and sets as text (spec 02 §12). */
export type ResourcesSummary = { readonly [name: string]: number | string };

/** All identities of a name together; always with `cpus`, `gpus`, `mem`, `disk`; revocable names end in `_revocable`. */
export function resourcesSummary(resources: Resources): ResourcesSummary {
  const groups = new Map<string, Resource[]>([
    ['cpus', []],
    ['gpus', []],
    ['mem', []],
    ['disk', []],
  ]);
  for (const entry of resources.entries) {
    const name = entry.identity.name + (entry.identity.revocable ? '_revocable' : '');
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [entry]);
    else group.push(entry);
  }
  // fromEntries defines properties, so that a resource of any name, `__proto__` too, is a field.
  return Object.fromEntries(Array.from(groups, ([name, group]) => [name, together(group)]));
}

function together(group: readonly Resource[]): number | string {
  const first = group[0];
  if (first === undefined || first.identity.type === 'SCALAR') {
    let sum = 0;
    for (const entry of group) sum += entry.scalar;
    return fromMilli(milli(sum));
  }
  if (first.identity.type === 'RANGES')
    return rangesText(coalesce(group.flatMap((entry) => entry.ranges ?? [])));
  return itemsText(itemSet(group.flatMap((entry) => entry.items ?? [])));
}
