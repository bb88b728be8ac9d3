import { assertNever, type RollingHash } from '../core/index.ts';
import {
  type MasterToAgent,
  type SchedulerEvent,
  TASK_STATE_NUMBERS,
  type TaskStatus,
} from '../protocol/index.ts';
import type { MasterOutput } from './output.ts';

/**
 * Mixes an output into a run's hash: a number per kind and the fields that tell one decision from another. No strings are walked: this runs
 * once per message of a replay.
 */
export function hashMasterOutput(hash: RollingHash, output: MasterOutput): void {
  switch (output.kind) {
    case 'event':
      hash.add(1);
      hash.add(output.stream);
      hashEvent(hash, output.event);
      break;
    case 'toAgent':
      hash.add(2);
      hash.add(output.link);
      hashMessage(hash, output.message);
      break;
    case 'persist':
      hash.add(3);
      hash.add(output.index);
      hash.addText(output.operation.kind);
      hash.add('id' in output.operation ? output.operation.id : -1);
      break;
    case 'closeStream':
      hash.add(4);
      hash.add(output.stream);
      break;
    case 'closeLink':
      hash.add(5);
      hash.add(output.link);
      break;
    case 'refuseCall':
      hash.add(6);
      hash.addText(output.error.code);
      break;
    case 'pingAgents':
      hash.add(7);
      break;
    case 'answerCall':
      hash.add(9);
      hash.add(output.status);
      break;
    case 'operatorEvent':
      hash.add(10);
      hash.add(output.stream);
      hash.add(output.sequence);
      hash.addText(output.event.type);
      break;
    case 'closeOperatorStream':
      hash.add(17);
      hash.add(output.stream);
      break;
    case 'authorize':
      hash.add(18);
      hash.add(output.ticket);
      for (const { action } of output.requests) hash.addText(action);
      break;
    case 'abdicate':
      hash.add(8);
      break;
    default:
      assertNever(output);
  }
}

function hashEvent(hash: RollingHash, event: SchedulerEvent): void {
  switch (event.type) {
    case 'OFFERS':
      hash.add(11);
      for (let index = 0; index < event.offers.length; index++) {
        const offer = event.offers[index]!;
        hash.add(offer.id);
        hash.add(offer.agentId);
        hash.add(offer.resources.cpus);
        hash.add(offer.resources.mem);
      }
      break;
    case 'UPDATE':
      hash.add(12);
      hashStatus(hash, event.status);
      break;
    case 'RESCIND':
      hash.add(13);
      hash.add(event.offerId);
      break;
    case 'SUBSCRIBED':
      hash.add(14);
      hash.add(event.frameworkId);
      break;
    case 'FAILURE':
      hash.add(15);
      hash.add(event.agentId ?? -1);
      hash.add(event.executorId ?? -1);
      break;
    case 'HEARTBEAT':
      hash.add(16);
      break;
    case 'INVERSE_OFFERS':
      hash.add(31);
      for (const { id, agentId } of event.inverseOffers) {
        hash.add(id);
        hash.add(agentId);
      }
      break;
    case 'RESCIND_INVERSE_OFFER':
      hash.add(32);
      hash.add(event.inverseOfferId);
      break;
    default:
      hash.addText(event.type);
  }
}

function hashStatus(hash: RollingHash, status: TaskStatus): void {
  hash.add(status.taskId);
  hash.add(TASK_STATE_NUMBERS[status.state]);
  hash.add(status.agentId ?? -1);
  hash.add(status.uuid ?? -1);
}

function hashMessage(hash: RollingHash, message: MasterToAgent): void {
  switch (message.type) {
    case 'RUN_TASK':
      hash.add(21);
      hash.add(message.frameworkId);
      hash.add(message.task.taskId);
      hash.add(message.task.resources.cpus);
      hash.add(message.task.resources.mem);
      break;
    case 'STATUS_UPDATE_ACKNOWLEDGEMENT':
      hash.add(22);
      hash.add(message.frameworkId);
      hash.add(message.taskId);
      hash.add(message.uuid);
      break;
    case 'KILL_TASK':
      hash.add(23);
      hash.add(message.frameworkId);
      hash.add(message.taskId);
      break;
    case 'RUN_TASK_GROUP':
      hash.add(24);
      hash.add(message.frameworkId);
      for (const task of message.tasks) hash.add(task.taskId);
      break;
    case 'APPLY_OPERATION':
      hash.add(26);
      hash.add(message.frameworkId ?? -1);
      hash.add(message.operationUuid);
      hash.addText(message.info.type);
      break;
    case 'ACKNOWLEDGE_OPERATION_STATUS':
      hash.add(27);
      hash.add(message.operationUuid);
      hash.add(message.uuid);
      break;
    case 'DRAIN_AGENT':
      hash.add(33);
      hash.add(message.config.maxGracePeriod ?? -1);
      hash.add(message.config.markGone ? 1 : 0);
      hash.add(message.tasks === null ? -1 : message.tasks.length);
      for (const { frameworkId, taskId } of message.tasks ?? []) {
        hash.add(frameworkId);
        hash.add(taskId);
      }
      break;
    case 'AGENT_REGISTERED':
    case 'AGENT_REREGISTERED':
      hash.add(25);
      hash.add(message.agentId);
      break;
    default:
      hash.addText(message.type);
  }
}
