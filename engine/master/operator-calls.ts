import { assertNever } from '../core/index.ts';
import type { ExtensionCall, OperatorMutation } from '../protocol/index.ts';
import { deactivateAgent, drainAgent, reactivateAgent } from './agent-drain.ts';
import { markAgentGone } from './agent-gone.ts';
import { operatorTeardown, undoTeardown } from './framework-removal.ts';
import { startMaintenance, stopMaintenance, updateSchedule } from './maintenance.ts';
import { removeQuota, setQuota, updateQuota } from './operator-quota.ts';
import type { OperatorRequest } from './operator-request.ts';
import { operateOnResources } from './operator-resources.ts';
import { updateWeights } from './operator-weights.ts';
import type { MasterState } from './state.ts';

/** Calls of operators that change something (spec 05 §A). Each is answered once, by `answerCall` or `refuseCall`. */
export function operatorCall(
  master: MasterState,
  from: OperatorRequest,
  call: OperatorMutation | ExtensionCall,
): void {
  switch (call.type) {
    // Reservations and volumes (spec 09).
    case 'RESERVE_RESOURCES':
    case 'UNRESERVE_RESOURCES':
    case 'CREATE_VOLUMES':
    case 'DESTROY_VOLUMES':
    case 'GROW_VOLUME':
    case 'SHRINK_VOLUME':
      operateOnResources(master, from, call);
      break;
    // Quota and weights (spec 08).
    case 'UPDATE_WEIGHTS':
      updateWeights(master, from, call);
      break;
    case 'UPDATE_QUOTA':
      updateQuota(master, from, call);
      break;
    case 'SET_QUOTA':
      setQuota(master, from, call.quotaRequest);
      break;
    case 'REMOVE_QUOTA':
      removeQuota(master, from, call.role);
      break;
    // Maintenance, drain, deactivation, gone (spec 10).
    case 'UPDATE_MAINTENANCE_SCHEDULE':
      updateSchedule(master, from, call.schedule);
      break;
    case 'START_MAINTENANCE':
      startMaintenance(master, from, call.machines);
      break;
    case 'STOP_MAINTENANCE':
      stopMaintenance(master, from, call.machines);
      break;
    case 'DRAIN_AGENT':
      drainAgent(master, from, call);
      break;
    case 'DEACTIVATE_AGENT':
      deactivateAgent(master, from, call.agentId);
      break;
    case 'REACTIVATE_AGENT':
      reactivateAgent(master, from, call.agentId);
      break;
    case 'MARK_AGENT_GONE':
      markAgentGone(master, from, call.agentId);
      break;
    case 'TEARDOWN':
      operatorTeardown(master, from, call.frameworkId);
      break;
    case 'UNDO_TEARDOWN':
      undoTeardown(master, from, call.frameworkId);
      break;
    default:
      assertNever(call);
  }
}
