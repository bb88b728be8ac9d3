import { hostname as hostName, networkInterfaces } from 'node:os';

export interface AgentAddress {
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
}

const WILDCARDS = new Set(['0.0.0.0', '::']);

/** What others are told: what was said, else what the agent listens on, else an address of the host. */
export function agentAddress(
  bound: { readonly address: string; readonly port: number },
  advertise: { readonly hostname?: string; readonly ip?: string; readonly port?: number },
): AgentAddress {
  const ip = advertise.ip ?? (WILDCARDS.has(bound.address) ? hostAddress() : bound.address);
  const isLoopback = ip.startsWith('127.') || ip === '::1';
  return {
    hostname: advertise.hostname ?? (isLoopback ? ip : hostName()),
    ip,
    port: advertise.port ?? bound.port,
  };
}

function hostAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, internal, family } of addresses ?? []) {
      if (!internal && family === 'IPv4') return address;
    }
  }
  return '127.0.0.1';
}
