import {
  type FrameworkId,
  type Micros,
  type Ring,
  micros,
  secondsToMicros,
  type TaskId,
} from '../core/index.ts';
import { fieldsLayout, FILLED_IN_LATER } from '../core/graph/index.ts';
import {
  type FrameworkCapability,
  type FrameworkInfo,
  type OfferConstraints,
  rolesOf,
} from '../protocol/index.ts';
import type { ExecutorRecord } from './agent-record.ts';
import type { Framework } from './allocator.ts';
import type { FrameworkCounters } from './framework-counters.ts';
import type { StreamId } from './input.ts';
import type { TaskRecord } from './task-record.ts';

/** Of a record that is filled in later. */
const NO_INFO: FrameworkInfo = {
  user: '',
  name: '',
  id: null,
  failoverTimeout: 0,
  checkpoint: false,
  role: null,
  roles: [],
  hostname: '',
  principal: null,
  webuiUrl: null,
  capabilities: ['MULTI_ROLE'],
  labels: null,
  offerFilters: new Map(),
};

/** A framework that may subscribe: connected, disconnected within its failover timeout, or recovered from agents' reports. */
export class FrameworkRecord {
  readonly row: Framework;
  readonly id: FrameworkId;
  info: FrameworkInfo;
  /** Live subscription, null while disconnected. */
  stream: StreamId | null = null;
  /** While disconnected: when it is removed unless it subscribes again. */
  failoverDeadline: Micros | null = null;
  /** Until when each task that a drain killed counts as missing, ascending; null while none ever was (option `drainLimit`). */
  drainDebts: Micros[] | null = null;
  /** Its removal is decided and waits for the end of the undo window, which `failoverDeadline` is then. */
  condemned = false;
  /** Known from an agent's report only, not subscribed with this master yet. */
  recovered: boolean;
  /** Roles it subscribes to. */
  roles: readonly string[] = [];
  partitionAware = false;
  taskKillingState = false;
  /** First outstanding offer's slot, -1 for none. */
  offerHead = -1;
  readonly tasks = new Map<TaskId, TaskRecord>();
  readonly executors = new Set<ExecutorRecord>();
  /** Tasks of unreachable agents, oldest first, bounded (spec 07 §5). */
  readonly unreachableTasks = new Map<TaskId, TaskRecord>();
  /** Tasks that are being killed since another one has their id; null while there are none. */
  supersededTasks: Set<TaskRecord> | null = null;
  /** Ended tasks that it has to be told of when it is back (`forgotten-ends.ts`); null while there are none. */
  forgottenEnds: Set<TaskRecord> | null = null;
  /** Ended tasks, oldest first, bounded; null without `history: 'full'`, or before the first. */
  completedTasks: Ring<TaskRecord> | null = null;
  /** Counts changes of what operators see of it, its tasks apart: for a driver that keeps what it has rendered. */
  version = 0;
  /** Counts changes of its tasks. */
  tasksVersion = 0;
  offerConstraints: OfferConstraints | null = null;
  /** Null without the option `frameworkMetrics`. */
  counters: FrameworkCounters | null = null;
  /** Of the last SUBSCRIBE or UPDATE_FRAMEWORK, as SUPPRESS and REVIVE changed it. */
  readonly suppressedRoles = new Set<string>();
  registeredTime: Micros | null = null;
  reregisteredTime: Micros | null = null;
  unregisteredTime: Micros | null = null;

  constructor(row: Framework, id: FrameworkId, info: FrameworkInfo, recovered: boolean) {
    this.row = row;
    this.id = id;
    this.info = info;
    this.recovered = recovered;
    this.setInfo(info);
  }

  setInfo(info: FrameworkInfo): void {
    this.version++;
    this.info = info;
    this.roles = rolesOf(info);
    this.partitionAware = this.has('PARTITION_AWARE');
    this.taskKillingState = this.has('TASK_KILLING_STATE');
  }

  has(capability: FrameworkCapability): boolean {
    return this.info.capabilities.includes(capability);
  }

  /** `failover_timeout`; the validation has refused what is no duration. */
  get failoverTimeout(): Micros {
    return this.info.failoverTimeout > 0 ? secondsToMicros(this.info.failoverTimeout) : micros(0);
  }

  static readonly layout = fieldsLayout({
    blank: () => new FrameworkRecord(FILLED_IN_LATER, FILLED_IN_LATER, NO_INFO, false),
  });
}
