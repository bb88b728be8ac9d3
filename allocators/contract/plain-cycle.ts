import type { Agent, AllocatorOptions, Framework, Role } from '../../engine/master/index.ts';
import {
  isStrictSubrole,
  type Quantities,
  type Resource,
  type Resources,
  ResourceLimits,
  reservationRole,
  shrinkToLimits,
  shrinkToQuantities,
} from '../../engine/resources/index.ts';
import type { PlainBooks } from './plain-books.ts';
import { isExcluded } from './plain-constraints.ts';

/** One allocation of a stage. */
export interface PlainAllocation {
  readonly framework: Framework;
  readonly role: Role;
  readonly agent: Agent;
  readonly resources: Resources;
}

/** In which order a cycle visits its agents, in each of its stages. */
export interface VisitingOrder {
  readonly guarantees: readonly Agent[];
  readonly fairShare: readonly Agent[];
}

/**
 * Both stages of one cycle (conformance README §5.3, spec 16 §6 to §7), letter by letter. What is allocated is booked at once
 * and returned, one entry per allocation.
 */
export function runStages(
  books: PlainBooks,
  options: AllocatorOptions,
  order: VisitingOrder,
): readonly PlainAllocation[] {
  const allocations: PlainAllocation[] = [];
  let required = books.required();
  let headroom = books.headroom();

  const allocate = (framework: Framework, role: Role, agent: Agent, resources: Resources): void => {
    books.use(framework, role, agent, resources);
    books.charge(framework, role, agent, resources);
    allocations.push({ framework, role, agent, resources });
  };

  // Extra resources must leave as much unused as guarantees still need.
  const spare = (extra: Resources): Resources =>
    required.isEmpty || extra.isEmpty ? extra : shrinkToQuantities(extra, headroom.minus(required));

  for (const agent of order.guarantees) {
    for (const role of books.roleOrder()) {
      const quota = books.quotas.get(role);
      if (quota === undefined || quota.guarantees.isEmpty) continue;
      for (const framework of books.frameworkOrder(role)) {
        const consumed = books.consumed(role);
        const unmet = quota.guarantees.minus(consumed);
        if (unmet.isEmpty) break;
        const takeable = takeableBy(books, options, framework, role, agent);
        if (takeable === 'NOTHING_LEFT') break;
        if (takeable === null) continue;
        const guaranteed = shrinkToQuantities(divisible(takeable), unmet);
        if (guaranteed.isEmpty) continue;
        const left = quota.limits.minus(consumed).minus(guaranteed.quantities());
        const extra = spare(shrinkToLimits(divisible(takeable).minus(guaranteed), left));
        const alongside = takeable.filter((entry) => isAlwaysPart(entry, books.roleName(role), false));
        const offer = guaranteed.plus(extra).plus(alongside);
        if (!isOfferable(books, options, framework, role, agent, offer)) continue;
        allocate(framework, role, agent, offer);
        required = required.minus(guaranteed.quantities());
        headroom = headroom.minus(guaranteed.plus(extra).quantities());
      }
    }
  }

  for (const agent of order.fairShare) {
    for (const role of books.roleOrder()) {
      for (const framework of books.frameworkOrder(role)) {
        const takeable = takeableBy(books, options, framework, role, agent);
        if (takeable === 'NOTHING_LEFT') break;
        if (takeable === null) continue;
        const limits = books.quotas.get(role)?.limits ?? ResourceLimits.UNLIMITED;
        const extra = spare(shrinkToLimits(divisible(takeable), limits.minus(books.consumed(role))));
        const alongside = takeable.filter((entry) => isAlwaysPart(entry, books.roleName(role), true));
        const offer = extra.plus(alongside);
        if (!isOfferable(books, options, framework, role, agent, offer)) continue;
        allocate(framework, role, agent, offer);
        headroom = headroom.minus(extra.quantities());
      }
    }
  }
  return allocations;
}

/** Steps 1 to 3: what the framework could take of the agent, null to skip it, `NOTHING_LEFT` to stop with the role. */
function takeableBy(
  books: PlainBooks,
  options: AllocatorOptions,
  framework: Framework,
  role: Role,
  agent: Agent,
): Resources | null | 'NOTHING_LEFT' {
  const { offerConstraints, capabilities } = books.framework(framework).info;
  const { info } = books.agent(agent);
  if (offerConstraints !== null && isExcluded(offerConstraints, books.roleName(role), info)) return null;
  const available = books.available(agent).allocatableTo(books.roleName(role));
  if (available.isEmpty) return 'NOTHING_LEFT';
  if (!meetsMinimum(books, options, framework, role, available)) return null;
  if (!mayReceive(books, options, framework, role, agent)) return null;
  return available.filter(
    ({ identity }) =>
      (!identity.shared || capabilities.includes('SHARED_RESOURCES')) &&
      (!identity.revocable || capabilities.includes('REVOCABLE_RESOURCES')) &&
      (identity.reservations.length < 2 || capabilities.includes('RESERVATION_REFINEMENT')),
  );
}

/** Capabilities of framework and agent (conformance README §5.4). */
function mayReceive(
  books: PlainBooks,
  options: AllocatorOptions,
  framework: Framework,
  role: Role,
  agent: Agent,
): boolean {
  const { capabilities } = books.framework(framework).info;
  const { info } = books.agent(agent);
  const isRemote =
    options.domain !== null && info.domain !== null && info.domain.region !== options.domain.region;
  if (options.filterGpuResources && info.total.gpus > 0 && !capabilities.includes('GPU_RESOURCES'))
    return false;
  if (isRemote && !capabilities.includes('REGION_AWARE')) return false;
  if (capabilities.includes('MULTI_ROLE') && !info.capabilities.includes('MULTI_ROLE')) return false;
  return !books.roleName(role).includes('/') || info.capabilities.includes('HIERARCHICAL_ROLE');
}

/** Unreserved, non-revocable scalars: what limits and headroom cut. */
function divisible(resources: Resources): Resources {
  return resources.unreserved().nonRevocable().scalars();
}

/** Reservations of the role, and of its ancestors if so asked, whatever is no scalar, and revocable ones. */
function isAlwaysPart({ identity }: Resource, role: string, withAncestors: boolean): boolean {
  const owner = reservationRole(identity);
  if (owner !== null && (owner === role || (withAncestors && isStrictSubrole(role, owner)))) return true;
  return identity.type !== 'SCALAR' || identity.revocable;
}

/** Step 7: not below the minimum, and not refused before (conformance README §5.5). */
function isOfferable(
  books: PlainBooks,
  options: AllocatorOptions,
  framework: Framework,
  role: Role,
  agent: Agent,
  offer: Resources,
): boolean {
  if (!meetsMinimum(books, options, framework, role, offer)) return false;
  for (const filter of books.framework(framework).filters) {
    if (filter.role === role && filter.agent === agent && filter.refused.contains(offer)) return false;
  }
  return true;
}

function meetsMinimum(
  books: PlainBooks,
  options: AllocatorOptions,
  framework: Framework,
  role: Role,
  offer: Resources,
): boolean {
  if (offer.isEmpty) return false;
  const least: readonly Quantities[] =
    books.framework(framework).info.minAllocatable.get(role) ?? options.minAllocatable;
  return least.length === 0 || least.some((alternative) => offer.sizes().contains(alternative));
}
