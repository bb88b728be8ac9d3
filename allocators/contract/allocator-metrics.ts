import { fromMilli } from '../../engine/core/index.ts';
import type { AllocatorWorld } from './allocator-world.ts';
import { MalformedInput } from './decode.ts';

/** A metric: how its name is written, and how it is read. Undefined means that it does not exist now. */
interface Metric {
  readonly pattern: RegExp;
  readonly read: (world: AllocatorWorld, parts: readonly string[]) => number | undefined;
}

function isListed(world: AllocatorWorld, role: string): boolean {
  return world.allocator.roleOrder().includes(world.role(role));
}

/** Metric names of conformance README §7. */
const METRICS: readonly Metric[] = [
  {
    pattern: /^allocator\/mesos\/allocation_runs$/,
    read: (world) => world.allocator.metrics().allocationRuns,
  },
  {
    pattern: /^allocator\/mesos\/resources\/(cpus|mem|disk)\/total$/,
    read: (world, [name]) => fromMilli(world.allocator.totalScalar(name!)),
  },
  {
    pattern: /^allocator\/mesos\/resources\/(cpus|mem|disk)\/offered_or_allocated$/,
    read: (world, [name]) => fromMilli(world.allocator.offeredOrAllocatedScalar(name!)),
  },
  {
    pattern: /^allocator\/mesos\/quota\/roles\/(.+)\/resources\/([^/]+)\/guarantee$/,
    read(world, [role, name]) {
      const guarantees = world.allocator.quotaOf(world.role(role!))?.guarantees;
      return guarantees?.names.includes(name!) === true ? fromMilli(guarantees.get(name!)) : undefined;
    },
  },
  {
    pattern: /^allocator\/mesos\/quota\/roles\/(.+)\/resources\/([^/]+)\/limit$/,
    read(world, [role, name]) {
      const limit = world.allocator.quotaOf(world.role(role!))?.limits.get(name!) ?? null;
      return limit === null ? undefined : fromMilli(limit);
    },
  },
  {
    pattern: /^allocator\/mesos\/quota\/roles\/(.+)\/resources\/([^/]+)\/offered_or_allocated$/,
    read(world, [role, name]) {
      const number = world.role(role!);
      const quota = world.allocator.quotaOf(number);
      if (quota === null || !(quota.guarantees.names.includes(name!) || quota.limits.names.includes(name!))) {
        return undefined;
      }
      return fromMilli(world.allocator.roleOfferedOrAllocatedScalar(number, name!));
    },
  },
  {
    pattern: /^allocator\/mesos\/roles\/(.+)\/shares\/dominant$/,
    read: (world, [role]) =>
      isListed(world, role!) ? world.allocator.dominantShare(world.role(role!)) : undefined,
  },
  {
    pattern: /^allocator\/mesos\/offer_filters\/roles\/(.+)\/active$/,
    read: (world, [role]) =>
      isListed(world, role!) ? world.allocator.activeFilters(world.role(role!)) : undefined,
  },
];

/** The metric's value now, undefined when there is none. A name that no metric ever has is malformed input. */
export function readMetric(world: AllocatorWorld, name: string): number | undefined {
  for (const { pattern, read } of METRICS) {
    const match = pattern.exec(name);
    if (match !== null) return read(world, match.slice(1));
  }
  throw new MalformedInput(name, 'no metric has this name');
}
