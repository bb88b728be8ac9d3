import type { MessageInitShape } from '@bufbuild/protobuf';
import { microsToSeconds } from '../../../../engine/core/index.ts';
import type { ResourceStatistics, StatisticName } from '../../../../engine/protocol/index.ts';
import { resourceIdentity, scalarResource, Resources } from '../../../../engine/resources/index.ts';
import {
  ResourceStatisticsSchema,
  type ResourceStatisticsValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { ScalarType } from '@bufbuild/protobuf';
import { own, secondsField } from './presence.ts';
import { resourceFromWire, resourcesToWire } from './resources.ts';
import { Value_Type } from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { readJson } from '../message/read-json.ts';
import { ResourceSchema } from '../../proto/generated/mesos/v1/mesos_pb.ts';

/** Every measurement, as a record, so that none can be forgotten here. */
const NAMES: { readonly [Name in StatisticName]: true } = {
  processes: true,
  threads: true,
  cpusUserTimeSecs: true,
  cpusSystemTimeSecs: true,
  cpusLimit: true,
  cpusSoftLimit: true,
  cpusNrPeriods: true,
  cpusNrThrottled: true,
  cpusThrottledTimeSecs: true,
  memTotalBytes: true,
  memRssBytes: true,
  memLimitBytes: true,
  memSoftLimitBytes: true,
  memFileBytes: true,
  memAnonBytes: true,
  memCacheBytes: true,
  memMappedFileBytes: true,
  memSwapBytes: true,
  memUnevictableBytes: true,
  memLowPressureCounter: true,
  memMediumPressureCounter: true,
  memCriticalPressureCounter: true,
  diskLimitBytes: true,
  diskUsedBytes: true,
  netRxPackets: true,
  netRxBytes: true,
  netRxErrors: true,
  netRxDropped: true,
  netTxPackets: true,
  netTxBytes: true,
  netTxErrors: true,
  netTxDropped: true,
};
const STATISTICS = Object.keys(NAMES) as StatisticName[];
/** Those that are 64 bits wide on the wire. */
const WIDE = new Set<string>(
  STATISTICS.filter((name) => ResourceStatisticsSchema.field[name].scalar === ScalarType.UINT64),
);

const LONGEST = 2n ** 64n - 1n;

/** A `uint64` of a count. Counts beyond 2^53, as a limit that means none, are inexact, and the highest would not fit. */
function wide(value: number): bigint {
  const count = BigInt(Math.round(value));
  return count > LONGEST ? LONGEST : count;
}

export function statisticsToWire(
  statistics: ResourceStatistics,
): MessageInitShape<typeof ResourceStatisticsSchema> {
  const message: Record<string, unknown> = { timestamp: microsToSeconds(statistics.timestamp) };
  for (const name of STATISTICS) {
    const value = statistics[name];
    if (value !== null) message[name] = WIDE.has(name) ? wide(value) : value;
  }
  message['diskStatistics'] = statistics.diskStatistics.map(
    ({ source, persistence, limitBytes, usedBytes }) => {
      // A disk's source and persistence are written as those of a resource.
      const disk = { source, persistence, volume: null };
      const shown =
        source === null && persistence === null
          ? undefined
          : resourcesToWire(
              Resources.of([scalarResource(resourceIdentity({ name: 'disk', disk }), 1 as never)]),
              'post',
              null,
            )[0]!.disk;
      return {
        ...(shown?.source === undefined ? {} : { source: shown.source }),
        ...(shown?.persistence === undefined ? {} : { persistence: shown.persistence }),
        ...(limitBytes === null ? {} : { limitBytes: wide(limitBytes) }),
        ...(usedBytes === null ? {} : { usedBytes: wide(usedBytes) }),
      };
    },
  );
  return message;
}

/** For clients. */
export function statisticsFromWire(message: ResourceStatisticsValid): ResourceStatistics {
  const measured: Partial<Record<StatisticName, number | null>> = {};
  for (const name of STATISTICS) {
    const value = own(message, name);
    measured[name] = value === null ? null : Number(value);
  }
  return {
    ...(measured as Record<StatisticName, number | null>),
    timestamp: secondsField(message.timestamp, 'timestamp'),
    diskStatistics: message.diskStatistics.map((one) => {
      const resource = readJson(ResourceSchema, { name: 'disk', type: 'SCALAR', scalar: { value: 1 } });
      resource.type = Value_Type.SCALAR;
      if (one.source !== undefined || one.persistence !== undefined) {
        resource.disk = {
          $typeName: 'mesos.v1.Resource.DiskInfo',
          ...(one.source === undefined ? {} : { source: one.source }),
          ...(one.persistence === undefined ? {} : { persistence: one.persistence }),
        };
      }
      const disk = resourceFromWire(resource, 'disk_statistics').entries[0]?.identity.disk ?? null;
      const limit = own(one, 'limitBytes');
      const used = own(one, 'usedBytes');
      return {
        source: disk?.source ?? null,
        persistence: disk?.persistence ?? null,
        limitBytes: limit === null ? null : Number(limit),
        usedBytes: used === null ? null : Number(used),
      };
    }),
  };
}
