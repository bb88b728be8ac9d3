import { assertNever } from '../core/index.ts';
import type { ExtensionCall, OperatorMutation } from '../protocol/index.ts';
import { refuse } from './frameworks.ts';
import type { RequestId } from './input.ts';
import type { MasterState } from './state.ts';

/** One call of an operator on its way: whom to answer, and who asks. */
export interface OperatorRequest {
  readonly request: RequestId;
  readonly principal: string | null;
}

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
    // Quota and weights (spec 08).
    case 'UPDATE_WEIGHTS':
    case 'UPDATE_QUOTA':
    case 'SET_QUOTA':
    case 'REMOVE_QUOTA':
    // Maintenance, drain, deactivation, gone (spec 10).
    case 'UPDATE_MAINTENANCE_SCHEDULE':
    case 'START_MAINTENANCE':
    case 'STOP_MAINTENANCE':
    case 'DRAIN_AGENT':
    case 'DEACTIVATE_AGENT':
    case 'REACTIVATE_AGENT':
    case 'MARK_AGENT_GONE':
    case 'TEARDOWN':
    case 'UNDO_TEARDOWN':
      refuse(master, from.request, { code: 'NOT_SUPPORTED', call: call.type });
      break;
    default:
      assertNever(call);
  }
}
