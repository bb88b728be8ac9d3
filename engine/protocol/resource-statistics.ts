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
