import type { Viewer } from '../../authorization/index.ts';
import { assertNever } from '../../core/index.ts';
import type { ClusterState, OperatorQuery, OperatorResponse } from '../../protocol/index.ts';
import type { MasterState } from '../state.ts';
import { clusterAgents } from './agents.ts';
import { clusterExecutors } from './executors.ts';
import { clusterFrameworks } from './frameworks.ts';
import { maintenanceSchedule, maintenanceStatus } from './maintenance.ts';
import { clusterOperations } from './operations.ts';
import { masterInfo } from './master-info.ts';
import { quotaStatus, weightInfos } from './quota.ts';
import { roleStatuses } from './roles.ts';
import { clusterTasks } from './tasks.ts';

/** A query that has one answer; SUBSCRIBE has a stream (input `operatorSubscribed`). */
export interface OperatorRead {
  readonly type: Exclude<OperatorQuery['type'], 'SUBSCRIBE'>;
}

/** Answers a query of an operator with what the viewer may see (spec 05 §A). Changes nothing. */
export function answerQuery(master: MasterState, call: OperatorRead, viewer: Viewer): OperatorResponse {
  switch (call.type) {
    case 'GET_STATE':
      return { type: 'GET_STATE', ...clusterState(master, viewer) };
    case 'GET_AGENTS':
      return { type: 'GET_AGENTS', ...clusterAgents(master, viewer) };
    case 'GET_FRAMEWORKS':
      return { type: 'GET_FRAMEWORKS', ...clusterFrameworks(master, viewer) };
    case 'GET_EXECUTORS':
      return { type: 'GET_EXECUTORS', ...clusterExecutors(master, viewer) };
    case 'GET_TASKS':
      return { type: 'GET_TASKS', ...clusterTasks(master, viewer) };
    case 'GET_ROLES':
      return { type: 'GET_ROLES', roles: roleStatuses(master, viewer) };
    case 'GET_WEIGHTS':
      return { type: 'GET_WEIGHTS', weightInfos: weightInfos(master, viewer) };
    case 'GET_QUOTA':
      return { type: 'GET_QUOTA', status: quotaStatus(master, viewer) };
    case 'GET_MASTER':
      return {
        type: 'GET_MASTER',
        masterInfo: masterInfo(master),
        startTime: master.startTime,
        electedTime: master.electedTime,
      };
    case 'GET_OPERATIONS':
      return { type: 'GET_OPERATIONS', operations: clusterOperations(master, viewer) };
    case 'GET_MAINTENANCE_STATUS':
      return { type: 'GET_MAINTENANCE_STATUS', status: maintenanceStatus(master, viewer) };
    case 'GET_MAINTENANCE_SCHEDULE':
      return { type: 'GET_MAINTENANCE_SCHEDULE', schedule: maintenanceSchedule(master, viewer) };
    default:
      return assertNever(call.type);
  }
}

/** The whole cluster at one instant. */
export function clusterState(master: MasterState, viewer: Viewer): ClusterState {
  return {
    getTasks: clusterTasks(master, viewer),
    getExecutors: clusterExecutors(master, viewer),
    getFrameworks: clusterFrameworks(master, viewer),
    getAgents: clusterAgents(master, viewer),
  };
}
