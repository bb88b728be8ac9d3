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
import type { PlannedFault } from './planned-fault.ts';

/** Faults are drawn for one window of time after the other, so that a run of any length has a plan. */
export const FAULT_WINDOW = micros(3_600 * MICROS_PER_SECOND);

/**
 * What goes wrong in a run: a function of the seed, the options and the number of machines, and of nothing that happens in the run. Each
 * window has a stream of its own, so window 5 is the same whether or not window 4 was drawn.
 */
export class FaultPlan {
  readonly #seed: number;
  readonly #options: FaultOptions;
  readonly #machines: number;

  /** @param seed a 32-bit integer */
  constructor(seed: number, options: FaultOptions, machines: number) {
    assert(machines > 0, 'a fault plan is for a cluster of one machine or more');
    this.#seed = seed;
    this.#options = options;
    this.#machines = machines;
  }

  /** Faults of the window that starts at `window × FAULT_WINDOW`, by instant; equal instants in the order of kinds. */
  window(window: number): readonly PlannedFault[] {
    const rng = Rng.forPurpose(this.#seed, `faults.${window}`);
    const start = window * FAULT_WINDOW;
    const faults: PlannedFault[] = [];
    for (const kind of FAULT_KINDS) {
      for (let left = drawCount(this.#options.perHour[kind], rng); left > 0; left--) {
        const fault = this.#draw(kind, micros(start + rng.below(FAULT_WINDOW)), rng);
        if (this.#options.until === null || fault.at < this.#options.until) faults.push(fault);
      }
    }
    return faults.sort((a, b) => a.at - b.at);
  }

  #draw(kind: FaultKind, at: Micros, rng: Rng): PlannedFault {
    const options = this.#options;
    switch (kind) {
      case 'agentCrash':
        return {
          kind,
          at,
          machine: rng.below(this.#machines),
          duration: drawSpan(options.crash, rng),
          keepsDisk: options.diskLostOneIn === 0 || rng.below(options.diskLostOneIn) !== 0,
        };
      case 'agentRestart':
        return { kind, at, machine: rng.below(this.#machines), duration: drawSpan(options.restart, rng) };
      case 'agentFreeze':
        return { kind, at, machine: rng.below(this.#machines), duration: drawSpan(options.freeze, rng) };
      case 'partition': {
        const most = Math.max(1, Math.floor((this.#machines * options.partitionPercentMax) / 100));
        return {
          kind,
          at,
          subject:
            rng.below(4) === 0
              ? { kind: 'framework', pick: rng.next() }
              : { kind: 'machines', first: rng.below(this.#machines), count: 1 + rng.below(most) },
          directions: PARTITION_DIRECTIONS[rng.below(PARTITION_DIRECTIONS.length)]!,
          duration: drawSpan(options.partition, rng),
        };
      }
      case 'messageLoss':
      case 'messageDuplication':
      case 'messageDelay':
        return {
          kind,
          at,
          side: rng.below(2) === 0 ? 'agents' : 'frameworks',
          direction: rng.below(2) === 0 ? 'toMaster' : 'fromMaster',
          delay: drawSpan(options.delay, rng),
        };
      case 'masterCrash':
        return { kind, at, duration: drawSpan(options.election, rng), survivingWrites: rng.next() };
      case 'slowRegistry':
        return {
          kind,
          at,
          duration: drawSpan(options.slowRegistry, rng),
          write: drawSpan(options.slowWrite, rng),
        };
      default:
        return assertNever(kind);
    }
  }
}

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
