import type { AgentOutput } from '../../../engine/agent/index.ts';
import { InvariantError, type Micros } from '../../../engine/core/index.ts';
import type { MasterInput, MasterMachine, MasterOutput } from '../../../engine/master/index.ts';
import type { ChaosOutput } from '../../../frameworks/chaos/index.ts';
import type { Scene } from './scene.ts';

/** What must hold, whatever happens (docs/testing.md): safety at every moment, liveness once faults are over. */
export const PROPERTIES = {
  S1: 'conservation of resources: every copy of the books adds up',
  S2: 'no double allocation',
  S3: 'one live run per launch, and nothing given up before its time',
  S4: 'terminal is absorbing',
  S5: 'updates in order, at least once, acknowledged by identity',
  S6: 'a single writer: orders and writes of the leader only',
  S7: 'quota: limits hold, guarantees stay within reach',
  S8: 'ownership: reservations, volumes and tasks end only for a reason',
  S9: 'determinism',
  S10: 'no crash, no failed internal check',
  S11: 'durability: what was acknowledged survives',
  S12: 'isolation: a call changes nothing of other roles and frameworks',
  S13: 'placement constraints hold',
  L1: 'every accepted task is answered',
  L2: 'no starvation',
  L3: 'convergence, then silence',
  L4: 'drains end',
  L5: 'recovery ends',
  L6: 'bounded growth',
  L7: 'no storm',
  C1: 'durations are what was asked for',
} as const;

export type PropertyId = keyof typeof PROPERTIES;

/**
 * One promise of the system, watched over a run. What it sees comes in order; it changes nothing. Whatever is broken it throws as a
 * `PropertyError`.
 */
export interface Property {
  readonly id: PropertyId;
  /** Every input of a master, before its machine takes the step. */
  masterInput?(now: Micros, master: number, input: MasterInput, machine: MasterMachine): void;
  /** Every order and event of a master, by the host that carries it out. */
  masterOutput?(now: Micros, master: number, output: MasterOutput, machine: MasterMachine): void;
  agentOutput?(now: Micros, machine: number, output: AgentOutput): void;
  frameworkOutput?(now: Micros, framework: number, output: ChaosOutput): void;
  /** Every so many events: may look at everything. */
  check?(scene: Scene): void;
  /** Faults are over and the bound for recovery has passed: everything is at rest. */
  settled?(scene: Scene): void;
}

/** A promise that did not hold: which, what happened, where, and the ids concerned. */
export class PropertyError extends InvariantError {
  readonly property: PropertyId;

  constructor(property: PropertyId, what: string) {
    super(`${property}: ${what}`);
    this.property = property;
  }
}

/** States what the property promises. */
export function expectThat(condition: boolean, property: PropertyId, what: () => string): asserts condition {
  if (!condition) throw new PropertyError(property, what());
}
