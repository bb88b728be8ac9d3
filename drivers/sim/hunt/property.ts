import type { AgentOutput } from '../../../engine/agent/index.ts';
import { InvariantError, type Micros } from '../../../engine/core/index.ts';
import type { MasterInput, MasterMachine, MasterOutput } from '../../../engine/master/index.ts';
import type { ChaosOutput } from '../../../frameworks/chaos/index.ts';
import type { Scene } from './scene.ts';

/** Ids of the properties that must hold (docs/testing.md). */
export type PropertyId =
  | 'S1'
  | 'S2'
  | 'S3'
  | 'S4'
  | 'S5'
  | 'S6'
  | 'S7'
  | 'S8'
  | 'S9'
  | 'S10'
  | 'S11'
  | 'S12'
  | 'S13'
  | 'L1'
  | 'L2'
  | 'L3'
  | 'L4'
  | 'L5'
  | 'L6'
  | 'L7'
  | 'C1';

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
