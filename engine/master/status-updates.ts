import { type AcknowledgeCall, isTerminal, type StatusUpdateMessage } from '../protocol/index.ts';
import { replaced } from './drain-waves.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { LinkId } from './input.ts';
import { taskTold } from './published.ts';
import type { MasterState } from './state.ts';
import { supersededUpdated } from './superseded-tasks.ts';
import { isOfEarlierRun } from './task-record.ts';
import { forgetTask, recoverTask } from './tasks.ts';

/**
 * An agent's update: forwarded as it is, while the books follow the latest state (spec 07 §3). Updates of agents that are not registered
 * over this link are ignored: the agent repeats them once it is.
 */
export function statusUpdated(master: MasterState, link: LinkId, message: StatusUpdateMessage): void {
  const { counters } = master;
  counters.messagesStatusUpdate++;
  const agent = master.agentsById.get(message.agentId);
  if (agent === undefined || agent.link !== link) {
    counters.invalidStatusUpdates++;
    return;
  }
  const framework = master.frameworksById.get(message.frameworkId);
  if (framework === undefined) {
    counters.invalidStatusUpdates++;
    // Its framework is gone for good, or unknown since the failover: only in the first case the agent need not keep it.
    if (master.completedFrameworks.has(message.frameworkId)) {
      master.tell(agent, { type: 'SHUTDOWN_FRAMEWORK', frameworkId: message.frameworkId });
    }
    return;
  }
  counters.validStatusUpdates++;
  const { status } = message;
  if (status.uuid !== null && status.uuid > agent.newestUpdate) agent.newestUpdate = status.uuid;
  const task = framework.tasks.get(status.taskId);
  if (task !== undefined && task.agent === agent) {
    if (isOfEarlierRun(task, status.uuid)) {
      // Its framework acknowledged it before it used the id again; the agent has yet to hear that.
      master.send(framework, { type: 'UPDATE', status });
      return;
    }
    task.statusUpdateState = status.state;
    task.statusUpdateUuid = status.uuid;
    task.statusDetails = status.details;
    const before = task.state;
    // A terminal state never changes: a later update is forwarded and the state kept (spec 07 §1).
    if (!isTerminal(task.state)) {
      task.state = message.latestState;
      if (isTerminal(task.state)) recoverTask(master, task);
    }
    taskTold(master, task, status, task.state !== before);
    if (
      framework.drainDebts !== null &&
      !agent.deactivated &&
      task.state !== before &&
      task.state === 'TASK_RUNNING'
    )
      replaced(master, framework);
  } else if (framework.supersededTasks !== null) {
    supersededUpdated(master, framework, agent, message);
  }
  master.send(framework, { type: 'UPDATE', status });
}

/** ACKNOWLEDGE: forwarded to the agent; a terminal update acknowledged ends the task's life in the master (spec 03 §7). */
export function acknowledge(master: MasterState, framework: FrameworkRecord, call: AcknowledgeCall): void {
  const agent = master.agentsById.get(call.agentId);
  if (agent === undefined || agent.link === null) {
    master.counters.invalidStatusUpdateAcknowledgements++;
    return;
  }
  master.counters.validStatusUpdateAcknowledgements++;
  const task = framework.tasks.get(call.taskId);
  if (
    task !== undefined &&
    task.agent === agent &&
    task.statusUpdateUuid === call.uuid &&
    task.statusUpdateState !== null &&
    isTerminal(task.statusUpdateState)
  ) {
    forgetTask(master, task);
  }
  master.tell(agent, {
    type: 'STATUS_UPDATE_ACKNOWLEDGEMENT',
    frameworkId: framework.id,
    taskId: call.taskId,
    uuid: call.uuid,
  });
}
