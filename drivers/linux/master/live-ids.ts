import type { AgentId, ExecutorId, FrameworkId, TaskId } from '../../../engine/core/index.ts';
import type { MasterState } from '../../../engine/master/index.ts';
import type { ExtensionEvent, Offer, OperatorEvent, Task } from '../../../engine/protocol/index.ts';

type Keep = (id: TaskId | ExecutorId | AgentId | FrameworkId) => void;
type FrameworkRecord = MasterState['frameworks'] extends Iterable<infer Record> ? Record : never;

/** Names every id that a master's books hold, so that the texts of all others can be forgotten. O(everything). */
export function liveIds(state: MasterState, keep: Keep): void {
  for (const framework of state.frameworks) {
    keepFramework(framework, keep);
    for (let slot = framework.offerHead; slot !== -1; slot = state.offers.nextOfFramework(slot)) {
      keepOffer(state.offers.offer(slot), keep);
    }
  }
  for (const [id, framework] of state.completedFrameworks) {
    keep(id);
    if (framework !== null) keepFramework(framework, keep);
  }
  for (const agent of state.agents) {
    keep(agent.id);
    for (const { info } of agent.executors) keep(info.executorId);
  }
  for (const ids of [
    state.recoveredAgents,
    state.unreachableAgents,
    state.goneAgents,
    state.deactivatedAgents,
  ]) {
    for (const id of ids.keys()) keep(id);
  }
  const kept = state.streams?.kept ?? null;
  if (kept === null) return;
  for (const { event } of kept) keepEvent(event, keep);
}

function keepFramework(framework: FrameworkRecord, keep: Keep): void {
  keep(framework.id);
  for (const tasks of [
    framework.tasks.values(),
    framework.unreachableTasks.values(),
    framework.completedTasks ?? [],
  ]) {
    for (const { taskId, executorId, agent, info } of tasks) {
      keep(taskId);
      keep(executorId);
      keep(agent.id);
      if (info.template.executor !== null) keep(info.template.executor.executorId);
    }
  }
  for (const { info } of framework.executors) keep(info.executorId);
}

/** Events that wait for those who come back. */
function keepEvent(event: OperatorEvent | ExtensionEvent, keep: Keep): void {
  switch (event.type) {
    case 'TASK_ADDED':
      keepTask(event.task, keep);
      break;
    case 'TASK_UPDATED':
      keep(event.frameworkId);
      keep(event.status.taskId);
      if (event.status.executorId !== null) keep(event.status.executorId);
      if (event.status.agentId !== null) keep(event.status.agentId);
      break;
    case 'FRAMEWORK_ADDED':
    case 'FRAMEWORK_UPDATED':
      if (event.framework.frameworkInfo.id !== null) keep(event.framework.frameworkInfo.id);
      for (const offer of event.framework.offers) keepOffer(offer, keep);
      for (const { agentId } of event.framework.inverseOffers) keep(agentId);
      break;
    case 'FRAMEWORK_REMOVED':
      if (event.frameworkInfo.id !== null) keep(event.frameworkInfo.id);
      break;
    case 'AGENT_ADDED':
    case 'AGENT_UPDATED':
      if (event.agent.agentInfo.id !== null) keep(event.agent.agentInfo.id);
      break;
    case 'AGENT_REMOVED':
      keep(event.agentId);
      break;
    case 'OFFER_ADDED':
      keepOffer(event.offer, keep);
      break;
    default:
    // The others name nothing.
  }
}

function keepTask(task: Task, keep: Keep): void {
  keep(task.taskId);
  keep(task.frameworkId);
  keep(task.agentId);
  if (task.executorId !== null) keep(task.executorId);
  for (const { executorId } of task.statuses) {
    if (executorId !== null) keep(executorId);
  }
}

function keepOffer(offer: Offer, keep: Keep): void {
  keep(offer.agentId);
  keep(offer.frameworkId);
  for (const id of offer.executorIds) keep(id);
}
