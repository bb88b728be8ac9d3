import type { AgentId, FrameworkId, Micros, Milli } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';
import type { MachineId, MaintenanceSchedule } from './maintenance.ts';
import type { ProcessCall } from './process-info.ts';
import type { QuotaConfig, QuotaRequest, WeightInfo } from './quota.ts';

/** Calls of `POST /api/v1` on the master (spec 05 §A; spec 18, `mesos.v1.master.Call`). */
export type OperatorCall = ProcessCall | OperatorQuery | OperatorMutation;

/** Calls that only read. SUBSCRIBE answers with a stream of `OperatorEvent`s. */
export interface OperatorQuery {
  readonly type:
    | 'GET_STATE'
    | 'GET_AGENTS'
    | 'GET_FRAMEWORKS'
    | 'GET_EXECUTORS'
    | 'GET_OPERATIONS'
    | 'GET_TASKS'
    | 'GET_ROLES'
    | 'GET_WEIGHTS'
    | 'GET_MASTER'
    | 'SUBSCRIBE'
    | 'GET_MAINTENANCE_STATUS'
    | 'GET_MAINTENANCE_SCHEDULE'
    | 'GET_QUOTA';
}

/** Calls that change something. */
export type OperatorMutation =
  | { readonly type: 'UPDATE_WEIGHTS'; readonly weightInfos: readonly WeightInfo[] }
  /** An empty `source` reserves what is free; else reservations are changed in one step (spec 09 §2). */
  | {
      readonly type: 'RESERVE_RESOURCES';
      readonly agentId: AgentId;
      readonly source: Resources;
      readonly resources: Resources;
    }
  | { readonly type: 'UNRESERVE_RESOURCES'; readonly agentId: AgentId; readonly resources: Resources }
  | {
      readonly type: 'CREATE_VOLUMES' | 'DESTROY_VOLUMES';
      readonly agentId: AgentId;
      readonly volumes: Resources;
    }
  | {
      readonly type: 'GROW_VOLUME';
      readonly agentId: AgentId | null;
      readonly volume: Resources;
      readonly addition: Resources;
    }
  | {
      readonly type: 'SHRINK_VOLUME';
      readonly agentId: AgentId | null;
      readonly volume: Resources;
      /** Scalar to take off, in thousandths of a MiB. */
      readonly subtract: Milli;
    }
  | { readonly type: 'UPDATE_MAINTENANCE_SCHEDULE'; readonly schedule: MaintenanceSchedule }
  | {
      readonly type: 'START_MAINTENANCE' | 'STOP_MAINTENANCE';
      readonly machines: readonly MachineId[];
    }
  | {
      readonly type: 'DRAIN_AGENT';
      readonly agentId: AgentId;
      readonly maxGracePeriod: Micros | null;
      readonly markGone: boolean;
    }
  | {
      readonly type: 'DEACTIVATE_AGENT' | 'REACTIVATE_AGENT' | 'MARK_AGENT_GONE';
      readonly agentId: AgentId;
    }
  /** All of the list or nothing. */
  | { readonly type: 'UPDATE_QUOTA'; readonly force: boolean; readonly quotaConfigs: readonly QuotaConfig[] }
  | { readonly type: 'SET_QUOTA'; readonly quotaRequest: QuotaRequest }
  | { readonly type: 'REMOVE_QUOTA'; readonly role: string }
  | { readonly type: 'TEARDOWN'; readonly frameworkId: FrameworkId };

/** Calls that Mesos does not have; on the wire they are JSON only. */
export type ExtensionCall =
  /** Takes a removal back that waits for the end of the undo window (option `frameworkUndoWindow`). */
  { readonly type: 'UNDO_TEARDOWN'; readonly frameworkId: FrameworkId };
