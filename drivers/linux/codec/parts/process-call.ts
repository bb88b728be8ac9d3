import type { ProcessCall } from '../../../../engine/protocol/index.ts';
import { count, microsToNanos, nanosToMicros, own, present } from './presence.ts';

interface Nanoseconds {
  readonly nanoseconds: bigint;
}

/** What the call messages of master and agent have in common. */
interface ProcessCallMessage {
  readonly getMetrics?: { readonly timeout?: Nanoseconds | undefined } | undefined;
  readonly setLoggingLevel?: { readonly level: number; readonly duration: Nanoseconds } | undefined;
  readonly listFiles?: { readonly path: string } | undefined;
  readonly readFile?: { readonly path: string; readonly offset: bigint; readonly length: bigint } | undefined;
}

/** The calls about the process are the same of master and agent, and so are their messages. */
export function processCallFromWire(type: ProcessCall['type'], call: ProcessCallMessage): ProcessCall {
  switch (type) {
    case 'GET_METRICS': {
      const { timeout } = present(call.getMetrics, 'get_metrics');
      return {
        type,
        timeout: timeout === undefined ? null : nanosToMicros(timeout.nanoseconds, 'get_metrics.timeout'),
      };
    }
    case 'SET_LOGGING_LEVEL': {
      const { level, duration } = present(call.setLoggingLevel, 'set_logging_level');
      return { type, level, duration: nanosToMicros(duration.nanoseconds, 'set_logging_level.duration') };
    }
    case 'LIST_FILES':
      return { type, path: present(call.listFiles, 'list_files').path };
    case 'READ_FILE': {
      const read = present(call.readFile, 'read_file');
      const length = own(read, 'length');
      return {
        type,
        path: read.path,
        offset: count(read.offset, 'read_file.offset'),
        length: length === null ? null : count(length, 'read_file.length'),
      };
    }
    default:
      return { type };
  }
}

/** For clients: the fields of the call's message but its type. */
export function processCallToWire(call: ProcessCall) {
  switch (call.type) {
    case 'GET_METRICS':
      return {
        getMetrics: call.timeout === null ? {} : { timeout: { nanoseconds: microsToNanos(call.timeout) } },
      };
    case 'SET_LOGGING_LEVEL':
      return {
        setLoggingLevel: { level: call.level, duration: { nanoseconds: microsToNanos(call.duration) } },
      };
    case 'LIST_FILES':
      return { listFiles: { path: call.path } };
    case 'READ_FILE':
      return {
        readFile: {
          path: call.path,
          offset: BigInt(call.offset),
          ...(call.length === null ? {} : { length: BigInt(call.length) }),
        },
      };
    default:
      return {};
  }
}
