import type { MessageInitShape } from '@bufbuild/protobuf';
import type { DrainConfig, DrainInfo } from '../../../../engine/protocol/index.ts';
import {
  type DrainConfigSchema,
  type DrainConfigValid,
  type DrainInfoSchema,
  type DrainInfoValid,
  DrainState,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { microsToNanos, namesOf, nanosToMicros } from './presence.ts';

const stateName = namesOf(DrainState);

export function drainConfigFromWire(config: DrainConfigValid, path: string): DrainConfig {
  const { maxGracePeriod, markGone } = config;
  return {
    maxGracePeriod:
      maxGracePeriod === undefined
        ? null
        : nanosToMicros(maxGracePeriod.nanoseconds, `${path}.max_grace_period`),
    markGone,
  };
}

export function drainConfigToWire(config: DrainConfig): MessageInitShape<typeof DrainConfigSchema> {
  const { maxGracePeriod, markGone } = config;
  return {
    ...(maxGracePeriod === null ? {} : { maxGracePeriod: { nanoseconds: microsToNanos(maxGracePeriod) } }),
    markGone,
  };
}

export function drainInfoFromWire(info: DrainInfoValid, path: string): DrainInfo {
  return { state: stateName(info.state), config: drainConfigFromWire(info.config, `${path}.config`) };
}

export function drainInfoToWire(info: DrainInfo): MessageInitShape<typeof DrainInfoSchema> {
  return { state: DrainState[info.state], config: drainConfigToWire(info.config) };
}
