import {
  ancestors,
  Quantities,
  type ResourceLimits,
  type Resources,
  reservationRole,
} from '../../engine/resources/index.ts';

/** What a role is known for. */
interface RoleEntry {
  weight: number;
  hasQuota: boolean;
  reserved: Quantities;
  readonly frameworks: Set<string>;
}

const DEFAULT_WEIGHT = 1;

/**
 * The roles known to a cluster: those with a weight or quota that is not the default, a scalar reservation or a framework, and their
 * ancestors (conformance README §11, spec 08 §2). Plain Maps; the allocator has its own, faster books.
 */
export class RoleBook {
  readonly #entries = new Map<string, RoleEntry>();

  setWeight(role: string, weight: number): void {
    this.#entry(role).weight = weight;
  }

  setQuota(role: string, guarantees: Quantities, limits: ResourceLimits): void {
    this.#entry(role).hasQuota = !guarantees.isEmpty || !limits.isEmpty;
  }

  trackReservations(resources: Resources): void {
    for (const [role, quantities] of reservedByRole(resources)) {
      const entry = this.#entry(role);
      entry.reserved = entry.reserved.plus(quantities);
    }
  }

  untrackReservations(resources: Resources): void {
    for (const [role, quantities] of reservedByRole(resources)) {
      const entry = this.#entry(role);
      entry.reserved = entry.reserved.minus(quantities);
    }
  }

  trackFramework(framework: string, role: string): void {
    this.#entry(role).frameworks.add(framework);
  }

  untrackFramework(framework: string, role: string): void {
    this.#entry(role).frameworks.delete(framework);
  }

  /** All roles known, in no particular order. */
  roles(): readonly string[] {
    const known = new Set<string>();
    for (const [role, entry] of this.#entries) {
      if (!isKnown(entry)) continue;
      known.add(role);
      for (const ancestor of ancestors(role)) known.add(ancestor);
    }
    return [...known];
  }

  /** Reserved for the role and those below it. */
  reserved(role: string): Quantities {
    let sum = Quantities.EMPTY;
    for (const [other, entry] of this.#entries) {
      if (other === role || ancestors(other).includes(role)) sum = sum.plus(entry.reserved);
    }
    return sum;
  }

  #entry(role: string): RoleEntry {
    let entry = this.#entries.get(role);
    if (entry === undefined) {
      entry = { weight: DEFAULT_WEIGHT, hasQuota: false, reserved: Quantities.EMPTY, frameworks: new Set() };
      this.#entries.set(role, entry);
    }
    return entry;
  }
}

function isKnown(entry: RoleEntry): boolean {
  return (
    entry.weight !== DEFAULT_WEIGHT || entry.hasQuota || !entry.reserved.isEmpty || entry.frameworks.size > 0
  );
}

function reservedByRole(resources: Resources): ReadonlyMap<string, Quantities> {
  const sums = new Map<string, Quantities>();
  const roles = new Set(resources.reserved().entries.map(({ identity }) => reservationRole(identity)!));
  for (const role of roles) sums.set(role, resources.reserved(role).quantities());
  return sums;
}
