import {
  type AgentId,
  assert,
  type FrameworkId,
  type Micros,
  type OperationUuid,
  type Sink,
  type UpdateId,
} from '../core/index.ts';
import type { OperationStatus, ReportedOperation, ResourceOfferOperation } from '../protocol/index.ts';
import { NEVER } from './agent-task.ts';
import type { CheckpointJournal } from './checkpoint-journal.ts';
import type { AgentSettings } from './options.ts';
import type { AgentOutput } from './output.ts';

/** An operation that has ended, until its end is acknowledged. */
interface AgentOperation {
  readonly operationUuid: OperationUuid;
  readonly frameworkId: FrameworkId | null;
  /** Null of one that never came here, about which the master asked. */
  readonly info: ResourceOfferOperation | null;
  readonly status: OperationStatus;
  retryAt: number;
  retryDelay: number;
}

/**
 * The operation status update manager (spec 09 §5): one stream per operation. An operation on the agent's own resources ends in the step
 * in which it comes, so that a stream holds one update; it is sent, and repeated with a doubled wait, until its own uuid is acknowledged.
 * Nothing is sent while there is no registration.
 */
export class AgentOperations {
  readonly #retryDelayFirst: Micros;
  readonly #retryDelayMax: Micros;
  readonly #journal: CheckpointJournal | null;
  /** In the order in which they came; null while there never was one. */
  #operations: Map<OperationUuid, AgentOperation> | null = null;
  /** The newest that came: uuids ascend over all masters, so that what is not newer was here before. */
  #newest: OperationUuid | null = null;
  /** Null while the agent is not registered. */
  #sender: AgentId | null;
  #deadline = NEVER;

  /** @param sender the agent's id if it is registered now */
  constructor(settings: AgentSettings, journal: CheckpointJournal | null, sender: AgentId | null) {
    this.#sender = sender;
    this.#journal = journal;
    this.#retryDelayFirst = settings.statusUpdateRetry;
    this.#retryDelayMax = settings.statusUpdateRetryMax;
  }

  /** Not after the earliest retry; NEVER when nothing waits. */
  get deadline(): number {
    return this.#deadline;
  }

  get newest(): OperationUuid | null {
    return this.#newest;
  }

  /** Operations whose end is not acknowledged. */
  get count(): number {
    return this.#operations === null ? 0 : this.#operations.size;
  }

  /** Notes that an operation came; false if it was here before: a message may come twice, its effect may not (bug ledger B11). */
  isNew(operationUuid: OperationUuid): boolean {
    if (this.#newest !== null && operationUuid <= this.#newest) return false;
    this.#newest = operationUuid;
    return true;
  }

  /** The operation has ended as `status` says, whose uuid acknowledges it; sent at once if there is a registration. */
  ended(
    now: Micros,
    operationUuid: OperationUuid,
    frameworkId: FrameworkId | null,
    info: ResourceOfferOperation | null,
    status: OperationStatus,
    outputs: Sink<AgentOutput>,
  ): void {
    assert(status.uuid !== null, 'the end of an operation is acknowledged by a uuid');
    const operation = { operationUuid, frameworkId, info, status, retryAt: NEVER, retryDelay: 0 };
    this.#operations ??= new Map();
    assert(!this.#operations.has(operationUuid), 'an operation ends once');
    this.#operations.set(operationUuid, operation);
    if (info !== null)
      this.#journal?.operationAdded({ operationUuid, frameworkId, info, latestStatus: status });
    if (this.#sender !== null) this.#send(now, operation, this.#retryDelayFirst, outputs);
  }

  isKnown(operationUuid: OperationUuid): boolean {
    return this.#operations !== null && this.#operations.has(operationUuid);
  }

  /** Forgets the operation if `uuid` is that of its status; another uuid changes nothing. */
  acknowledge(operationUuid: OperationUuid, uuid: UpdateId): void {
    const operation = this.#operations?.get(operationUuid);
    if (operation === undefined || operation.status.uuid !== uuid) return;
    this.#operations!.delete(operationUuid);
    this.#journal?.operationForgotten(operationUuid);
    this.#disarm();
  }

  /** Registered: the end of every operation is sent again. */
  resume(now: Micros, sender: AgentId, outputs: Sink<AgentOutput>): void {
    this.#sender = sender;
    if (this.#operations === null) return;
    for (const operation of this.#operations.values())
      this.#send(now, operation, this.#retryDelayFirst, outputs);
  }

  /** The registration is gone: nothing is sent until the next. */
  pause(): void {
    this.#sender = null;
    this.#deadline = NEVER;
    if (this.#operations === null) return;
    for (const operation of this.#operations.values()) operation.retryAt = NEVER;
  }

  /** Sends what is due again, with a doubled wait, and finds the next deadline. O(operations). */
  retry(now: Micros, outputs: Sink<AgentOutput>): void {
    let earliest = NEVER;
    for (const operation of this.#operations!.values()) {
      if (operation.retryAt <= now)
        this.#send(now, operation, Math.min(2 * operation.retryDelay, this.#retryDelayMax), outputs);
      if (operation.retryAt < earliest) earliest = operation.retryAt;
    }
    this.#deadline = earliest;
  }

  /** Nobody waits for the ends of the framework's operations any more; null forgets all. What they did to the resources stays. */
  forget(frameworkId: FrameworkId | null): void {
    if (this.#operations === null) return;
    for (const operation of this.#operations.values()) {
      if (frameworkId !== null && operation.frameworkId !== frameworkId) continue;
      this.#operations.delete(operation.operationUuid);
      this.#journal?.operationForgotten(operation.operationUuid);
    }
    this.#disarm();
  }

  /** What a master is told at re-registration, and what the disk holds: an answer to a question is neither, the next master asks again. */
  report(): readonly ReportedOperation[] {
    if (this.#operations === null) return [];
    const reported: ReportedOperation[] = [];
    for (const { operationUuid, frameworkId, info, status } of this.#operations.values()) {
      if (info !== null) reported.push({ operationUuid, frameworkId, info, latestStatus: status });
    }
    return reported;
  }

  /** Goes on with what a former process had checkpointed. */
  recover(operations: readonly ReportedOperation[], newest: OperationUuid | null): void {
    this.#newest = newest;
    if (operations.length === 0) return;
    this.#operations = new Map();
    for (const { operationUuid, frameworkId, info, latestStatus: status } of operations) {
      const operation = { operationUuid, frameworkId, info, status, retryAt: NEVER, retryDelay: 0 };
      this.#operations.set(operationUuid, operation);
    }
  }

  checkInvariants(): void {
    if (this.#operations === null) {
      assert(this.#deadline === NEVER, 'no deadline without an operation');
      return;
    }
    for (const { retryAt, operationUuid, info } of this.#operations.values()) {
      assert(
        (retryAt !== NEVER) === (this.#sender !== null),
        'an unacknowledged end is retried while registered',
      );
      assert(retryAt >= this.#deadline, 'no retry is due before the deadline');
      assert(info === null || operationUuid <= this.#newest!, 'what came is not newer than the newest');
    }
    assert(this.#operations.size > 0 || this.#deadline === NEVER, 'no deadline without an operation');
  }

  #send(now: Micros, operation: AgentOperation, retryDelay: number, outputs: Sink<AgentOutput>): void {
    operation.retryDelay = retryDelay;
    operation.retryAt = now + retryDelay;
    if (operation.retryAt < this.#deadline) this.#deadline = operation.retryAt;
    const { frameworkId, operationUuid, status } = operation;
    outputs.push({
      kind: 'toMaster',
      message: {
        type: 'UPDATE_OPERATION_STATUS',
        agentId: this.#sender!,
        frameworkId,
        operationUuid,
        status,
      },
    });
  }

  #disarm(): void {
    if (this.#operations!.size === 0) this.#deadline = NEVER;
  }
}
