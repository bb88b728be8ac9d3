import { type Milli, milli, ZERO_MILLI } from '../core/index.ts';
import { compareText } from './compare-text.ts';
import { EXCLUSIVE, type ResourceIdentity, SHARED } from './identity.ts';
import {
  compareItems,
  differenceOfItems,
  type ItemSet,
  itemSet,
  itemsContain,
  unionOfItems,
} from './item-set.ts';
import {
  coalesce,
  compareRanges,
  differenceOfRanges,
  type Range,
  type Ranges,
  rangesContain,
  unionOfRanges,
} from './ranges.ts';

/** An amount of one thing. By `identity.type` exactly one of `scalar`, `ranges`, `items` is the value. */
export interface Resource {
  readonly identity: ResourceIdentity;
  /** Thousandths; 0 for ranges and sets. */
  readonly scalar: Milli;
  readonly ranges: Ranges | null;
  readonly items: ItemSet | null;
  /** Copies of a shared volume, else 1. */
  readonly count: number;
}

/** Identities whose amount belongs to what they are: it is taken as a whole or not at all. */
const WHOLE = EXCLUSIVE | SHARED;

export function scalarResource(identity: ResourceIdentity, scalar: Milli): Resource {
  return makeResource(identity, scalar, null, null, 1);
}

export function rangesResource(identity: ResourceIdentity, ranges: readonly Range[]): Resource {
  return makeResource(identity, ZERO_MILLI, coalesce(ranges), null, 1);
}

export function setResource(identity: ResourceIdentity, items: Iterable<string>): Resource {
  return makeResource(identity, ZERO_MILLI, null, itemSet(items), 1);
}

/** The same amount of something else; the value types must be equal. */
export function withIdentity(resource: Resource, identity: ResourceIdentity): Resource {
  if (resource.identity === identity) return resource;
  return makeResource(identity, resource.scalar, resource.ranges, resource.items, resource.count);
}

/** As many copies of a shared volume. */
export function withCount(resource: Resource, count: number): Resource {
  return makeResource(resource.identity, resource.scalar, resource.ranges, resource.items, count);
}

/** Zero, no ranges and no items stand for nothing at all. */
export function isEmptyResource(resource: Resource): boolean {
  if (resource.count <= 0) return true;
  if (resource.ranges !== null) return resource.ranges.length === 0;
  if (resource.items !== null) return resource.items.length === 0;
  return resource.scalar <= 0;
}

/** Whether only all of it can be taken: a persistent volume, a MOUNT or BLOCK disk, a RAW disk with an id. */
export function isIndivisible(resource: Resource): boolean {
  return (resource.identity.traits & EXCLUSIVE) !== 0;
}

/**
 * Order of places in a collection: by identity, then, where the amount belongs to what a thing is, by amount. Zero means that the
 * two meet in arithmetic.
 */
export function comparePlaces(a: Resource, b: Resource): number {
  if (a.identity !== b.identity) {
    const order = compareText(a.identity.key, b.identity.key);
    if (order !== 0) return order;
  }
  return (a.identity.traits & WHOLE) === 0 ? 0 : compareValues(a, b);
}

/** Total order of entries; zero only for two that nothing tells apart. */
export function compareEntries(a: Resource, b: Resource): number {
  const order = comparePlaces(a, b);
  return order !== 0 ? order : compareText(a.identity.detail, b.identity.detail);
}

/** Whether two entries at one place stay two entries: volumes and whole disks never merge, copies of a shared volume do. */
export function staysApart(resource: Resource): boolean {
  return (resource.identity.traits & WHOLE) === EXCLUSIVE;
}

/** Both as one; they are at one place and do not stay apart. */
export function addAmounts(a: Resource, b: Resource): Resource {
  const identity = a.identity;
  if ((identity.traits & SHARED) !== 0) {
    // Of two mount points either will do; the choice must not depend on which came first.
    return withCount(b.identity.detail < identity.detail ? b : a, a.count + b.count);
  }
  if (a.ranges !== null)
    return makeResource(identity, ZERO_MILLI, unionOfRanges(a.ranges, b.ranges!), null, 1);
  if (a.items !== null) return makeResource(identity, ZERO_MILLI, null, unionOfItems(a.items, b.items!), 1);
  return makeResource(identity, milli(a.scalar + b.scalar), null, null, 1);
}

/** What is left of `a`; null when nothing is. They are at one place. */
export function subtractAmounts(a: Resource, b: Resource): Resource | null {
  const identity = a.identity;
  if ((identity.traits & WHOLE) !== 0) {
    return a.count > b.count && (identity.traits & SHARED) !== 0 ? withCount(a, a.count - b.count) : null;
  }
  if (a.ranges !== null) {
    const ranges = differenceOfRanges(a.ranges, b.ranges!);
    return ranges.length === 0 ? null : makeResource(identity, ZERO_MILLI, ranges, null, 1);
  }
  if (a.items !== null) {
    const items = differenceOfItems(a.items, b.items!);
    return items.length === 0 ? null : makeResource(identity, ZERO_MILLI, null, items, 1);
  }
  return a.scalar > b.scalar ? makeResource(identity, milli(a.scalar - b.scalar), null, null, 1) : null;
}

/** Whether `a` is at least `b`. They are at one place. */
export function containsAmount(a: Resource, b: Resource): boolean {
  if ((a.identity.traits & WHOLE) !== 0) return a.count >= b.count;
  if (a.ranges !== null) return rangesContain(a.ranges, b.ranges!);
  if (a.items !== null) return itemsContain(a.items, b.items!);
  return a.scalar >= b.scalar;
}

export function compareValues(a: Resource, b: Resource): number {
  if (a.ranges !== null) return compareRanges(a.ranges, b.ranges!);
  if (a.items !== null) return compareItems(a.items, b.items!);
  return a.scalar - b.scalar;
}

/** Every entry is made here, so that all have one shape. The value fits the identity's type and is canonical. */
export function makeResource(
  identity: ResourceIdentity,
  scalar: Milli,
  ranges: Ranges | null,
  items: ItemSet | null,
  count: number,
): Resource {
  return { identity, scalar, ranges, items, count };
}

/*
 * V8 keeps the kind of number that a field has held, and when the first sum beyond 31 bits comes, all entries made before are remade one by one when
 * they are next read: half a second for a hundred thousand tasks, in the middle of a poll. A field that was once neither is left as it is.
 */
makeResource(null as never, null as never, null, null, null as never);
