/** A plain reader of an operator's event stream, for tests: what it believes after a snapshot and the events since. */
import type { OfferId } from '../core/index.ts';
import {
  type AgentStatus,
  type ClusterState,
  type ExtensionEvent,
  type FrameworkInfo,
  isTerminal,
  type OperatorEvent,
  type TaskState,
} from '../protocol/index.ts';

interface KnownTask {
  readonly agentId: number;
  state: TaskState;
}

/** Knows of tasks those that have not ended; who ends, and how, it has heard by then. */
export class OperatorReader {
  readonly #agents = new Map<number, AgentStatus>();
  readonly #recovered = new Set<number>();
  readonly #frameworks = new Map<number, FrameworkInfo>();
  /** By framework and task. */
  readonly #tasks = new Map<number, Map<number, KnownTask>>();
  readonly #offers = new Set<OfferId>();

  constructor(state: ClusterState) {
    for (const agent of state.getAgents.agents) this.#agents.set(agent.agentInfo.id!, agent);
    for (const info of state.getAgents.recoveredAgents) this.#recovered.add(info.id!);
    for (const { frameworkInfo, offers } of state.getFrameworks.frameworks) {
      this.#frameworks.set(frameworkInfo.id!, frameworkInfo);
      for (const { id } of offers) this.#offers.add(id);
    }
    for (const { frameworkId, taskId, agentId, state: at } of [
      ...state.getTasks.tasks,
      ...state.getTasks.unreachableTasks,
    ])
      this.#tasksOf(frameworkId).set(taskId, { agentId, state: at });
  }

  #tasksOf(frameworkId: number): Map<number, KnownTask> {
    let tasks = this.#tasks.get(frameworkId);
    if (tasks === undefined) this.#tasks.set(frameworkId, (tasks = new Map()));
    return tasks;
  }

  take(event: OperatorEvent | ExtensionEvent): void {
    switch (event.type) {
      case 'TASK_ADDED': {
        const { frameworkId, taskId, agentId, state } = event.task;
        this.#tasksOf(frameworkId).set(taskId, { agentId, state });
        break;
      }
      case 'TASK_UPDATED': {
        const task = this.#tasks.get(event.frameworkId)?.get(event.status.taskId);
        if (task === undefined)
          throw new Error(`An update of a task that nobody added: ${event.status.taskId}`);
        task.state = event.state;
        break;
      }
      case 'AGENT_ADDED': {
        const id = event.agent.agentInfo.id!;
        this.#recovered.delete(id);
        this.#agents.set(id, event.agent);
        // It was away and is back: of its tasks those go on that it has reported.
        for (const tasks of this.#tasks.values()) {
          for (const [taskId, task] of tasks)
            if (task.agentId === id && task.state === 'TASK_UNREACHABLE') tasks.delete(taskId);
        }
        break;
      }
      case 'AGENT_UPDATED':
        if (!this.#agents.has(event.agent.agentInfo.id!))
          throw new Error('An agent changed that nobody added');
        this.#agents.set(event.agent.agentInfo.id!, event.agent);
        break;
      case 'AGENT_REMOVED':
        this.#agents.delete(event.agentId);
        this.#recovered.delete(event.agentId);
        break;
      case 'FRAMEWORK_ADDED':
        if (this.#frameworks.has(event.framework.frameworkInfo.id!))
          throw new Error('A framework added twice');
        this.#frameworks.set(event.framework.frameworkInfo.id!, event.framework.frameworkInfo);
        break;
      case 'FRAMEWORK_UPDATED':
        if (!this.#frameworks.has(event.framework.frameworkInfo.id!))
          throw new Error('A framework changed that nobody added');
        this.#frameworks.set(event.framework.frameworkInfo.id!, event.framework.frameworkInfo);
        break;
      case 'FRAMEWORK_REMOVED':
        this.#frameworks.delete(event.frameworkInfo.id!);
        this.#tasks.delete(event.frameworkInfo.id!);
        break;
      case 'OFFER_ADDED':
        this.#offers.add(event.offer.id);
        break;
      case 'OFFER_REMOVED':
        if (!this.#offers.delete(event.offerId)) throw new Error('An offer went that nobody added');
        break;
      case 'SUBSCRIBED':
        throw new Error('A snapshot in the middle of a stream');
      case 'HEARTBEAT':
      case 'QUOTA_UPDATED':
      case 'WEIGHT_UPDATED':
    }
  }

  /** What it believes, as text; with `extensions` also what only the events say that Mesos does not have. */
  digest(extensions: boolean): string {
    const lines: string[] = [];
    for (const [id, agent] of this.#agents)
      lines.push(
        extensions
          ? `agent ${id} ${agent.active} ${agent.deactivated} ${agent.totalResources.toString()}`
          : `agent ${id}`,
      );
    for (const id of this.#recovered) lines.push(`recovered ${id}`);
    for (const [id, { name, user, principal, roles, capabilities }] of this.#frameworks)
      lines.push(`framework ${id} ${name} ${user} ${principal} ${roles.join()} ${capabilities.join()}`);
    for (const [frameworkId, tasks] of this.#tasks) {
      for (const [taskId, { agentId, state }] of tasks)
        if (!isTerminal(state)) lines.push(`task ${frameworkId}/${taskId} on ${agentId} ${state}`);
    }
    if (extensions) for (const id of this.#offers) lines.push(`offer ${id}`);
    return lines.sort().join('\n');
  }
}
