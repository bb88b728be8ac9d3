import { MILLI_PER_UNIT } from '../../../engine/core/index.ts';
import type { TaskTemplate } from '../../../engine/protocol/index.ts';
import type { Resources } from '../../../engine/resources/index.ts';
import type { ContainerLimits } from '../containers/container-runtime.ts';

export const MEGABYTE = 1_024 * 1_024;
/** No container gets less (Mesos's `MIN_MEMORY`). */
const MEMORY_MIN = 32 * MEGABYTE;
/** Mesos's `MIN_CPU_SHARES` as thousandths of a cpu, rounded up. */
const CPU_MIN = 2;

/** Thousandths of a scalar, of all its kinds together. */
export function scalarOf(resources: Resources, name: string): number {
  let amount = 0;
  for (const { identity, scalar } of resources.entries) if (identity.name === name) amount += scalar;
  return amount;
}

/** Megabytes in thousandths, as `mem` and `disk` come, as bytes. */
export function bytesOf(milliMegabytes: number): number {
  return Math.floor((milliMegabytes * MEGABYTE) / MILLI_PER_UNIT);
}

/**
 * What the container may use (spec 12 §6): shares of cpu as it has cpus; a quota only if the agent enforces it, or the task sets a limit of its own;
 * memory up to its limit, with what it was given as the soft one.
 *
 * @param limits of the task in cpus and megabytes, Infinity for none (`TaskInfo.limits`)
 */
export function containerLimits(
  resources: Resources,
  limits: TaskTemplate['limits'],
  enforcesCfs: boolean,
): ContainerLimits {
  const cpus = Math.max(CPU_MIN, scalarOf(resources, 'cpus'));
  const memory = Math.max(MEMORY_MIN, bytesOf(scalarOf(resources, 'mem')));
  const unlimited = enforcesCfs ? cpus : Number.POSITIVE_INFINITY;
  const cpuLimit = limits?.cpus == null ? unlimited : Math.round(limits.cpus * MILLI_PER_UNIT);
  const memoryLimit = limits?.mem == null ? memory : Math.floor(limits.mem * MEGABYTE);
  return {
    cpuShares: cpus,
    cpuQuota: Number.isFinite(cpuLimit) ? Math.max(cpuLimit, CPU_MIN) : null,
    memoryBytes: Number.isFinite(memoryLimit) ? Math.max(memoryLimit, MEMORY_MIN) : null,
    memorySoftBytes: limits?.mem == null ? null : memory,
  };
}
