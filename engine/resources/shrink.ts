import { type Milli, milli, ZERO_MILLI } from '../core/index.ts';
import type { Quantities } from './quantities.ts';
import { isIndivisible, type Resource, scalarResource } from './resource.ts';
import type { ResourceLimits } from './resource-limits.ts';
import { Resources } from './resources.ts';

/** In which order to visit `n` entries, each index once; the policy's fairness among entries of one name. */
export type VisitingOrder = (n: number) => readonly number[];

/**
 * At most `target` of every name; names not in it, ranges and sets are dropped (conformance README §3). What cannot be divided is kept
 * whole or dropped. A shared volume counts once and keeps its copies.
 */
export function shrinkToQuantities(
  resources: Resources,
  target: Quantities,
  order?: VisitingOrder,
): Resources {
  if (target.isEmpty || resources.isEmpty) return Resources.EMPTY;
  return shrink(resources, target.names, target.values, ZERO_MILLI, order);
}

/** At most `limits` of every name that has one; all else is kept, ranges and sets too. */
export function shrinkToLimits(
  resources: Resources,
  limits: ResourceLimits,
  order?: VisitingOrder,
): Resources {
  if (limits.isEmpty || resources.isEmpty) return resources;
  return shrink(resources, limits.names, limits.values, null, order);
}

/** `otherwise` is what is left for names without bound; null leaves them alone. */
function shrink(
  resources: Resources,
  names: readonly string[],
  bounds: readonly Milli[],
  otherwise: Milli | null,
  order: VisitingOrder | undefined,
): Resources {
  const left: number[] = bounds.slice();
  const { entries } = resources;
  const visits = order === undefined ? null : order(entries.length);
  const kept: Resource[] = [];
  let isChanged = false;
  for (let visit = 0; visit < entries.length; visit++) {
    const entry = entries[visits === null ? visit : visits[visit]!]!;
    const bound = entry.identity.type === 'SCALAR' ? names.indexOf(entry.identity.name) : -1;
    if (bound < 0) {
      if (otherwise === null) kept.push(entry);
      else isChanged = true;
      continue;
    }
    const part = partWithin(entry, milli(left[bound]!));
    if (part !== entry) isChanged = true;
    if (part === null) continue;
    left[bound] = left[bound]! - part.scalar;
    kept.push(part);
  }
  return isChanged ? Resources.of(kept) : resources;
}

/** As much of a scalar as `bound` allows, null when that is nothing. */
function partWithin(entry: Resource, bound: Milli): Resource | null {
  if (entry.scalar <= bound) return entry;
  if (bound <= 0 || isIndivisible(entry)) return null;
  return scalarResource(entry.identity, bound);
}
