import type { Micros, Sink } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentState } from './agent-state.ts';
import { NEVER } from './agent-task.ts';
import type { AgentOutput } from './output.ts';
import { allocatedRevocable } from './revocable-use.ts';

/** What the agent may lend, all of it revocable (`--resource_estimator`). `fixed`: so much in all, whatever is used. */
export type ResourceEstimator =
  | { readonly kind: 'noop' }
  | { readonly kind: 'fixed'; readonly resources: Resources };

/** What is taken back, and when (`--qos_controller`). `load`: everything lent, while a load average of the host is above its threshold. */
export type QosController =
  | { readonly kind: 'noop' }
  | {
      readonly kind: 'load';
      /** Of the averages over 5 and 15 minutes; null looks at the other alone. */
      readonly fiveMinutes: number | null;
      readonly fifteenMinutes: number | null;
    };

export interface OversubscriptionSettings {
  /** `--oversubscribed_resources_interval`. */
  readonly interval: Micros;
  readonly estimator: ResourceEstimator;
  readonly qos: QosController;
}

/** Load averages of the host. */
export interface HostLoad {
  readonly fiveMinutes: number;
  readonly fifteenMinutes: number;
}

/** What can be lent beside what is lent already; never negative. */
export function estimateOversubscribable(estimator: ResourceEstimator, allocated: Resources): Resources {
  switch (estimator.kind) {
    case 'noop':
      return allocated.minus(allocated);
    case 'fixed':
      return estimator.resources.minus(allocated);
  }
}

/** Whether what runs on lent resources has to go. */
export function mustRevoke(qos: QosController, load: HostLoad): boolean {
  switch (qos.kind) {
    case 'noop':
      return false;
    case 'load':
      return (
        (qos.fiveMinutes !== null && load.fiveMinutes > qos.fiveMinutes) ||
        (qos.fifteenMinutes !== null && load.fifteenMinutes > qos.fifteenMinutes)
      );
  }
}

/** Lends what is idle and takes it back (spec 12 §11). */
export class Oversubscription {
  readonly #state: AgentState;
  readonly #settings: OversubscriptionSettings;
  /** What the master was told last, null after a registration. */
  #told: Resources | null = null;
  #nextAt = NEVER;

  constructor(state: AgentState, settings: OversubscriptionSettings) {
    this.#state = state;
    this.#settings = settings;
  }

  get deadline(): number {
    return this.#nextAt;
  }

  begin(now: Micros): void {
    const { estimator, qos, interval } = this.#settings;
    if (estimator.kind !== 'noop' || qos.kind !== 'noop') this.#nextAt = now + interval;
  }

  /** The master knows nothing of it after a registration. */
  registered(outputs: Sink<AgentOutput>): void {
    this.#told = null;
    this.#tell(outputs);
  }

  tick(now: Micros, outputs: Sink<AgentOutput>): void {
    this.#nextAt = now + this.#settings.interval;
    this.#tell(outputs);
    if (this.#settings.qos.kind !== 'noop') outputs.push({ kind: 'sampleUsage' });
  }

  /** Whether everything that is lent is to be taken back. */
  sampled(load: HostLoad | null): boolean {
    return load !== null && mustRevoke(this.#settings.qos, load);
  }

  /** The new revocable total: what is lent, and what can be lent beside it. */
  #tell(outputs: Sink<AgentOutput>): void {
    const { estimator } = this.#settings;
    const agentId = this.#state.updates.sender;
    if (estimator.kind === 'noop' || agentId === null) return;
    const allocated = allocatedRevocable(this.#state);
    const oversubscribed = allocated.plus(estimateOversubscribable(estimator, allocated));
    if (this.#told !== null && this.#told.equals(oversubscribed)) return;
    this.#told = oversubscribed;
    outputs.push({ kind: 'toMaster', message: { type: 'UPDATE_AGENT', agentId, oversubscribed } });
  }
}
