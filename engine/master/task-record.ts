import type { AgentId, ExecutorId, Micros, TaskId, UpdateId } from '../core/index.ts';
import { fieldsLayout, FILLED_IN_LATER } from '../core/graph/index.ts';
import {
  BLANK_TEMPLATE,
  type KillPolicy,
  type Task,
  type TaskInfo,
  type TaskState,
  type TaskStatusDetails,
} from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { Role } from './allocator.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { TaskHistory } from './task-history.ts';

/** Of a record that is filled in later. */
const NO_INFO: TaskInfo = {
  taskId: 0 as TaskId,
  agentId: 0 as AgentId,
  resources: Resources.EMPTY,
  template: BLANK_TEMPLATE,
};

/** A task that the master knows: launched and not yet both terminal and acknowledged, or unreachable. */
export class TaskRecord {
  readonly taskId: TaskId;
  readonly framework: FrameworkRecord;
  /** Where it runs; for an unreachable task the agent that is away. */
  agent: AgentRecord;
  readonly role: Role;
  readonly info: TaskInfo;
  readonly executorId: ExecutorId;
  /** Latest state known: accounting follows it (spec 07 §3). */
  state: TaskState;
  /** State and id of the last update forwarded; null before the first (spec 03 §8: what reconciliation answers). */
  statusUpdateState: TaskState | null = null;
  statusUpdateUuid: UpdateId | null = null;
  /** Health and check results of the last update, for reconciliation; null on most. */
  statusDetails: TaskStatusDetails | null = null;
  /** `AgentRecord.newestUpdate` at its launch: updates with that id or an older one are of an earlier task of the same id. */
  launchedAfter = 0;
  /** Position in the agent's list of tasks. */
  indexInAgent = -1;
  /** A KILL to repeat when the agent re-registers (spec 03 §7). */
  killRequested = false;
  /** Its framework runs another task under its id by now: killed, and only its agent's (`superseded-tasks.ts`). */
  isSuperseded = false;
  killPolicy: KillPolicy | null = null;
  unreachableTime: Micros | null = null;
  /** Statuses and timeline; null without `history: 'full'`. */
  history: TaskHistory | null = null;
  /** As operators last saw it; null before the first look. */
  view: Task | null = null;

  constructor(
    framework: FrameworkRecord,
    agent: AgentRecord,
    role: Role,
    info: TaskInfo,
    executorId: ExecutorId,
    state: TaskState,
  ) {
    this.taskId = info.taskId;
    this.framework = framework;
    this.agent = agent;
    this.role = role;
    this.info = info;
    this.executorId = executorId;
    this.state = state;
  }

  static readonly layout = fieldsLayout({
    blank: () =>
      new TaskRecord(
        FILLED_IN_LATER,
        FILLED_IN_LATER,
        FILLED_IN_LATER,
        NO_INFO,
        FILLED_IN_LATER,
        'TASK_STAGING',
      ),
  });
}

/** Whether an update with this id tells of an ended task whose id `task` has now: the agent made it before `task` was launched. */
export function isOfEarlierRun(task: TaskRecord, uuid: UpdateId | null): boolean {
  return uuid !== null && uuid <= task.launchedAfter;
}

/** User of a task as its command or its executor's says it; null leaves it to the framework's (`Task.user`). */
export function userOfTask({ info }: TaskRecord): string | null {
  return userOf(info);
}

/** As `userOfTask`, of a task that is yet to be launched. */
export function userOf({ template }: TaskInfo): string | null {
  return template.command?.user ?? template.executor?.command?.user ?? null;
}
