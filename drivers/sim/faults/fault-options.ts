import { type Micros, MICROS_PER_SECOND, micros } from '../../../engine/core/index.ts';

/** Faults that a plan draws from. A framework is hit by partitions and by what strikes messages. */
export type FaultKind =
  | 'agentCrash'
  | 'agentRestart'
  | 'agentFreeze'
  | 'partition'
  | 'messageLoss'
  | 'messageDuplication'
  | 'messageDelay'
  | 'masterCrash'
  | 'slowRegistry';

/** In the order in which plans draw them. */
export const FAULT_KINDS: readonly FaultKind[] = [
  'agentCrash',
  'agentRestart',
  'agentFreeze',
  'partition',
  'messageLoss',
  'messageDuplication',
  'messageDelay',
  'masterCrash',
  'slowRegistry',
];

/** Shortest and longest of a time that is drawn evenly between them, µs; at most 2^32 - 1 (71 minutes) apart. */
export interface Span {
  readonly min: Micros;
  readonly max: Micros;
}

/** What goes wrong, and how often. */
export interface FaultOptions {
  /** Faults of each kind per hour of virtual time, over the whole cluster; fractions are kept by chance. */
  readonly perHour: { readonly [Kind in FaultKind]: number };
  /** No fault strikes from this instant on; null for never. What has struck still runs its course. */
  readonly until: Micros | null;
  /** How long a machine is down after a crash: it reboots, its containers are dead. */
  readonly crash: Span;
  /** One crash in so many loses the machine's disk too; 0 for none. */
  readonly diskLostOneIn: number;
  /** How long the agent's process is away when it restarts; its containers live on. */
  readonly restart: Span;
  /** How long an agent's process stops answering. */
  readonly freeze: Span;
  readonly partition: Span;
  /** Largest part of the machines that one partition takes, a percentage. At least one machine is taken. */
  readonly partitionPercentMax: number;
  readonly delay: Span;
  /** Time from a master's crash to the election of the next. */
  readonly election: Span;
  /** How long the registry stays slow, and how long each of its writes takes then. */
  readonly slowRegistry: Span;
  readonly slowWrite: Span;
}

const seconds = (count: number): Micros => micros(count * MICROS_PER_SECOND);

/** A bad but not hopeless week of a cluster, per hour. */
export const DEFAULT_FAULT_OPTIONS: FaultOptions = {
  perHour: {
    agentCrash: 0.5,
    agentRestart: 1,
    agentFreeze: 1,
    partition: 0.2,
    messageLoss: 2,
    messageDuplication: 2,
    messageDelay: 2,
    masterCrash: 0.05,
    slowRegistry: 0.1,
  },
  until: null,
  crash: { min: seconds(60), max: seconds(1_800) },
  diskLostOneIn: 10,
  restart: { min: seconds(1), max: seconds(30) },
  freeze: { min: seconds(1), max: seconds(180) },
  partition: { min: seconds(5), max: seconds(300) },
  partitionPercentMax: 10,
  delay: { min: seconds(1), max: seconds(20) },
  election: { min: seconds(2), max: seconds(30) },
  slowRegistry: { min: seconds(10), max: seconds(120) },
  slowWrite: { min: seconds(1), max: seconds(25) },
};

/** The same faults `factor` times as often. */
export function scaledFaults(options: FaultOptions, factor: number): FaultOptions {
  const perHour = { ...options.perHour };
  for (const kind of FAULT_KINDS) perHour[kind] *= factor;
  return { ...options, perHour };
}
