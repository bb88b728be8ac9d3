import type { MessageInitShape } from '@bufbuild/protobuf';
import { isIPv4 } from 'node:net';
import type { MasterEpoch } from '../../../../engine/core/index.ts';
import type { DomainInfo, MasterCapability, MasterInfo } from '../../../../engine/protocol/index.ts';
import {
  MasterInfo_Capability_Type,
  type MasterInfoSchema,
  type MasterInfoValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import { domainFromWire, domainToWire } from './agent-info.ts';
import { namesOf, own } from './presence.ts';

/** What a master tells of itself beside its id. */
export interface MasterAddress {
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
  readonly version: string;
  readonly domain: DomainInfo | null;
}

export const MASTER_CAPABILITIES: readonly MasterCapability[] = [
  'AGENT_UPDATE',
  'AGENT_DRAINING',
  'QUOTA_V2',
];
const capabilityName = namesOf(MasterInfo_Capability_Type);

/** `master@ip:port`, as libprocess names the master's process. */
export function masterPid(address: MasterAddress): string {
  return `master@${address.ip}:${address.port}`;
}

export function masterInfoToWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  address: MasterAddress,
): MessageInitShape<typeof MasterInfoSchema> {
  const { hostname, ip, port, version, domain } = address;
  return {
    id: ids.masterText(epoch),
    ip: ipNumber(ip),
    port,
    pid: masterPid(address),
    hostname,
    version,
    address: { hostname, ip, port },
    ...(domain === null ? {} : { domain: domainToWire(domain)! }),
    capabilities: MASTER_CAPABILITIES.map((name) => ({ type: MasterInfo_Capability_Type[name] })),
  };
}

/** The four bytes in the order of the network, read as the host's number: little-endian on every machine that matters. */
function ipNumber(ip: string): number {
  if (!isIPv4(ip)) return 0;
  return ip.split('.').reduceRight((sum, byte) => sum * 256 + Number(byte), 0);
}

/** For clients. The epoch is the end of the id's text. */
export function masterInfoFromWire(info: MasterInfoValid): MasterInfo {
  const capabilities: MasterCapability[] = [];
  for (const capability of info.capabilities) {
    const type = own(capability, 'type');
    const name = type === null ? 'UNKNOWN' : capabilityName(type);
    if (name !== 'UNKNOWN') capabilities.push(name);
  }
  return {
    epoch: epochOfMaster(info.id),
    hostname: info.hostname,
    port: info.port,
    version: info.version,
    domain: domainFromWire(info.domain),
    capabilities,
  };
}

export function epochOfMaster(id: string): MasterEpoch {
  const epoch = Number.parseInt(id.slice(-8), 16);
  return (Number.isNaN(epoch) ? 0 : epoch) as MasterEpoch;
}
