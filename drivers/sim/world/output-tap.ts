import type { AgentInput, AgentOutput } from '../../../engine/agent/index.ts';
import type { Micros } from '../../../engine/core/index.ts';
import type { MasterInput, MasterOutput } from '../../../engine/master/index.ts';
import type { WorkloadInput, WorkloadOutput } from '../../../frameworks/workload/index.ts';
import type { SchedulerInput, SchedulerOutput } from './scheduler-port.ts';

/** Which machine: a master by its number, the agent on a machine, or a framework by its number. */
export type Actor =
  | { readonly kind: 'master'; readonly master: number }
  | { readonly kind: 'agent'; readonly machine: number }
  | { readonly kind: 'framework'; readonly framework: number };

/** Sees every input of masters, agents and schedulers before its step. Inputs are reused: what is kept must be copied (one level deep). */
export interface InputTap {
  input(now: Micros, actor: Actor, input: MasterInput | AgentInput | SchedulerInput | WorkloadInput): void;
}

/** Sees every output of a run, in order. */
export interface OutputTap {
  output(
    now: Micros,
    actor: Actor,
    output: MasterOutput | AgentOutput | WorkloadOutput | SchedulerOutput,
  ): void;
}
