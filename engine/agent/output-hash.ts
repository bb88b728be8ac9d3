import { assertNever, type RollingHash } from '../core/index.ts';
import { type AgentToMaster, STATUS_REASON_NUMBERS, TASK_STATE_NUMBERS } from '../protocol/index.ts';
import type { AgentOutput } from './output.ts';

/** Mixes what an output says into the run's hash: a number per tag and the fields that are integers. No text on frequent outputs. */
export function hashAgentOutput(hash: RollingHash, output: AgentOutput): void {
  switch (output.kind) {
    case 'toMaster':
      hashMessage(hash, output.message);
      break;
    case 'launchContainer':
      hash.add(1);
      hash.add(output.frameworkId);
      hash.add(output.executorId);
      hash.add(output.task.taskId);
      break;
    case 'signalContainer':
      hash.add(output.signal === 'SIGTERM' ? 2 : 3);
      hash.add(output.frameworkId);
      hash.add(output.taskId);
      break;
    case 'reconnect':
      hash.add(4);
      break;
    case 'exit':
      hash.add(5);
      hash.addText(output.reason);
      break;
    default:
      assertNever(output);
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
