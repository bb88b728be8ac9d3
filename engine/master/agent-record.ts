import {
  type AgentId,
  assert,
  type ExecutorId,
  type FrameworkId,
  type Micros,
  type OperationUuid,
} from '../core/index.ts';
import { fieldsLayout, FILLED_IN_LATER } from '../core/graph/index.ts';
import type { AgentInfo, ExecutorInfo, InverseOfferStatus, Unavailability } from '../protocol/index.ts';
import type { Agent, Role } from './allocator.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { LinkId } from './input.ts';
import type { OperationRecord } from './operation-record.ts';
import type { TaskRecord } from './task-record.ts';

/** An executor that takes resources of the framework's share on an agent (default and custom executors). */
export interface ExecutorRecord {
  readonly agent: AgentRecord;
  readonly framework: FrameworkRecord;
  readonly role: Role;
  readonly info: ExecutorInfo;
  /** Over which its launch was sent, or its agent reported it last: its end comes over this link, or a report over a later one does without it. */
  link: LinkId | null;
}

/** A registered agent: admitted in the registry and present in the allocator. */
export class AgentRecord {
  readonly row: Agent;
  readonly id: AgentId;
  info: AgentInfo;
  /** Null while disconnected. */
  link: LinkId | null;
  /** The newest link on which it registered: what comes over an older one was sent before, and is stale. */
  newestLink: LinkId | null = null;
  /** Consecutive pings missed. */
  pingsMissed = 0;
  /** The registry write on its way that removes it: it may not re-register until that is durable. Null while none is. */
  leaving: 'unreachable' | 'removed' | 'gone' | null = null;
  /** Its machine went down, whatever it leaves for: no offers of it. */
  withdrawn = false;
  /** It said itself that it leaves. */
  unregistered = false;
  /** While disconnected: when it counts as unreachable. */
  reregisterDeadline: Micros | null = null;
  /** An operator deactivated it, perhaps to drain it: no offers (spec 10 §2, §3). `MasterState.deactivatedAgents` says so too. */
  deactivated = false;
  /** Tasks that a drain in waves has ordered to go; null without one. */
  drainOrdered: Set<TaskRecord> | null = null;
  /** When its machine goes away for maintenance (spec 10 §1). */
  unavailability: Unavailability | null = null;
  /** How frameworks answered inverse offers since the window was set; null before the first answer. */
  inverseOfferStatuses: Map<FrameworkId, Omit<InverseOfferStatus, 'frameworkId'>> | null = null;
  /** First outstanding offer's slot, -1 for none. */
  offerHead = -1;
  readonly tasks: TaskRecord[] = [];
  readonly executors: ExecutorRecord[] = [];
  /** The highest id of a status update that came from it: an agent numbers them upwards, beyond its restarts. */
  newestUpdate = 0;
  /** Operations whose end is not acknowledged, in the order in which they came; null while there never was one. */
  operations: Map<OperationUuid, OperationRecord> | null = null;
  /** Counts changes of what operators see of it: for a driver that keeps what it has rendered. */
  version = 0;
  registeredTime: Micros | null = null;
  reregisteredTime: Micros | null = null;

  /** Whether offers are made of it. */
  get isOfferable(): boolean {
    return this.link !== null && !this.deactivated && !this.withdrawn && this.leaving !== 'removed';
  }

  constructor(row: Agent, id: AgentId, info: AgentInfo, link: LinkId | null) {
    this.row = row;
    this.id = id;
    this.info = info;
    this.link = link;
  }

  addTask(task: TaskRecord): void {
    this.version++;
    task.agent = this;
    task.indexInAgent = this.tasks.length;
    this.tasks.push(task);
  }

  removeTask(task: TaskRecord): void {
    assert(this.tasks[task.indexInAgent] === task, 'a task stands where it says it stands');
    this.version++;
    const last = this.tasks.pop()!;
    if (last !== task) {
      this.tasks[task.indexInAgent] = last;
      last.indexInAgent = task.indexInAgent;
    }
    task.indexInAgent = -1;
  }

  /** Of the executors that the framework runs here. */
  executorIdsOf(framework: FrameworkRecord): readonly ExecutorId[] {
    const ids: ExecutorId[] = [];
    for (const executor of this.executors) {
      if (executor.framework === framework) ids.push(executor.info.executorId);
    }
    return ids;
  }

  executor(framework: FrameworkRecord, executorId: ExecutorId): ExecutorRecord | null {
    for (const executor of this.executors) {
      if (executor.framework === framework && executor.info.executorId === executorId) return executor;
    }
    return null;
  }

  static readonly layout = fieldsLayout({
    blank: () => new AgentRecord(FILLED_IN_LATER, FILLED_IN_LATER, FILLED_IN_LATER, null),
  });
}
