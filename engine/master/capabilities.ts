import type { MasterCapability } from '../protocol/index.ts';

/** What this master can do (spec 01 §6): all there is. */
export const MASTER_CAPABILITIES: readonly MasterCapability[] = [
  'AGENT_UPDATE',
  'AGENT_DRAINING',
  'QUOTA_V2',
];

/** What a registry asks of its master (spec 13 §3) and this one cannot do. */
export function lackingCapabilities(minimum: readonly string[]): readonly string[] {
  const able = new Set<string>(MASTER_CAPABILITIES);
  return minimum.filter((capability) => !able.has(capability));
}
