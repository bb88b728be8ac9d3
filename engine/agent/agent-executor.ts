import type { ContainerStatus, ExecutorInfo } from '../protocol/index.ts';
import type { AgentFramework } from './agent-framework.ts';
import { type AgentTask, NEVER } from './agent-task.ts';
import type { ContainerHandle } from './container.ts';
import type { ExecutorStreamId } from './executor-api.ts';

/** `pod`: the built-in default executor. `custom`: a program of the framework's that speaks the executor API. */
export type ExecutorKind = 'pod' | 'custom';

/**
 * `registering`: its container is ordered; a custom one has not subscribed yet, or not again to this process.
 * `running`: tasks are given to it. `terminating`: it takes no more.
 */
export type ExecutorPhase = 'registering' | 'running' | 'terminating';

/** Why the agent is ending it; `none` while it is not. */
export type ExecutorEnding =
  | 'none'
  | 'shutdown'
  | 'registrationTimeout'
  | 'reregistrationTimeout'
  | 'preempted'
  | 'updateFailed';

/** An executor with a container of its own, of a framework on this agent. A command task's executor is no such thing (spec 04 §6). */
export class AgentExecutor {
  readonly framework: AgentFramework;
  readonly info: ExecutorInfo;
  readonly role: string;
  readonly kind: ExecutorKind;
  readonly container: ContainerHandle;
  phase: ExecutorPhase = 'registering';
  ending: ExecutorEnding = 'none';
  /** Of a custom executor; null while it is not connected. */
  stream: ExecutorStreamId | null = null;
  status: ContainerStatus | null = null;
  /** Found on the disk, and not subscribed again yet. */
  isRecovered = false;
  /** Tasks that have not ended, queued ones included. */
  liveTasks = 0;
  /** Tasks that wait for it, oldest first; those of one group stand together. */
  readonly queue: AgentTask[] = [];
  nextGroup = 0;
  /** Its container has, or is being given by its launch, the resources of all its tasks. */
  isSized = true;
  /** What went wrong, with `ending` `updateFailed`. */
  endingMessage: string | null = null;
  /** Orders to update its container that have not been answered. */
  updates = 0;
  /** End of the registration timeout or of the shutdown grace period. */
  deadline = NEVER;
  heartbeatAt = NEVER;

  constructor(
    framework: AgentFramework,
    info: ExecutorInfo,
    role: string,
    kind: ExecutorKind,
    container: ContainerHandle,
  ) {
    this.framework = framework;
    this.info = info;
    this.role = role;
    this.kind = kind;
    this.container = container;
  }
}

/** Type DEFAULT is the executor built into the agent, anything else a program of the framework's. */
export function executorKind(info: ExecutorInfo): ExecutorKind {
  return info.type === 'DEFAULT' ? 'pod' : 'custom';
}
