import type { MessageInitShape } from '@bufbuild/protobuf';
import { microsToSeconds } from '../../../../engine/core/index.ts';
import type { CheckInfo, CheckStatus, HealthCheck } from '../../../../engine/protocol/index.ts';
import {
  CheckInfo_Type,
  type CheckInfoSchema,
  type CheckInfoValid,
  type CheckStatusInfoSchema,
  type CheckStatusInfoValid,
  HealthCheck_Type,
  type HealthCheckSchema,
  type HealthCheckValid,
  NetworkInfo_Protocol,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { WireError } from '../message/wire-error.ts';
import { commandFromWire, commandToWire } from './command.ts';
import { namesOf, own, secondsField } from './presence.ts';

const checkName = namesOf(CheckInfo_Type);
const healthName = namesOf(HealthCheck_Type);
const protocolName = namesOf(NetworkInfo_Protocol);

export function checkFromWire(check: CheckInfoValid, path: string): CheckInfo {
  const type = checkName(own(check, 'type') ?? CheckInfo_Type.UNKNOWN);
  if (type === 'UNKNOWN') throw new WireError(path, "expecting 'type' to be COMMAND, HTTP or TCP");
  const { http, tcp } = check;
  return {
    type,
    command: commandFromWire(check.command?.command),
    http: http === undefined ? null : { port: http.port, path: own(http, 'path') },
    tcp: tcp === undefined ? null : { port: tcp.port },
    delay: secondsField(check.delaySeconds, `${path}.delay_seconds`),
    interval: secondsField(check.intervalSeconds, `${path}.interval_seconds`),
    timeout: secondsField(check.timeoutSeconds, `${path}.timeout_seconds`),
  };
}

export function checkToWire(check: CheckInfo): MessageInitShape<typeof CheckInfoSchema> {
  const { command, http, tcp } = check;
  return {
    type: CheckInfo_Type[check.type],
    ...(command === null ? {} : { command: { command: commandToWire(command) } }),
    ...(http === null
      ? {}
      : { http: { port: http.port, ...(http.path === null ? {} : { path: http.path }) } }),
    ...(tcp === null ? {} : { tcp: { port: tcp.port } }),
    delaySeconds: microsToSeconds(check.delay),
    intervalSeconds: microsToSeconds(check.interval),
    timeoutSeconds: microsToSeconds(check.timeout),
  };
}

export function healthCheckFromWire(check: HealthCheckValid, path: string): HealthCheck {
  const { http, tcp } = check;
  // Clients from before `type` say by the sub-message which kind they mean.
  const given = own(check, 'type');
  const implied =
    check.command !== undefined
      ? 'COMMAND'
      : http !== undefined
        ? 'HTTP'
        : tcp !== undefined
          ? 'TCP'
          : 'UNKNOWN';
  const type = given === null ? implied : healthName(given);
  if (type === 'UNKNOWN') throw new WireError(path, "expecting 'type' to be COMMAND, HTTP or TCP");
  return {
    type,
    command: commandFromWire(check.command),
    http:
      http === undefined
        ? null
        : {
            protocol: protocolName(http.protocol),
            scheme: own(http, 'scheme') ?? 'http',
            port: http.port,
            path: own(http, 'path') ?? '/',
          },
    tcp: tcp === undefined ? null : { protocol: protocolName(tcp.protocol), port: tcp.port },
    delay: secondsField(check.delaySeconds, `${path}.delay_seconds`),
    interval: secondsField(check.intervalSeconds, `${path}.interval_seconds`),
    timeout: secondsField(check.timeoutSeconds, `${path}.timeout_seconds`),
    consecutiveFailures: check.consecutiveFailures,
    gracePeriod: secondsField(check.gracePeriodSeconds, `${path}.grace_period_seconds`),
  };
}

export function healthCheckToWire(check: HealthCheck): MessageInitShape<typeof HealthCheckSchema> {
  const { command, http, tcp } = check;
  return {
    type: HealthCheck_Type[check.type],
    ...(command === null ? {} : { command: commandToWire(command) }),
    ...(http === null
      ? {}
      : {
          http: {
            protocol: NetworkInfo_Protocol[http.protocol],
            scheme: http.scheme,
            port: http.port,
            path: http.path,
          },
        }),
    ...(tcp === null ? {} : { tcp: { protocol: NetworkInfo_Protocol[tcp.protocol], port: tcp.port } }),
    delaySeconds: microsToSeconds(check.delay),
    intervalSeconds: microsToSeconds(check.interval),
    timeoutSeconds: microsToSeconds(check.timeout),
    consecutiveFailures: check.consecutiveFailures,
    gracePeriodSeconds: microsToSeconds(check.gracePeriod),
  };
}

export function checkStatusFromWire(status: CheckStatusInfoValid | undefined): CheckStatus | null {
  if (status === undefined) return null;
  const { command, http, tcp } = status;
  switch (checkName(own(status, 'type') ?? CheckInfo_Type.UNKNOWN)) {
    case 'COMMAND':
      return { type: 'COMMAND', exitCode: command === undefined ? null : own(command, 'exitCode') };
    case 'HTTP':
      return { type: 'HTTP', statusCode: http === undefined ? null : own(http, 'statusCode') };
    case 'TCP':
      return { type: 'TCP', succeeded: tcp === undefined ? null : own(tcp, 'succeeded') };
    default:
      return null;
  }
}

export function checkStatusToWire(status: CheckStatus): MessageInitShape<typeof CheckStatusInfoSchema> {
  switch (status.type) {
    case 'COMMAND':
      return {
        type: CheckInfo_Type.COMMAND,
        command: status.exitCode === null ? {} : { exitCode: status.exitCode },
      };
    case 'HTTP':
      return {
        type: CheckInfo_Type.HTTP,
        http: status.statusCode === null ? {} : { statusCode: status.statusCode },
      };
    case 'TCP':
      return {
        type: CheckInfo_Type.TCP,
        tcp: status.succeeded === null ? {} : { succeeded: status.succeeded },
      };
  }
}
