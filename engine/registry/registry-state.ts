import { type AgentId, assert, assertNever, type MasterEpoch, type Micros } from '../core/index.ts';
import type { AgentInfo } from '../protocol/index.ts';
import type { RegisteredQuota, RegistryOperation, RegistrySnapshot } from './registry.ts';

/**
 * The registry's content, as the log of operations leaves it (spec 13 §3). Stores and the simulator apply operations to it;
 * a new master starts from its snapshot.
 */
export class RegistryState {
  #epoch = 0 as MasterEpoch;
  readonly #admitted = new Map<AgentId, AgentInfo>();
  readonly #unreachable = new Map<AgentId, Micros>();
  readonly #gone = new Map<AgentId, Micros>();
  readonly #weights = new Map<string, number>();
  readonly #quotas = new Map<string, RegisteredQuota>();

  /** The state that `snapshot` was taken of. */
  static restore(snapshot: RegistrySnapshot): RegistryState {
    const state = new RegistryState();
    state.#epoch = snapshot.epoch;
    for (const [id, info] of snapshot.admitted) state.#admitted.set(id, info);
    for (const [id, at] of snapshot.unreachable) state.#unreachable.set(id, at);
    for (const [id, at] of snapshot.gone) state.#gone.set(id, at);
    for (const [role, weight] of snapshot.weights) state.#weights.set(role, weight);
    for (const [role, quota] of snapshot.quotas) state.#quotas.set(role, quota);
    return state;
  }

  /** Epoch of the last master elected; 0 before the first. */
  get epoch(): MasterEpoch {
    return this.#epoch;
  }

  /** Applies one operation. An operation that does not fit the state is our own bug: the master orders them. */
  apply(operation: RegistryOperation): void {
    switch (operation.kind) {
      case 'masterElected':
        assert(operation.epoch > this.#epoch, 'each master elected has an epoch beyond the last');
        this.#epoch = operation.epoch;
        break;
      case 'agentAdmitted':
        assert(!this.#admitted.has(operation.id), 'an agent is admitted once under one id');
        assert(
          !this.#unreachable.has(operation.id),
          'an unreachable agent is marked reachable, not admitted',
        );
        assert(!this.#gone.has(operation.id), 'a gone agent never comes back');
        this.#admitted.set(operation.id, operation.info);
        break;
      case 'agentUpdated':
        assert(this.#admitted.has(operation.id), 'only an admitted agent is updated');
        this.#admitted.set(operation.id, operation.info);
        break;
      case 'agentMarkedUnreachable':
        assert(this.#admitted.delete(operation.id), 'only an admitted agent becomes unreachable');
        this.#unreachable.set(operation.id, operation.at);
        break;
      case 'agentMarkedReachable':
        assert(!this.#gone.has(operation.id), 'a gone agent never comes back');
        this.#unreachable.delete(operation.id);
        this.#admitted.set(operation.id, operation.info);
        break;
      case 'agentMarkedGone':
        this.#admitted.delete(operation.id);
        this.#unreachable.delete(operation.id);
        this.#gone.set(operation.id, operation.at);
        break;
      case 'agentRemoved':
        this.#admitted.delete(operation.id);
        break;
      case 'pruned':
        for (const id of operation.unreachable) this.#unreachable.delete(id);
        for (const id of operation.gone) this.#gone.delete(id);
        break;
      case 'weightSet':
        this.#weights.set(operation.role, operation.weight);
        break;
      case 'quotaSet': {
        const { role, guarantees, limits } = operation;
        if (guarantees.isEmpty && limits.isEmpty) this.#quotas.delete(role);
        else this.#quotas.set(role, { guarantees, limits });
        break;
      }
      default:
        assertNever(operation);
    }
  }

  /** A copy that later operations do not change. */
  snapshot(): RegistrySnapshot {
    return {
      epoch: this.#epoch,
      admitted: new Map(this.#admitted),
      unreachable: new Map(this.#unreachable),
      gone: new Map(this.#gone),
      weights: new Map(this.#weights),
      quotas: new Map(this.#quotas),
    };
  }
}
