import type { AgentId, FrameworkId, OfferId, Sink, TaskId } from '../../engine/core/index.ts';
import { assert } from '../../engine/core/index.ts';
import type { Filters, FrameworkInfo, SchedulerCall, TaskStatus } from '../../engine/protocol/index.ts';
import type { StatedDemand } from './demand.ts';
import type { WorkloadOutput } from './framework-io.ts';
import type { Holding } from './offer-pool.ts';
import type { TaskRun } from './task-table.ts';

type Outputs = Sink<WorkloadOutput>;

export const NO_FILTER: Filters = { refuseSeconds: 0 };

/** Writes the framework's calls. All but SUBSCRIBE need the id that the master gave. */
export class CallWriter {
  readonly #info: FrameworkInfo;
  #frameworkId: FrameworkId | null = null;

  constructor(info: FrameworkInfo) {
    this.#info = info;
  }

  set frameworkId(id: FrameworkId | null) {
    this.#frameworkId = id;
  }

  subscribe(outputs: Outputs, suppressedRoles: readonly string[]): void {
    const frameworkId = this.#frameworkId;
    push(outputs, {
      type: 'SUBSCRIBE',
      frameworkId,
      frameworkInfo: { ...this.#info, id: frameworkId },
      suppressedRoles,
      offerConstraints: null,
    });
  }

  /** All offers of the holding, and all the tasks that are to run on it, in one call. */
  accept(outputs: Outputs, holding: Holding, filters: Filters): void {
    const offerIds: OfferId[] = [];
    for (const offer of holding.offers) offerIds.push(offer.id);
    push(outputs, {
      type: 'ACCEPT',
      frameworkId: this.#id(),
      offerIds,
      operations: [{ type: 'LAUNCH', id: null, taskInfos: holding.taskInfos }],
      filters,
    });
  }

  decline(outputs: Outputs, offerIds: readonly OfferId[], filters: Filters): void {
    push(outputs, { type: 'DECLINE', frameworkId: this.#id(), offerIds, filters });
  }

  revive(outputs: Outputs, roles: readonly string[]): void {
    push(outputs, { type: 'REVIVE', frameworkId: this.#id(), roles });
  }

  suppress(outputs: Outputs, roles: readonly string[]): void {
    push(outputs, { type: 'SUPPRESS', frameworkId: this.#id(), roles });
  }

  request(outputs: Outputs, requests: readonly StatedDemand[]): void {
    push(outputs, { type: 'REQUEST', frameworkId: this.#id(), requests });
  }

  /** Only statuses with a uuid are acknowledged (spec 03 §2). */
  acknowledge(outputs: Outputs, status: TaskStatus): void {
    if (status.uuid === null || status.agentId === null) return;
    push(outputs, {
      type: 'ACKNOWLEDGE',
      frameworkId: this.#id(),
      agentId: status.agentId,
      taskId: status.taskId,
      uuid: status.uuid,
    });
  }

  kill(outputs: Outputs, taskId: TaskId, agentId: AgentId): void {
    push(outputs, { type: 'KILL', frameworkId: this.#id(), taskId, agentId, killPolicy: null });
  }

  /** No runs: implicit reconciliation. */
  reconcile(outputs: Outputs, runs: readonly TaskRun[]): void {
    push(outputs, {
      type: 'RECONCILE',
      frameworkId: this.#id(),
      tasks: runs.map((run) => ({ taskId: run.id, agentId: run.agentId })),
    });
  }

  #id(): FrameworkId {
    const id = this.#frameworkId;
    assert(id !== null, 'calls other than SUBSCRIBE are made by a subscribed framework');
    return id;
  }
}

function push(outputs: Outputs, call: SchedulerCall): void {
  outputs.push({ kind: 'call', call });
}
