import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FileInfo, ProcessResponse, VersionInfo } from '../../../../engine/protocol/index.ts';
import type {
  FileInfoSchema,
  FileInfoValid,
  FlagValid,
  MetricValid,
  VersionInfoSchema,
  VersionInfoValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import type { ResponseSchema } from '../../proto/generated/mesos/v1/master/master_pb.ts';
import { count, microsToNanos, nanosToMicros, own, present } from './presence.ts';

/** The fields that master's and agent's responses have in common. */
type ProcessFields = Pick<
  MessageInitShape<typeof ResponseSchema>,
  'getHealth' | 'getFlags' | 'getVersion' | 'getMetrics' | 'getLoggingLevel' | 'listFiles' | 'readFile'
>;

/** What the response messages of master and agent have in common. */
interface ProcessMessage {
  readonly getHealth?: { readonly healthy: boolean } | undefined;
  readonly getFlags?: { readonly flags: FlagValid[] } | undefined;
  readonly getVersion?: { readonly versionInfo: VersionInfoValid } | undefined;
  readonly getMetrics?: { readonly metrics: MetricValid[] } | undefined;
  readonly getLoggingLevel?: { readonly level: number } | undefined;
  readonly listFiles?: { readonly fileInfos: FileInfoValid[] } | undefined;
  readonly readFile?: { readonly size: bigint; readonly data: Uint8Array } | undefined;
}

export function versionToWire(version: VersionInfo): MessageInitShape<typeof VersionInfoSchema> {
  const { buildDate, buildTime, buildUser, gitSha, gitBranch, gitTag } = version;
  return {
    version: version.version,
    ...(buildDate === null ? {} : { buildDate }),
    ...(buildTime === null ? {} : { buildTime }),
    ...(buildUser === null ? {} : { buildUser }),
    ...(gitSha === null ? {} : { gitSha }),
    ...(gitBranch === null ? {} : { gitBranch }),
    ...(gitTag === null ? {} : { gitTag }),
  };
}

function versionFromWire(version: VersionInfoValid): VersionInfo {
  return {
    version: version.version,
    buildDate: own(version, 'buildDate'),
    buildTime: own(version, 'buildTime'),
    buildUser: own(version, 'buildUser'),
    gitSha: own(version, 'gitSha'),
    gitBranch: own(version, 'gitBranch'),
    gitTag: own(version, 'gitTag'),
  };
}

function fileToWire(file: FileInfo): MessageInitShape<typeof FileInfoSchema> {
  const { path, nlink, size, mtime, mode, uid, gid } = file;
  return {
    path,
    ...(nlink === null ? {} : { nlink }),
    ...(size === null ? {} : { size: BigInt(size) }),
    ...(mtime === null ? {} : { mtime: { nanoseconds: microsToNanos(mtime) } }),
    ...(mode === null ? {} : { mode }),
    ...(uid === null ? {} : { uid }),
    ...(gid === null ? {} : { gid }),
  };
}

function fileFromWire(file: FileInfoValid): FileInfo {
  const size = own(file, 'size');
  return {
    path: file.path,
    nlink: own(file, 'nlink'),
    size: size === null ? null : count(size, 'size'),
    mtime: file.mtime === undefined ? null : nanosToMicros(file.mtime.nanoseconds, 'mtime'),
    mode: own(file, 'mode'),
    uid: own(file, 'uid'),
    gid: own(file, 'gid'),
  };
}

export function isProcessResponse(
  response: ProcessResponse | { readonly type: string },
): response is ProcessResponse {
  return PROCESS_TYPES.has(response.type);
}

const PROCESS_TYPES: ReadonlySet<string> = new Set<ProcessResponse['type']>([
  'GET_HEALTH',
  'GET_FLAGS',
  'GET_VERSION',
  'GET_METRICS',
  'GET_LOGGING_LEVEL',
  'LIST_FILES',
  'READ_FILE',
]);

export function processResponseToWire(response: ProcessResponse): ProcessFields {
  switch (response.type) {
    case 'GET_HEALTH':
      return { getHealth: { healthy: response.healthy } };
    case 'GET_FLAGS':
      return {
        getFlags: {
          flags: response.flags.map(({ name, value }) => (value === null ? { name } : { name, value })),
        },
      };
    case 'GET_VERSION':
      return { getVersion: { versionInfo: versionToWire(response.versionInfo) } };
    case 'GET_METRICS':
      return {
        getMetrics: {
          metrics: response.metrics.map(({ name, value }) => (value === null ? { name } : { name, value })),
        },
      };
    case 'GET_LOGGING_LEVEL':
      return { getLoggingLevel: { level: response.level } };
    case 'LIST_FILES':
      return { listFiles: { fileInfos: response.fileInfos.map(fileToWire) } };
    case 'READ_FILE':
      return { readFile: { size: BigInt(response.size), data: response.data } };
  }
}

/** For clients. */
export function processResponseFromWire(
  type: ProcessResponse['type'],
  response: ProcessMessage,
): ProcessResponse {
  switch (type) {
    case 'GET_HEALTH':
      return { type, healthy: present(response.getHealth, 'get_health').healthy };
    case 'GET_FLAGS':
      return {
        type,
        flags: present(response.getFlags, 'get_flags').flags.map((flag) => ({
          name: flag.name,
          value: own(flag, 'value'),
        })),
      };
    case 'GET_VERSION':
      return { type, versionInfo: versionFromWire(present(response.getVersion, 'get_version').versionInfo) };
    case 'GET_METRICS':
      return {
        type,
        metrics: present(response.getMetrics, 'get_metrics').metrics.map((metric) => ({
          name: metric.name,
          value: own(metric, 'value'),
        })),
      };
    case 'GET_LOGGING_LEVEL':
      return { type, level: present(response.getLoggingLevel, 'get_logging_level').level };
    case 'LIST_FILES':
      return { type, fileInfos: present(response.listFiles, 'list_files').fileInfos.map(fileFromWire) };
    case 'READ_FILE': {
      const { size, data } = present(response.readFile, 'read_file');
      return { type, size: count(size, 'read_file.size'), data };
    }
  }
}
