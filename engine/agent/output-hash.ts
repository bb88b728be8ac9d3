import { assertNever, type RollingHash } from '../core/index.ts';
import {
  type AgentToMaster,
  type ExecutorEvent,
  STATUS_REASON_NUMBERS,
  TASK_STATE_NUMBERS,
} from '../protocol/index.ts';
import type { AgentOutput } from './output.ts';

/** Mixes what an output says into the run's hash: a number per tag and the fields that are integers. No text on frequent outputs. */
export function hashAgentOutput(hash: RollingHash, output: AgentOutput): void {
  switch (output.kind) {
    case 'toMaster':
      hashMessage(hash, output.message);
      break;
    case 'launchContainer': {
      const { spec } = output;
      hash.add(1);
      hash.add(output.container);
      hash.add(output.parent ?? 0);
      hash.add(spec.frameworkId);
      hash.add(spec.executorId);
      if (spec.kind === 'commandTask' || spec.kind === 'podTask') hash.add(spec.task.taskId);
      break;
    }
    case 'signalContainer':
      hash.add(output.signal === 'SIGTERM' ? 2 : 3);
      hash.add(output.container);
      break;
    case 'reconnect':
      hash.add(4);
      break;
    case 'exit':
      hash.add(5);
      hash.addText(output.reason);
      hash.add(output.containers === 'end' ? 1 : 0);
      break;
    case 'updateContainer':
      hash.add(6);
      hash.add(output.container);
      hash.add(output.resources.cpus);
      hash.add(output.resources.mem);
      break;
    case 'executorEvent':
      hash.add(7);
      hash.add(output.stream);
      hashExecutorEvent(hash, output.event);
      break;
    case 'closeExecutorStream':
      hash.add(8);
      hash.add(output.stream);
      break;
    case 'refuseExecutorCall':
      hash.add(9);
      hash.add(output.request);
      hash.addText(output.error.code);
      break;
    case 'probe':
      hash.add(output.use === 'check' ? 20 : 21);
      hash.add(output.container);
      break;
    case 'stopProbes':
      hash.add(22);
      hash.add(output.container);
      break;
    case 'removeSandbox':
      hash.add(23);
      hash.add(output.container);
      break;
    case 'sampleUsage':
      hash.add(24);
      break;
    // It repeats what the other outputs of the step say.
    case 'checkpoint':
      break;
    default:
      assertNever(output);
  }
}

function hashExecutorEvent(hash: RollingHash, event: ExecutorEvent): void {
  switch (event.type) {
    case 'SUBSCRIBED':
      hash.add(30);
      hash.add(event.executorInfo.executorId);
      break;
    case 'LAUNCH':
      hash.add(31);
      hash.add(event.task.taskId);
      break;
    case 'LAUNCH_GROUP':
      hash.add(32);
      for (const { taskId } of event.taskGroup) hash.add(taskId);
      break;
    case 'KILL':
      hash.add(33);
      hash.add(event.taskId);
      hash.add(event.killPolicy?.gracePeriod ?? -1);
      break;
    case 'ACKNOWLEDGED':
      hash.add(34);
      hash.add(event.taskId);
      hash.add(event.uuid);
      break;
    case 'MESSAGE':
      hash.add(35);
      hash.add(event.data.length);
      break;
    case 'ERROR':
      hash.add(36);
      hash.addText(event.message);
      break;
    case 'SHUTDOWN':
      hash.add(37);
      break;
    case 'HEARTBEAT':
      hash.add(38);
      break;
    default:
      assertNever(event);
  }
}

function hashMessage(hash: RollingHash, message: AgentToMaster): void {
  switch (message.type) {
    case 'STATUS_UPDATE': {
      const { status } = message;
      hash.add(10);
      hash.add(message.agentId);
      hash.add(message.frameworkId);
      hash.add(status.taskId);
      hash.add(status.uuid ?? -1);
      hash.add(status.timestamp);
      hash.add(TASK_STATE_NUMBERS[status.state] * 32 + TASK_STATE_NUMBERS[message.latestState]);
      if (status.reason !== null) hash.add(STATUS_REASON_NUMBERS[status.reason]);
      break;
    }
    case 'REGISTER_AGENT':
      hash.add(11);
      hash.addText(message.info.hostname);
      break;
    case 'REREGISTER_AGENT':
      hash.add(12);
      hash.add(message.info.id ?? -1);
      hash.add(message.frameworks.length);
      hash.add(message.operations.length);
      for (const operation of message.operations) hash.add(operation.operationUuid);
      hash.add(message.executors.length);
      for (const executor of message.executors) {
        hash.add(executor.frameworkId);
        hash.add(executor.executor.executorId);
      }
      hash.add(message.tasks.length);
      for (const task of message.tasks) {
        hash.add(task.frameworkId);
        hash.add(task.task.taskId);
        hash.add(TASK_STATE_NUMBERS[task.state]);
        hash.add(task.statusUpdateUuid ?? -1);
      }
      break;
    case 'UNREGISTER_AGENT':
      hash.add(13);
      hash.add(message.agentId);
      break;
    case 'UPDATE_AGENT':
      hash.add(17);
      hash.add(message.agentId);
      hash.add(message.oversubscribed.cpus);
      hash.add(message.oversubscribed.mem);
      break;
    case 'EXITED_EXECUTOR':
      hash.add(14);
      hash.add(message.agentId);
      hash.add(message.frameworkId);
      hash.add(message.executorId);
      hash.add(message.status ?? -1);
      break;
    case 'EXECUTOR_TO_FRAMEWORK':
      hash.add(15);
      hash.add(message.agentId);
      hash.add(message.frameworkId);
      hash.add(message.executorId);
      hash.add(message.data.length);
      break;
    case 'UPDATE_OPERATION_STATUS':
      hash.add(16);
      hash.add(message.agentId);
      hash.add(message.frameworkId ?? -1);
      hash.add(message.operationUuid);
      hash.add(message.status.uuid ?? -1);
      hash.addText(message.status.state);
      break;
    default:
      assertNever(message);
  }
}
