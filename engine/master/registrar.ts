import { type AgentId, assert, type Micros } from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';
import type { AgentInfo, AgentToMaster } from '../protocol/index.ts';
import type { RegistryOperation } from '../registry/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { LinkId } from './input.ts';
import type { OperatorRequest } from './operator-request.ts';

export type ReregisterMessage = Extract<AgentToMaster, { type: 'REREGISTER_AGENT' }>;

/** What to do once a registry write is durable. */
export type AfterDurable =
  | { readonly kind: 'lead' }
  | { readonly kind: 'admit'; readonly id: AgentId; readonly info: AgentInfo; readonly link: LinkId }
  | { readonly kind: 'readmit'; readonly message: ReregisterMessage; readonly link: LinkId }
  | { readonly kind: 'unreachable'; readonly agent: AgentRecord; readonly at: Micros }
  | { readonly kind: 'recoveredUnreachable'; readonly id: AgentId; readonly at: Micros }
  | {
      readonly kind: 'remove';
      readonly agent: AgentRecord;
      readonly then: { readonly info: AgentInfo; readonly link: LinkId };
    }
  /** An agent whose machine is down. */
  | { readonly kind: 'shutDown'; readonly agent: AgentRecord }
  /** An operator's change, or the end of a drain, which nobody asked for (`from` null): takes effect, and is answered. */
  | {
      readonly kind: 'operator';
      readonly operation: OperatorOperation;
      readonly from: OperatorRequest | null;
    }
  | { readonly kind: 'nothing' };

/** Changes to the registry that operators make (spec 05 §A). */
export type OperatorOperation = Extract<
  RegistryOperation,
  {
    kind:
      | 'agentDrainStarted'
      | 'agentDrained'
      | 'agentDeactivated'
      | 'agentReactivated'
      | 'agentMarkedGone'
      | 'weightsUpdated'
      | 'quotasUpdated'
      | 'maintenanceScheduled'
      | 'machinesDown'
      | 'machinesUp';
  }
>;

/** Registry writes on their way, oldest first. Effects wait here until the store says that they are durable (DESIGN.md). */
export class Registrar {
  #issued = 0;
  #durable = 0;
  #waiting: AfterDurable[] = [];
  #head = 0;

  /** Writes that are not durable yet. */
  get queued(): number {
    return this.#issued - this.#durable;
  }

  /** Index of the write, for the `persist` output. */
  issue(then: AfterDurable): number {
    this.#waiting.push(then);
    return ++this.#issued;
  }

  /** The next effect whose write is durable, or null. */
  next(upTo: number): AfterDurable | null {
    assert(upTo <= this.#issued, 'only what was written becomes durable');
    if (this.#durable >= upTo) return null;
    this.#durable++;
    const effect = this.#waiting[this.#head]!;
    this.#head++;
    if (this.#head > 1_024 && this.#head * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
    return effect;
  }

  static readonly layout = fieldsLayout({
    take: (it: Registrar) => ({
      issued: it.#issued,
      durable: it.#durable,
      waiting: it.#waiting,
      head: it.#head,
    }),
    put: (it, fields) => {
      it.#issued = fields.issued;
      it.#durable = fields.durable;
      it.#waiting = fields.waiting;
      it.#head = fields.head;
    },
  });
}
