import {
  assert,
  assertNever,
  type Micros,
  MICROS_PER_SECOND,
  micros,
  Rng,
} from '../../../engine/core/index.ts';
import type { Direction } from '../network/index.ts';
import { FAULT_KINDS, type FaultKind, type FaultOptions, type Span } from './fault-options.ts';
import { OPERATOR_ACTS, OPERATOR_MOMENTS } from './operator-act.ts';
import type { MasterSubject, PlannedFault } from './planned-fault.ts';

/** Faults are drawn for one window of time after the other, so that a run of any length has a plan. */
export const FAULT_WINDOW = micros(3_600 * MICROS_PER_SECOND);

/** A window's faults are numbered within this range; more than that is no plan but a way to hang. */
const FAULTS_PER_WINDOW_MAX = 65_536;

/**
 * What goes wrong in a run: a function of the seed, the options and the numbers of machines and masters, and of nothing that happens in
 * the run. Each window has a stream of its own, so window 5 is the same whether or not window 4 was drawn.
 */
export class FaultPlan {
  readonly #seed: number;
  readonly #options: FaultOptions;
  readonly #machines: number;
  readonly #masters: number;
  readonly #kept: ReadonlySet<number> | null;

  /** @param seed a 32-bit integer */
  constructor(seed: number, options: FaultOptions, machines: number, masters = 1) {
    assert(machines > 0, 'a fault plan is for a cluster of one machine or more');
    assert(masters > 0, 'a fault plan is for a cluster of one master or more');
    this.#seed = seed;
    this.#options = options;
    this.#machines = machines;
    this.#masters = masters;
    this.#kept = options.keep === null ? null : new Set(options.keep);
  }

  /** Faults of the window that starts at `window × FAULT_WINDOW`, by instant; equal instants in the order of kinds. */
  window(window: number): readonly PlannedFault[] {
    const rng = Rng.forPurpose(this.#seed, `faults.${window}`);
    const start = window * FAULT_WINDOW;
    const faults: PlannedFault[] = [];
    let index = window * FAULTS_PER_WINDOW_MAX;
    const end = index + FAULTS_PER_WINDOW_MAX;
    for (const kind of FAULT_KINDS) {
      const rate = this.#options.perHour[kind];
      for (let left = drawCount(rate, rng); left > 0; left--) {
        assert(index < end, 'a window has room for its faults');
        const fault = this.#draw(kind, index++, micros(start + rng.below(FAULT_WINDOW)), rng);
        const strikes = this.#kept === null || this.#kept.has(fault.index);
        if (strikes && (this.#options.until === null || fault.at < this.#options.until)) faults.push(fault);
      }
    }
    return faults.sort((a, b) => a.at - b.at);
  }

  #draw(kind: FaultKind, index: number, at: Micros, rng: Rng): PlannedFault {
    const options = this.#options;
    switch (kind) {
      case 'agentCrash':
        return {
          kind,
          index,
          at,
          machine: this.#machine(rng),
          duration: drawSpan(options.crash, rng),
          keepsDisk: options.diskLostOneIn === 0 || rng.below(options.diskLostOneIn) !== 0,
        };
      case 'agentRestart':
      case 'agentReboot':
      case 'agentWipe':
        return { kind, index, at, machine: this.#machine(rng), duration: drawSpan(options.restart, rng) };
      case 'agentFreeze':
        return { kind, index, at, machine: this.#machine(rng), duration: drawSpan(options.freeze, rng) };
      case 'partition': {
        const most = Math.max(1, Math.floor((this.#machines * options.partitionPercentMax) / 100));
        return {
          kind,
          index,
          at,
          subject:
            rng.below(4) === 0
              ? { kind: 'framework', pick: rng.next() }
              : { kind: 'machines', first: rng.below(this.#machines), count: 1 + rng.below(most) },
          directions: PARTITION_DIRECTIONS[rng.below(PARTITION_DIRECTIONS.length)]!,
          duration: drawSpan(options.partition, rng),
          from: this.#masters === 1 || rng.below(2) === 0 ? null : this.#master(rng),
        };
      }
      case 'messageLoss':
      case 'messageDuplication':
      case 'messageDelay':
      case 'messageReorder':
        return {
          kind,
          index,
          at,
          side: rng.below(2) === 0 ? 'agents' : 'frameworks',
          direction: rng.below(2) === 0 ? 'toMaster' : 'fromMaster',
          delay: drawSpan(options.delay, rng),
        };
      case 'halfOpen':
        return { kind, index, at, side: rng.below(2) === 0 ? 'agents' : 'frameworks', pick: rng.next() };
      case 'masterCrash':
        return {
          kind,
          index,
          at,
          duration: drawSpan(options.election, rng),
          survivingWrites: rng.next(),
          master: this.#master(rng),
        };
      case 'masterFreeze':
        return { kind, index, at, master: this.#master(rng), duration: drawSpan(options.masterFreeze, rng) };
      case 'masterRestart':
        return { kind, index, at, master: this.#master(rng), duration: drawSpan(options.election, rng) };
      case 'masterClockForward':
      case 'masterClockBack':
        return { kind, index, at, master: this.#master(rng), step: drawSpan(options.clockStep, rng) };
      case 'masterClockRate':
        return {
          kind,
          index,
          at,
          master: this.#master(rng),
          ppm: rng.below(2 * options.clockRatePpmMax + 1) - options.clockRatePpmMax,
          duration: drawSpan(options.clockRate, rng),
        };
      case 'masterPartition':
      case 'storePartition':
        return {
          kind,
          index,
          at,
          master: this.#master(rng),
          directions: PARTITION_DIRECTIONS[rng.below(PARTITION_DIRECTIONS.length)]!,
          duration: drawSpan(options.masterPartition, rng),
        };
      case 'slowRegistry':
        return {
          kind,
          index,
          at,
          duration: drawSpan(options.slowRegistry, rng),
          write: drawSpan(options.slowWrite, rng),
        };
      case 'failingRegistry':
      case 'storeUnavailable':
        return { kind, index, at, duration: drawSpan(options.storeTrouble, rng) };
      case 'lostAcknowledgement':
      case 'leaseLost':
        return { kind, index, at };
      case 'tornBatch':
        return { kind, index, at, pick: rng.next(), duration: drawSpan(options.election, rng) };
      case 'laggingReplica':
        return {
          kind,
          index,
          at,
          lag: drawSpan(options.replicaLag, rng),
          duration: drawSpan(options.storeTrouble, rng),
        };
      case 'staleDetector':
        return { kind, index, at, pick: rng.next(), duration: drawSpan(options.staleDetector, rng) };
      case 'executorDies':
        return { kind, index, at, machine: this.#machine(rng), pick: rng.next() };
      case 'executorHangs':
        return {
          kind,
          index,
          at,
          machine: this.#machine(rng),
          pick: rng.next(),
          duration: drawSpan(options.containerTrouble, rng),
        };
      case 'launchFails':
        return {
          kind,
          index,
          at,
          machine: this.#machine(rng),
          duration: drawSpan(options.containerTrouble, rng),
        };
      case 'containerLimit':
        return {
          kind,
          index,
          at,
          machine: this.#machine(rng),
          pick: rng.next(),
          limit: rng.below(2) === 0 ? 'MEMORY_LIMIT' : 'DISK_LIMIT',
        };
      case 'frameworkFailover':
      case 'frameworkFreeze':
      case 'frameworkHoards':
      case 'frameworkFloods':
      case 'frameworkAnswersLate':
      case 'frameworkAcknowledgesLate':
        return { kind, index, at, pick: rng.next(), duration: drawSpan(options.misbehaviour, rng) };
      case 'operatorActs':
        return {
          kind,
          index,
          at,
          act: OPERATOR_ACTS[rng.below(OPERATOR_ACTS.length)]!,
          moment: OPERATOR_MOMENTS[rng.below(OPERATOR_MOMENTS.length)]!,
          pick: rng.next(),
          duration: drawSpan(options.operatorMends, rng),
        };
      case 'authorizerSlow':
        return {
          kind,
          index,
          at,
          delay: drawSpan(options.delay, rng),
          duration: drawSpan(options.authorizerTrouble, rng),
        };
      case 'authorizerFails':
        return { kind, index, at, duration: drawSpan(options.authorizerTrouble, rng) };
      case 'storeLoss':
        return {
          kind,
          index,
          at,
          percent: STORE_LOSS_MIN + rng.below(STORE_LOSS_MAX - STORE_LOSS_MIN + 1),
          pick: rng.next(),
          duration: drawSpan(options.storeTrouble, rng),
        };
      default:
        return assertNever(kind);
    }
  }

  #machine(rng: Rng): number {
    return rng.below(this.#machines);
  }

  /** With one master there is nothing to choose, and nothing is drawn. Else the leader is meant half of the time. */
  #master(rng: Rng): MasterSubject {
    if (this.#masters === 1) return 'leader';
    return rng.below(2) === 0 ? 'leader' : rng.below(this.#masters);
  }
}

/** Percent of the messages. Not all: what nothing gets through is `storeUnavailable`. */
const STORE_LOSS_MIN = 10;
const STORE_LOSS_MAX = 75;

/** Half of the partitions cut both ways. */
const PARTITION_DIRECTIONS: readonly (readonly Direction[])[] = [
  ['toMaster', 'fromMaster'],
  ['toMaster'],
  ['toMaster', 'fromMaster'],
  ['fromMaster'],
];

/** The whole part of `rate`, and one more with the probability of the rest. */
function drawCount(rate: number, rng: Rng): number {
  const whole = Math.floor(rate);
  return whole + (rng.unit() < rate - whole ? 1 : 0);
}

function drawSpan(span: Span, rng: Rng): Micros {
  return micros(span.min + rng.below(span.max - span.min + 1));
}
