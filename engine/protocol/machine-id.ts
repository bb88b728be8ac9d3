import type { MachineId } from './maintenance.ts';

/** Two ids of one machine have one key: host names compare without case, an absent field is the empty text (spec 10 §1). */
export function machineKey({ hostname, ip }: MachineId): string {
  return `${(hostname ?? '').toLowerCase()} ${ip ?? ''}`;
}

/** For people: `host (10.0.0.1)`, `host` or `10.0.0.1`. */
export function machineText({ hostname, ip }: MachineId): string {
  if (hostname === null || hostname === '') return ip ?? '';
  return ip === null || ip === '' ? hostname : `${hostname} (${ip})`;
}
