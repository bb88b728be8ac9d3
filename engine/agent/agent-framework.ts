import type { FrameworkId } from '../core/index.ts';
import type { ExecutorInfo, FrameworkInfo } from '../protocol/index.ts';

/** A framework with tasks or executors on this agent. Forgotten with the last of them. */
export class AgentFramework {
  readonly id: FrameworkId;
  /** Null if the agent knows the id only, from a task that the master asked about (spec 07 §4). */
  info: FrameworkInfo | null;
  /** Tasks in the agent's table, terminal ones with unacknowledged updates included. */
  taskCount = 0;
  /** Live default executors; null while there never was one. */
  executors: DefaultExecutor[] | null = null;

  constructor(id: FrameworkId, info: FrameworkInfo | null) {
    this.id = id;
    this.info = info;
  }
}

/** A running built-in default executor: groups of nested containers. It ends when no active group is left (spec 04 §6). */
export class DefaultExecutor {
  readonly info: ExecutorInfo;
  readonly role: string;
  /** Tasks whose container has not ended. */
  liveTasks = 0;
  nextGroup = 0;
  /** Told to shut down: it takes no further group. */
  terminating = false;

  constructor(info: ExecutorInfo, role: string) {
    this.info = info;
    this.role = role;
  }
}
