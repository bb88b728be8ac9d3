import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { CLOCK_CONTRACT, type ClockWorld, declareContract } from '../../../engine/contracts/index.ts';
import { type Micros, MICROS_PER_MILLISECOND } from '../../../engine/core/index.ts';
import { WallClock } from './clock.ts';

// The clock of masters and agents, held to the contract that the simulator passes as well (drivers/sim/world/clock-port.test.ts).

/** This machine's clocks. Tests do not set them. */
class MachineClockWorld implements ClockWorld {
  readonly #clock = new WallClock();

  now(): Micros {
    return this.#clock.now();
  }

  wall(): number {
    return Date.now() * MICROS_PER_MILLISECOND;
  }

  async pass(duration: Micros): Promise<void> {
    await sleep(duration / MICROS_PER_MILLISECOND);
  }

  set(): void {
    throw new Error('the clock of this machine is not set by tests');
  }
}

/** The same clock over clocks that the test sets. */
class SetClockWorld implements ClockWorld {
  #monotonic = 5_000;
  #steps = 1_700_000_000_000;
  readonly #clock = new WallClock(
    () => Math.floor(this.#monotonic + this.#steps),
    () => this.#monotonic,
  );

  now(): Micros {
    return this.#clock.now();
  }

  wall(): number {
    return (this.#monotonic + this.#steps) * MICROS_PER_MILLISECOND;
  }

  pass(duration: Micros): Promise<void> {
    this.#monotonic += duration / MICROS_PER_MILLISECOND;
    return Promise.resolve();
  }

  set(step: number): void {
    this.#steps += step / MICROS_PER_MILLISECOND;
  }
}

declareContract(test, CLOCK_CONTRACT, {
  name: 'WallClock on this machine',
  open: () => Promise.resolve(new MachineClockWorld()),
  close: () => Promise.resolve(),
  lacks: { set: 'tests do not set the clock of the machine that they run on' },
});
declareContract(test, CLOCK_CONTRACT, {
  name: 'WallClock on clocks that are set',
  open: () => Promise.resolve(new SetClockWorld()),
  close: () => Promise.resolve(),
  lacks: {},
});
