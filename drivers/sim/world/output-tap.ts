import type { AgentOutput } from '../../../engine/agent/index.ts';
import type { Micros } from '../../../engine/core/index.ts';
import type { MasterOutput } from '../../../engine/master/index.ts';
import type { WorkloadOutput } from '../../../frameworks/workload/index.ts';

/** Which machine made an output: the master, the agent on a machine, or a framework by its number. */
export type Actor =
  | { readonly kind: 'master' }
  | { readonly kind: 'agent'; readonly machine: number }
  | { readonly kind: 'framework'; readonly framework: number };

/** Sees every output of a run, in order. */
export interface OutputTap {
  output(now: Micros, actor: Actor, output: MasterOutput | AgentOutput | WorkloadOutput): void;
}
