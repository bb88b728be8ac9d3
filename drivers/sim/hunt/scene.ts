import type { AgentMachine } from '../../../engine/agent/index.ts';
import type { FrameworkId, Micros } from '../../../engine/core/index.ts';
import type { MasterMachine } from '../../../engine/master/index.ts';
import type { RegistryState } from '../../../engine/registry/index.ts';
import type { ChaosFramework } from '../../../frameworks/chaos/index.ts';
import type { Scenario } from './scenario.ts';

/** What properties look at between events. */
export interface Scene {
  readonly now: Micros;
  readonly scenario: Scenario;
  /** The master that leads and has recovered; null while there is none. */
  readonly leader: MasterMachine | null;
  /** What is durable. */
  readonly registry: RegistryState;
  /** The process of the agent on a machine, null while there is none. */
  agent(machine: number): AgentMachine | null;
  /** Whether the agent's process answers: up, and not frozen. */
  answers(machine: number): boolean;
  /** The instance of a framework that is in charge. */
  framework(number: number): ChaosFramework;
  /** Number of the framework with that id, -1 for none. */
  numberOf(id: FrameworkId): number;
  nameOfFramework(number: number): string;
}
