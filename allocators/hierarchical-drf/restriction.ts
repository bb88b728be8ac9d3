import type { AgentCapability, DomainInfo, FrameworkCapability } from '../../engine/protocol/index.ts';
import type { Resources } from '../../engine/resources/index.ts';

/** What keeps some frameworks away from an agent, as bits; a framework is kept away if it shares a bit with the agent (spec 16 §4). */
export const HAS_GPUS = 1;
export const IS_REMOTE = 2;
export const IS_SINGLE_ROLE = 4;
export const IS_FLAT_ROLE = 8;

/** The restrictions that an agent has. `domain` of the master null: no agent is remote. */
export function restrictionsOf(
  agent: {
    readonly total: Resources;
    readonly capabilities: readonly AgentCapability[];
    readonly domain: DomainInfo | null;
  },
  domain: DomainInfo | null,
): number {
  let bits = 0;
  if (agent.total.gpus > 0) bits |= HAS_GPUS;
  if (domain !== null && agent.domain !== null && agent.domain.region !== domain.region) bits |= IS_REMOTE;
  if (!agent.capabilities.includes('MULTI_ROLE')) bits |= IS_SINGLE_ROLE;
  if (!agent.capabilities.includes('HIERARCHICAL_ROLE')) bits |= IS_FLAT_ROLE;
  return bits;
}

/** The restrictions that keep a framework with these capabilities away in a role that is nested or not. */
export function exclusionsOf(
  capabilities: readonly FrameworkCapability[],
  isNestedRole: boolean,
  filterGpuResources: boolean,
): number {
  let bits = 0;
  if (filterGpuResources && !capabilities.includes('GPU_RESOURCES')) bits |= HAS_GPUS;
  if (!capabilities.includes('REGION_AWARE')) bits |= IS_REMOTE;
  if (capabilities.includes('MULTI_ROLE')) bits |= IS_SINGLE_ROLE;
  if (isNestedRole) bits |= IS_FLAT_ROLE;
  return bits;
}

/** `resources` without what a framework with these capabilities cannot take. */
export function strippedFor(resources: Resources, capabilities: readonly FrameworkCapability[]): Resources {
  let stripped = resources;
  if (!capabilities.includes('SHARED_RESOURCES')) stripped = stripped.nonShared();
  if (!capabilities.includes('REVOCABLE_RESOURCES')) stripped = stripped.nonRevocable();
  if (!capabilities.includes('RESERVATION_REFINEMENT')) {
    stripped = stripped.filter(({ identity }) => identity.reservations.length <= 1);
  }
  return stripped;
}
