import type { FrameworkId } from '../core/index.ts';
import type { FrameworkInfo } from '../protocol/index.ts';
import type { AgentExecutor } from './agent-executor.ts';

/** A framework with tasks or executors on this agent. Forgotten with the last of them. */
export class AgentFramework {
  readonly id: FrameworkId;
  /** Null if the agent knows the id only, from a task that the master asked about (spec 07 §4). */
  info: FrameworkInfo | null;
  /** Tasks in the agent's table, terminal ones with unacknowledged updates included. */
  taskCount = 0;
  /** Default and custom executors whose container has not ended; null while there never was one. */
  executors: AgentExecutor[] | null = null;
  /** The master has removed it: its executors are shutting down, and nobody waits for updates. */
  isTerminating = false;

  constructor(id: FrameworkId, info: FrameworkInfo | null) {
    this.id = id;
    this.info = info;
  }
}
