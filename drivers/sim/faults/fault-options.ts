import { type Micros, MICROS_PER_SECOND, micros } from '../../../engine/core/index.ts';

/** Faults that a plan draws from. A framework is hit by partitions and by what strikes messages as well. */
export type FaultKind =
  // Machines and the agents on them.
  | 'agentCrash'
  | 'agentRestart'
  | 'agentFreeze'
  // The network.
  | 'partition'
  | 'messageLoss'
  | 'messageDuplication'
  | 'messageDelay'
  // Masters and their store.
  | 'masterCrash'
  | 'slowRegistry'
  // From here on: kinds that plans of `simulate` leave out by default.
  | 'agentReboot'
  | 'agentWipe'
  | 'messageReorder'
  | 'halfOpen'
  | 'masterFreeze'
  | 'masterRestart'
  | 'masterClockForward'
  | 'masterClockBack'
  | 'masterClockRate'
  | 'masterPartition'
  | 'storePartition'
  | 'failingRegistry'
  | 'lostAcknowledgement'
  | 'tornBatch'
  | 'storeUnavailable'
  | 'laggingReplica'
  | 'leaseLost'
  | 'staleDetector'
  | 'executorDies'
  | 'executorHangs'
  | 'launchFails'
  | 'containerLimit'
  | 'frameworkFailover'
  | 'frameworkFreeze'
  | 'frameworkHoards'
  | 'frameworkFloods'
  | 'frameworkAnswersLate'
  | 'frameworkAcknowledgesLate'
  | 'operatorActs'
  | 'authorizerSlow'
  | 'authorizerFails'
  | 'storeLoss';

/** In the order in which plans draw them; a new kind goes to the end, so that it shifts no other's draws. */
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
  'agentReboot',
  'agentWipe',
  'messageReorder',
  'halfOpen',
  'masterFreeze',
  'masterRestart',
  'masterClockForward',
  'masterClockBack',
  'masterClockRate',
  'masterPartition',
  'storePartition',
  'failingRegistry',
  'lostAcknowledgement',
  'tornBatch',
  'storeUnavailable',
  'laggingReplica',
  'leaseLost',
  'staleDetector',
  'executorDies',
  'executorHangs',
  'launchFails',
  'containerLimit',
  'frameworkFailover',
  'frameworkFreeze',
  'frameworkHoards',
  'frameworkFloods',
  'frameworkAnswersLate',
  'frameworkAcknowledgesLate',
  'operatorActs',
  'authorizerSlow',
  'authorizerFails',
  'storeLoss',
];

/** Kinds that a replay with its one master and its well-behaved frameworks can be struck by. */
export const REPLAY_FAULT_KINDS: readonly FaultKind[] = [
  'agentCrash',
  'agentRestart',
  'agentFreeze',
  'partition',
  'messageLoss',
  'messageDuplication',
  'messageDelay',
  'masterCrash',
  'slowRegistry',
  'agentReboot',
  'agentWipe',
  'messageReorder',
  'halfOpen',
  'masterFreeze',
  'masterRestart',
  'executorDies',
  'executorHangs',
  'launchFails',
  'containerLimit',
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
  /** No fault strikes from this instant on; null for never. What has struck still runs its course, unless `healsBy` says otherwise. */
  readonly until: Micros | null;
  /** At this instant all is whole again: what has struck is over, what waits for its moment is called off. Null lets everything run its course. */
  readonly healsBy: Micros | null;
  /** Faults of the plan that strike, by `PlannedFault.index`; null for all. What is left out changes nothing about the others. */
  readonly keep: readonly number[] | null;
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
  /** Time from a master's crash to the election of the next, or, with several masters, until the crashed one is back. */
  readonly election: Span;
  /** How long the registry stays slow, and how long each of its writes takes then. */
  readonly slowRegistry: Span;
  readonly slowWrite: Span;
  /** How long a master's process stands still: with several masters, longer than its lease now and then. */
  readonly masterFreeze: Span;
  /** By how much a master's wall clock is set forward or back. */
  readonly clockStep: Span;
  /** How long a master's clock runs too fast or too slow, and by how much at most, millionths. */
  readonly clockRate: Span;
  readonly clockRatePpmMax: number;
  /** How long a master is cut off from the parties, or from the store. */
  readonly masterPartition: Span;
  /** How long writes to the store fail, nothing answers there, messages are lost, or a replica lags. */
  readonly storeTrouble: Span;
  /** How far behind a lagging replica is. */
  readonly replicaLag: Span;
  /** How long parties go on believing in the old leader. */
  readonly staleDetector: Span;
  /** How long launches fail on a machine, or its hanging executors hang. */
  readonly containerTrouble: Span;
  /** How long a framework misbehaves. */
  readonly misbehaviour: Span;
  /** Time from what an operator breaks (a drain, a quota) to the call that mends it. */
  readonly operatorMends: Span;
  /** How long the authorizer is slow, or fails. */
  readonly authorizerTrouble: Span;
}

const seconds = (count: number): Micros => micros(count * MICROS_PER_SECOND);

/** No faults at all: where rates start from. */
export const NO_FAULTS_PER_HOUR = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as {
  [Kind in FaultKind]: number;
};

/** A bad but not hopeless week of a cluster, per hour. */
export const DEFAULT_FAULT_OPTIONS: FaultOptions = {
  perHour: {
    ...NO_FAULTS_PER_HOUR,
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
  healsBy: null,
  keep: null,
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
  masterFreeze: { min: seconds(1), max: seconds(60) },
  clockStep: { min: seconds(1), max: seconds(900) },
  clockRate: { min: seconds(60), max: seconds(1_200) },
  clockRatePpmMax: 200_000,
  masterPartition: { min: seconds(2), max: seconds(180) },
  storeTrouble: { min: seconds(1), max: seconds(60) },
  replicaLag: { min: seconds(1), max: seconds(30) },
  staleDetector: { min: seconds(5), max: seconds(120) },
  containerTrouble: { min: seconds(5), max: seconds(120) },
  misbehaviour: { min: seconds(5), max: seconds(300) },
  operatorMends: { min: seconds(5), max: seconds(300) },
  authorizerTrouble: { min: seconds(5), max: seconds(120) },
};

/** The same faults `factor` times as often. */
export function scaledFaults(options: FaultOptions, factor: number): FaultOptions {
  const perHour = { ...options.perHour };
  for (const kind of FAULT_KINDS) perHour[kind] *= factor;
  return { ...options, perHour };
}
