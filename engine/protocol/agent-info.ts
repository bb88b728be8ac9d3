import type { AgentId, Milli } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';

/** An attribute of an agent (spec 02 §3): scalar, ranges or text; first of a name counts in constraints. */
export type Attribute =
  | { readonly name: string; readonly type: 'SCALAR'; readonly scalar: Milli }
  | {
      readonly name: string;
      readonly type: 'RANGES';
      readonly ranges: readonly { readonly begin: number; readonly end: number }[];
    }
  | { readonly name: string; readonly type: 'SET'; readonly items: readonly string[] }
  | { readonly name: string; readonly type: 'TEXT'; readonly text: string };

/** Region and zone (spec 11). */
export interface DomainInfo {
  readonly region: string;
  readonly zone: string;
}

/** `AgentInfo.Capability` (spec 01 §6). */
export type AgentCapability =
  | 'MULTI_ROLE'
  | 'HIERARCHICAL_ROLE'
  | 'RESERVATION_REFINEMENT'
  | 'RESOURCE_PROVIDER'
  | 'RESIZE_VOLUME'
  | 'AGENT_OPERATION_FEEDBACK'
  | 'AGENT_DRAINING'
  | 'TASK_RESOURCE_LIMITS';

export const ALL_AGENT_CAPABILITIES: readonly AgentCapability[] = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESOURCE_PROVIDER',
  'RESIZE_VOLUME',
  'AGENT_OPERATION_FEEDBACK',
  'AGENT_DRAINING',
  'TASK_RESOURCE_LIMITS',
];

/** What an agent says of itself. `id` is null until a master has admitted it. */
export interface AgentInfo {
  readonly id: AgentId | null;
  readonly hostname: string;
  /** Address that it is reached at, half of its machine's id (spec 10 §1); null where nobody knows one, as in most simulations. */
  readonly ip: string | null;
  readonly port: number;
  readonly resources: Resources;
  readonly attributes: readonly Attribute[];
  readonly domain: DomainInfo | null;
  readonly capabilities: readonly AgentCapability[];
  readonly version: string;
}
