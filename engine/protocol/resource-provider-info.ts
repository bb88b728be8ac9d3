import type { Micros } from '../core/index.ts';
import type { Reservation, Resources } from '../resources/index.ts';
import type { Attribute } from './agent-info.ts';
import type { CommandInfo, ContainerInfo } from './container.ts';

/** `ResourceProviderInfo` (spec 09 §6). `id` is null until the agent has admitted it. */
export interface ResourceProviderInfo {
  readonly id: string | null;
  readonly attributes: readonly Attribute[];
  readonly type: string;
  readonly name: string;
  readonly defaultReservations: readonly Reservation[];
  readonly storage: { readonly plugin: CsiPluginInfo; readonly reconciliationInterval: Micros | null } | null;
}

export type CsiService = 'UNKNOWN' | 'CONTROLLER_SERVICE' | 'NODE_SERVICE';

/** `CSIPluginInfo`: a storage plugin, as containers that the agent runs or as endpoints that exist. */
export interface CsiPluginInfo {
  readonly type: string;
  readonly name: string;
  readonly containers: readonly {
    readonly services: readonly CsiService[];
    readonly command: CommandInfo | null;
    readonly resources: Resources;
    readonly container: ContainerInfo | null;
  }[];
  readonly endpoints: readonly { readonly csiService: CsiService; readonly endpoint: string }[];
  readonly targetPathRoot: string | null;
  readonly targetPathExists: boolean | null;
}

/** A provider that is there, with what it has. */
export interface ResourceProviderStatus {
  readonly resourceProviderInfo: ResourceProviderInfo;
  readonly totalResources: Resources;
}
