import type { Micros } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';
import type { CommandInfo, ContainerInfo } from './container.ts';
import type { ContainerId } from './container-id.ts';
import type { Labels } from './labels.ts';
import type { ProcessCall } from './process-info.ts';
import type { ResourceProviderInfo } from './resource-provider-info.ts';

/** Calls of `POST /api/v1` on an agent (spec 06 §A; spec 18, `mesos.v1.agent.Call`). */
export type AgentApiCall =
  | ProcessCall
  | {
      readonly type:
        | 'GET_STATE'
        | 'GET_FRAMEWORKS'
        | 'GET_EXECUTORS'
        | 'GET_OPERATIONS'
        | 'GET_TASKS'
        | 'GET_AGENT'
        | 'GET_RESOURCE_PROVIDERS';
    }
  | { readonly type: 'GET_CONTAINERS'; readonly showNested: boolean; readonly showStandalone: boolean }
  | ContainerCall
  | {
      readonly type: 'ADD_RESOURCE_PROVIDER_CONFIG' | 'UPDATE_RESOURCE_PROVIDER_CONFIG';
      readonly info: ResourceProviderInfo;
    }
  /** `providerType` is the message's own `type` field. */
  | {
      readonly type: 'REMOVE_RESOURCE_PROVIDER_CONFIG';
      readonly providerType: string;
      readonly name: string;
    }
  | { readonly type: 'MARK_RESOURCE_PROVIDER_GONE'; readonly resourceProviderId: string }
  | { readonly type: 'PRUNE_IMAGES'; readonly excludedImages: readonly ContainerImage[] };

/** Calls about containers that the agent runs for others than its executors. */
export type ContainerCall =
  /** Nested when its id has a parent, else standalone. `limits` may be infinite. */
  | {
      readonly type: 'LAUNCH_CONTAINER';
      readonly containerId: ContainerId;
      readonly command: CommandInfo | null;
      readonly resources: Resources;
      readonly container: ContainerInfo | null;
      readonly limits: { readonly cpus: number | null; readonly mem: number | null } | null;
    }
  | {
      readonly type: 'LAUNCH_NESTED_CONTAINER' | 'LAUNCH_NESTED_CONTAINER_SESSION';
      readonly containerId: ContainerId;
      readonly command: CommandInfo | null;
      readonly container: ContainerInfo | null;
    }
  | {
      readonly type:
        | 'WAIT_NESTED_CONTAINER'
        | 'REMOVE_NESTED_CONTAINER'
        | 'WAIT_CONTAINER'
        | 'REMOVE_CONTAINER'
        | 'ATTACH_CONTAINER_OUTPUT';
      readonly containerId: ContainerId;
    }
  /** `signal` null means SIGKILL. */
  | {
      readonly type: 'KILL_NESTED_CONTAINER' | 'KILL_CONTAINER';
      readonly containerId: ContainerId;
      readonly signal: number | null;
    }
  | { readonly type: 'ATTACH_CONTAINER_INPUT'; readonly input: ContainerInput };

/** `Call.AttachContainerInput`: first the container, then what goes into it. */
export type ContainerInput =
  | { readonly type: 'CONTAINER_ID'; readonly containerId: ContainerId }
  | { readonly type: 'PROCESS_IO'; readonly processIo: ProcessIo };

/** `ProcessIO`: what goes into or comes out of a container's processes. Empty STDIN data is the end of it. */
export type ProcessIo =
  | {
      readonly type: 'DATA';
      readonly data: { readonly type: 'STDIN' | 'STDOUT' | 'STDERR'; readonly data: Uint8Array };
    }
  | {
      readonly type: 'CONTROL';
      readonly control:
        | {
            readonly type: 'TTY_INFO';
            readonly windowSize: { readonly rows: number; readonly columns: number } | null;
          }
        | { readonly type: 'HEARTBEAT'; readonly interval: Micros | null };
    };

/** `Image`. `config` is the reference of a secret. */
export type ContainerImage =
  | {
      readonly type: 'DOCKER';
      readonly name: string;
      readonly config: string | null;
      readonly cached: boolean;
    }
  | {
      readonly type: 'APPC';
      readonly name: string;
      readonly id: string | null;
      readonly labels: Labels | null;
      readonly cached: boolean;
    };
