import { fromMilli, type Micros, type Milli } from '../../../engine/core/index.ts';
import { NOTHING_MEASURED, type ResourceStatistics } from '../../../engine/protocol/index.ts';
import type { ContainerUsage } from '../containers/container-runtime.ts';
import type { AgentContainer, AgentContainers } from './agent-containers.ts';
import { bytesOf, scalarOf } from './container-limits.ts';

const NOTHING: ContainerUsage = {
  cpuUserSeconds: null,
  cpuSystemSeconds: null,
  memoryBytes: null,
  memoryRssBytes: null,
  memoryCacheBytes: null,
  memoryLimitBytes: null,
  processes: null,
  throttledPeriods: null,
  periods: null,
  throttledSeconds: null,
};

/** What a container uses now; null where its runtime cannot tell. Null for one that does not run. */
export async function containerStatistics(
  containers: AgentContainers,
  container: AgentContainer,
  now: Micros,
): Promise<ResourceStatistics | null> {
  if (container.state !== 'running') return null;
  const usage =
    (await containers
      .runtimeOf(container)
      ?.usage(container.text)
      .catch(() => null)) ?? NOTHING;
  const { limits, diskUsedBytes } = container;
  const disk = scalarOf(container.resources, 'disk');
  return {
    ...NOTHING_MEASURED,
    timestamp: now,
    processes: usage.processes,
    cpusUserTimeSecs: usage.cpuUserSeconds,
    cpusSystemTimeSecs: usage.cpuSystemSeconds,
    cpusLimit: limits === null ? null : fromMilli((limits.cpuQuota ?? limits.cpuShares) as Milli),
    cpusSoftLimit: limits === null ? null : fromMilli(limits.cpuShares as Milli),
    cpusNrPeriods: usage.periods,
    cpusNrThrottled: usage.throttledPeriods,
    cpusThrottledTimeSecs: usage.throttledSeconds,
    memTotalBytes: usage.memoryBytes,
    memRssBytes: usage.memoryRssBytes,
    memAnonBytes: usage.memoryRssBytes,
    memCacheBytes: usage.memoryCacheBytes,
    memFileBytes: usage.memoryCacheBytes,
    memLimitBytes: usage.memoryLimitBytes ?? limits?.memoryBytes ?? null,
    memSoftLimitBytes: limits?.memorySoftBytes ?? limits?.memoryBytes ?? null,
    diskLimitBytes: disk === 0 ? null : bytesOf(disk),
    diskUsedBytes,
  };
}
