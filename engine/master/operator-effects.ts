import { assertNever } from '../core/index.ts';
import { deactivated, drained, drainStarted, reactivated } from './agent-drain.ts';
import { markedGone } from './agent-gone.ts';
import { machinesDown, machinesUp, maintenanceScheduled } from './maintenance.ts';
import { quotasUpdated } from './operator-quota.ts';
import type { OperatorRequest } from './operator-request.ts';
import { weightsUpdated } from './operator-weights.ts';
import type { OperatorOperation } from './registrar.ts';
import type { MasterState } from './state.ts';

/** An operator's change is durable: it takes effect, whatever happened since it was asked for, and is answered. */
export function operatorEffect(
  master: MasterState,
  operation: OperatorOperation,
  from: OperatorRequest | null,
): void {
  switch (operation.kind) {
    case 'agentDrainStarted':
      drainStarted(master, operation, from);
      break;
    case 'agentDrained':
      drained(master, operation.id);
      break;
    case 'agentDeactivated':
      deactivated(master, operation.id, from);
      break;
    case 'agentReactivated':
      reactivated(master, operation.id, from);
      break;
    case 'agentMarkedGone':
      markedGone(master, operation.id, operation.at, from);
      break;
    case 'weightsUpdated':
      weightsUpdated(master, operation.weightInfos, from);
      break;
    case 'quotasUpdated':
      quotasUpdated(master, operation.quotaConfigs, from);
      break;
    case 'maintenanceScheduled':
      maintenanceScheduled(master, operation.schedule, from);
      break;
    case 'machinesDown':
      machinesDown(master, operation.machines, from);
      break;
    case 'machinesUp':
      machinesUp(master, operation.machines, from);
      break;
    default:
      assertNever(operation);
  }
}
