import type { FrameworkId, OperationUuid } from '../core/index.ts';
import { fieldsLayout, FILLED_IN_LATER } from '../core/graph/index.ts';
import {
  isSpeculative,
  isTerminalOperation,
  type OperationStatus,
  type ResourceOfferOperation,
} from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { Role } from './allocator.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { LinkId } from './input.ts';

/** Who holds what an operation consumes until it has ended. */
export interface OperationHolder {
  readonly framework: FrameworkRecord;
  readonly role: Role;
}

/** An operation that was sent to an agent, or reported by one, until its end is acknowledged (spec 09 §5). */
export class OperationRecord {
  readonly uuid: OperationUuid;
  /** Null when an operator asked for it. The framework may be gone, or not have come back since a failover. */
  readonly frameworkId: FrameworkId | null;
  readonly agent: AgentRecord;
  readonly info: ResourceOfferOperation;
  latestStatus: OperationStatus;
  /** Over which it was sent; null if the agent reported it. */
  readonly link: LinkId | null;
  /**
   * Of an operation that is not speculative and pending: who holds what it consumes. Null once it has ended, and when its framework is gone:
   * then nobody can have it before the end, and the agent's total goes without it.
   */
  holder: OperationHolder | null = null;

  constructor(
    uuid: OperationUuid,
    frameworkId: FrameworkId | null,
    agent: AgentRecord,
    info: ResourceOfferOperation,
    latestStatus: OperationStatus,
    link: LinkId | null,
  ) {
    this.uuid = uuid;
    this.frameworkId = frameworkId;
    this.agent = agent;
    this.info = info;
    this.latestStatus = latestStatus;
    this.link = link;
  }

  get isPending(): boolean {
    return !isTerminalOperation(this.latestStatus.state);
  }

  /** Whether a framework is told of it: it gave it an id. */
  get isWatched(): boolean {
    return this.frameworkId !== null && this.info.id !== null;
  }

  /** What it consumes and nobody else may have before it ends: nothing of a speculative one, whose effect the books show already. */
  get source(): Resources {
    return isSpeculative(this.info) ? Resources.EMPTY : this.info.source;
  }

  /** What it holds of its framework's share. */
  get held(): Resources {
    return this.holder === null ? Resources.EMPTY : this.source;
  }

  static readonly layout = fieldsLayout({
    blank: () =>
      new OperationRecord(FILLED_IN_LATER, null, FILLED_IN_LATER, FILLED_IN_LATER, FILLED_IN_LATER, null),
  });
}
