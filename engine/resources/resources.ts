import { assert, type Milli, MILLI_PER_UNIT, milli, ok, type Result, ZERO_MILLI } from '../core/index.ts';
import { valueLayout } from '../core/graph/index.ts';
import {
  ALLOCATED,
  CPUS,
  CPUS_COLUMN,
  DISK,
  DISK_COLUMN,
  GPUS,
  GPUS_COLUMN,
  MEM,
  MEM_COLUMN,
  NON_SCALAR,
  PERSISTENT,
  type Reservation,
  RESERVED,
  type ResourceIdentity,
  reservationRole,
  REVOCABLE,
  SHARED,
  withAllocationRole,
  withReservations,
} from './identity.ts';
import { Quantities } from './quantities.ts';
import { sizeOfRanges } from './ranges.ts';
import {
  addAmounts,
  compareEntries,
  comparePlaces,
  compareValues,
  containsAmount,
  isEmptyResource,
  type Resource,
  scalarResource,
  staysApart,
  subtractAmounts,
  withIdentity,
} from './resource.ts';
import type { ResourceError } from './resource-error.ts';
import { type PackedResource, packResource, unpackResource } from './packed-resource.ts';
import { parseResourceEntries, resourceText } from './resources-text.ts';
import { isStrictSubrole } from './role-name.ts';

const NO_ENTRIES: readonly Resource[] = [];

/**
 * What there is of every kind: entries of distinct places, none empty, in canonical order, so that equal collections are equal entry
 * by entry and arithmetic is one walk along two lists. Immutable; shared by reference wherever the same amount stands.
 */
export class Resources {
  static readonly EMPTY = new Resources(NO_ENTRIES);

  readonly entries: readonly Resource[];
  /** Sums of scalars over all identities, thousandths; a shared volume counts once whatever its copies. */
  readonly cpus: Milli;
  readonly mem: Milli;
  readonly disk: Milli;
  readonly gpus: Milli;
  /** Whether every entry is unreserved, not revocable, without disk info, provider and allocation role; of any value type. */
  readonly isPlain: boolean;
  /** The traits that some entry has. */
  readonly #traits: number;
  #quantities: Quantities | null = null;
  #sizes: Quantities | null = null;

  /** `entries` are canonical. */
  private constructor(entries: readonly Resource[]) {
    let cpus = 0;
    let mem = 0;
    let disk = 0;
    let gpus = 0;
    let traits = 0;
    for (let index = 0; index < entries.length; index++) {
      const { identity, scalar } = entries[index]!;
      traits |= identity.traits;
      switch (identity.column) {
        case CPUS_COLUMN:
          cpus += scalar;
          break;
        case MEM_COLUMN:
          mem += scalar;
          break;
        case DISK_COLUMN:
          disk += scalar;
          break;
        case GPUS_COLUMN:
          gpus += scalar;
          break;
        default:
          break;
      }
    }
    this.entries = entries;
    this.cpus = milli(cpus);
    this.mem = milli(mem);
    this.disk = milli(disk);
    this.gpus = milli(gpus);
    this.isPlain = (traits & ~NON_SCALAR) === 0;
    this.#traits = traits;
  }

  /** Unreserved amounts, thousandths; zeros are left out. */
  static ofScalars(amounts: {
    readonly cpus?: Milli;
    readonly mem?: Milli;
    readonly disk?: Milli;
    readonly gpus?: Milli;
  }): Resources {
    const entries: Resource[] = [];
    pushScalar(entries, CPUS, amounts.cpus);
    pushScalar(entries, DISK, amounts.disk);
    pushScalar(entries, GPUS, amounts.gpus);
    pushScalar(entries, MEM, amounts.mem);
    return Resources.make(entries);
  }

  /** The sum of `entries`; empty ones stand for nothing. */
  static of(entries: Iterable<Resource>): Resources {
    const sorted: Resource[] = [];
    let isCanonical = true;
    for (const entry of entries) {
      if (isEmptyResource(entry)) continue;
      const last = sorted.length === 0 ? null : sorted[sorted.length - 1]!;
      sorted.push(entry);
      if (last === null || !isCanonical) continue;
      isCanonical =
        compareEntries(last, entry) <= 0 && (staysApart(entry) || comparePlaces(last, entry) !== 0);
    }
    return Resources.make(isCanonical ? sorted : merged(sorted.sort(compareEntries)));
  }

  /** Mesos's text form (spec 02 §3): `cpus:24;ports:[21000-24000];cpus(ads):8`. */
  static parse(text: string): Result<Resources, ResourceError> {
    const entries = parseResourceEntries(text);
    return entries.ok ? ok(Resources.of(entries.value)) : entries;
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  plus(other: Resources): Resources {
    if (other.entries.length === 0) return this;
    if (this.entries.length === 0) return other;
    const mine = this.entries;
    const theirs = other.entries;
    const sum: Resource[] = [];
    let i = 0;
    let j = 0;
    while (i < mine.length && j < theirs.length) {
      const a = mine[i]!;
      const b = theirs[j]!;
      const order = comparePlaces(a, b);
      if (order === 0 && !staysApart(a)) {
        sum.push(addAmounts(a, b));
        i++;
        j++;
      } else if (order < 0 || (order === 0 && compareEntries(a, b) <= 0)) {
        sum.push(a);
        i++;
      } else {
        sum.push(b);
        j++;
      }
    }
    while (i < mine.length) sum.push(mine[i++]!);
    while (j < theirs.length) sum.push(theirs[j++]!);
    return new Resources(sum);
  }

  /** Takes away what is there: never less than nothing, and what is not there is ignored. */
  minus(other: Resources): Resources {
    if (other.entries.length === 0 || this.entries.length === 0) return this;
    if (this === other) return Resources.EMPTY;
    const mine = this.entries;
    const theirs = other.entries;
    const rest: Resource[] = [];
    let isChanged = false;
    let j = 0;
    for (let i = 0; i < mine.length; i++) {
      const a = mine[i]!;
      while (j < theirs.length && comparePlaces(theirs[j]!, a) < 0) j++;
      if (j === theirs.length || comparePlaces(theirs[j]!, a) !== 0) {
        rest.push(a);
        continue;
      }
      isChanged = true;
      const left = subtractAmounts(a, theirs[j++]!);
      if (left !== null) rest.push(left);
    }
    return isChanged ? Resources.make(rest) : this;
  }

  /** Whether `other` can be taken away from it in full. */
  contains(other: Resources): boolean {
    if (this === other) return true;
    const mine = this.entries;
    const theirs = other.entries;
    let i = 0;
    for (let j = 0; j < theirs.length; j++) {
      const b = theirs[j]!;
      while (i < mine.length && comparePlaces(mine[i]!, b) < 0) i++;
      if (i === mine.length || comparePlaces(mine[i]!, b) !== 0 || !containsAmount(mine[i]!, b)) return false;
      i++;
    }
    return true;
  }

  equals(other: Resources): boolean {
    if (this === other) return true;
    const mine = this.entries;
    const theirs = other.entries;
    if (mine.length !== theirs.length) return false;
    for (let index = 0; index < mine.length; index++) {
      const a = mine[index]!;
      const b = theirs[index]!;
      if (comparePlaces(a, b) !== 0 || a.count !== b.count || compareValues(a, b) !== 0) return false;
    }
    return true;
  }

  /** Scalars by name over all identities; a shared volume counts once. */
  quantities(): Quantities {
    this.#quantities ??= Quantities.of(this.scalarAmounts());
    return this.#quantities;
  }

  /** As `quantities`, and ranges count their integers, sets their items: what the test of the minimum offer looks at. */
  sizes(): Quantities {
    this.#sizes ??=
      (this.#traits & NON_SCALAR) === 0
        ? this.quantities()
        : Quantities.of(this.entries.map((entry) => [entry.identity.name, sizeOf(entry)] as const));
    return this.#sizes;
  }

  unreserved(): Resources {
    return this.without(RESERVED);
  }

  /** What is reserved to exactly `role`, or to any role. */
  reserved(role?: string): Resources {
    if ((this.#traits & RESERVED) === 0) return Resources.EMPTY;
    if (role === undefined) return this.only(RESERVED);
    return this.filter((entry) => reservationRole(entry.identity) === role);
  }

  /** What frameworks of `role` may use: the unreserved, and what is reserved to it or to a role above it. */
  allocatableTo(role: string): Resources {
    if ((this.#traits & RESERVED) === 0) return this;
    return this.filter((entry) => {
      const owner = reservationRole(entry.identity);
      return owner === null || owner === role || isStrictSubrole(role, owner);
    });
  }

  revocable(): Resources {
    return this.only(REVOCABLE);
  }

  nonRevocable(): Resources {
    return this.without(REVOCABLE);
  }

  shared(): Resources {
    return this.only(SHARED);
  }

  nonShared(): Resources {
    return this.without(SHARED);
  }

  persistentVolumes(): Resources {
    return this.only(PERSISTENT);
  }

  scalars(): Resources {
    return this.without(NON_SCALAR);
  }

  /** The same amounts with their reservations stripped. */
  toUnreserved(): Resources {
    if ((this.#traits & RESERVED) === 0) return this;
    return this.map((identity) => withReservations(identity, []));
  }

  /** Each entry with one more reservation on its stack. */
  pushReservation(reservation: Reservation): Resources {
    return this.map((identity) => withReservations(identity, [...identity.reservations, reservation]));
  }

  /** Each entry without the last reservation of its stack; every entry must have one. */
  popReservation(): Resources {
    return this.map((identity) => {
      assert(identity.reservations.length > 0, 'only reserved resources have a reservation to pop');
      return withReservations(identity, identity.reservations.slice(0, -1));
    });
  }

  /** Allocated to `role`; allocations noted before are replaced. */
  allocate(role: string): Resources {
    return this.map((identity) => withAllocationRole(identity, role));
  }

  unallocate(): Resources {
    if ((this.#traits & ALLOCATED) === 0) return this;
    return this.map((identity) => withAllocationRole(identity, null));
  }

  /** Itself when all entries are kept. */
  filter(keep: (entry: Resource) => boolean): Resources {
    const kept = this.entries.filter(keep);
    return kept.length === this.entries.length ? this : Resources.make(kept);
  }

  /** `cpus:2;disk(eng,+eng/db@ops){volume=db-0}:512`, for people. */
  toString(): string {
    return this.entries.map(resourceText).join(';');
  }

  private only(trait: number): Resources {
    if ((this.#traits & trait) === 0) return Resources.EMPTY;
    return this.filter((entry) => (entry.identity.traits & trait) !== 0);
  }

  private without(trait: number): Resources {
    if ((this.#traits & trait) === 0) return this;
    return this.filter((entry) => (entry.identity.traits & trait) === 0);
  }

  private map(change: (identity: ResourceIdentity) => ResourceIdentity): Resources {
    return Resources.of(this.entries.map((entry) => withIdentity(entry, change(entry.identity))));
  }

  private scalarAmounts(): (readonly [string, Milli])[] {
    const amounts: (readonly [string, Milli])[] = [];
    for (const { identity, scalar } of this.entries) {
      if (identity.type === 'SCALAR') amounts.push([identity.name, scalar]);
    }
    return amounts;
  }

  private static make(entries: readonly Resource[]): Resources {
    return entries.length === 0 ? Resources.EMPTY : new Resources(entries);
  }

  static readonly layout = valueLayout({
    pack: (value: Resources): readonly PackedResource[] => value.entries.map(packResource),
    unpack: (packed, shared) => Resources.make(packed.map((entry) => unpackResource(entry, shared))),
  });
}

/** Entries of equal place as one, unless they stay apart. `sorted` is ascending. */
function merged(sorted: readonly Resource[]): Resource[] {
  const entries: Resource[] = [];
  for (const entry of sorted) {
    const last = entries.length === 0 ? null : entries[entries.length - 1]!;
    if (last !== null && comparePlaces(last, entry) === 0 && !staysApart(entry)) {
      entries[entries.length - 1] = addAmounts(last, entry);
    } else {
      entries.push(entry);
    }
  }
  return entries;
}

function pushScalar(entries: Resource[], identity: ResourceIdentity, amount: Milli = ZERO_MILLI): void {
  if (amount > 0) entries.push(scalarResource(identity, amount));
}

/** Thousandths: the scalar, or a thousand for each integer or item; the largest amount when ranges hold more than that. */
function sizeOf(entry: Resource): Milli {
  if (entry.ranges !== null) {
    return milli(
      Math.min(sizeOfRanges(entry.ranges), Math.floor(Number.MAX_SAFE_INTEGER / MILLI_PER_UNIT)) *
        MILLI_PER_UNIT,
    );
  }
  if (entry.items !== null) return milli(entry.items.length * MILLI_PER_UNIT);
  return entry.scalar;
}
