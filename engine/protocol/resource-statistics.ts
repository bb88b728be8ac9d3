import type { Micros } from '../core/index.ts';
import type { DiskInfo } from '../resources/index.ts';

/** The measurements of `ResourceStatistics` that every agent makes (spec 06 §D), named as on the wire but for the case. */
export type StatisticName =
  | 'processes'
  | 'threads'
  | 'cpusUserTimeSecs'
  | 'cpusSystemTimeSecs'
  | 'cpusLimit'
  | 'cpusSoftLimit'
  | 'cpusNrPeriods'
  | 'cpusNrThrottled'
  | 'cpusThrottledTimeSecs'
  | 'memTotalBytes'
  | 'memRssBytes'
  | 'memLimitBytes'
  | 'memSoftLimitBytes'
  | 'memFileBytes'
  | 'memAnonBytes'
  | 'memCacheBytes'
  | 'memMappedFileBytes'
  | 'memSwapBytes'
  | 'memUnevictableBytes'
  | 'memLowPressureCounter'
  | 'memMediumPressureCounter'
  | 'memCriticalPressureCounter'
  | 'diskLimitBytes'
  | 'diskUsedBytes'
  | 'netRxPackets'
  | 'netRxBytes'
  | 'netRxErrors'
  | 'netRxDropped'
  | 'netTxPackets'
  | 'netTxBytes'
  | 'netTxErrors'
  | 'netTxDropped';

/** `ResourceStatistics`: what a container uses at `timestamp`; null where it was not measured. */
export type ResourceStatistics = { readonly [Name in StatisticName]: number | null } & {
  readonly timestamp: Micros;
  readonly diskStatistics: readonly {
    readonly source: DiskInfo['source'];
    readonly persistence: DiskInfo['persistence'];
    readonly limitBytes: number | null;
    readonly usedBytes: number | null;
  }[];
};

/** What one who can measure nothing tells. */
export const NOTHING_MEASURED: Omit<ResourceStatistics, 'timestamp'> = {
  processes: null,
  threads: null,
  cpusUserTimeSecs: null,
  cpusSystemTimeSecs: null,
  cpusLimit: null,
  cpusSoftLimit: null,
  cpusNrPeriods: null,
  cpusNrThrottled: null,
  cpusThrottledTimeSecs: null,
  memTotalBytes: null,
  memRssBytes: null,
  memLimitBytes: null,
  memSoftLimitBytes: null,
  memFileBytes: null,
  memAnonBytes: null,
  memCacheBytes: null,
  memMappedFileBytes: null,
  memSwapBytes: null,
  memUnevictableBytes: null,
  memLowPressureCounter: null,
  memMediumPressureCounter: null,
  memCriticalPressureCounter: null,
  diskLimitBytes: null,
  diskUsedBytes: null,
  netRxPackets: null,
  netRxBytes: null,
  netRxErrors: null,
  netRxDropped: null,
  netTxPackets: null,
  netTxBytes: null,
  netTxErrors: null,
  netTxDropped: null,
  diskStatistics: [],
};
