import { test } from 'vitest';
import { CLOCK_CONTRACT, type ClockWorld, declareContract } from '../../../engine/contracts/index.ts';
import { type Micros, micros } from '../../../engine/core/index.ts';
import { HostClock } from './host-clock.ts';

// The simulator's clocks, held to the contract that drivers/linux passes as well (drivers/linux/master/clock-port.test.ts).

const START = micros(1_000_000_000);

/** A host's clock in virtual time. */
class VirtualClockWorld implements ClockWorld {
  readonly #clock = new HostClock(START);
  #world = 0;
  #steps = 0;

  now(): Micros {
    return this.#clock.read(micros(this.#world));
  }

  wall(): number {
    return START + this.#world + this.#steps;
  }

  pass(duration: Micros): Promise<void> {
    this.#world += duration;
    return Promise.resolve();
  }

  set(step: number): void {
    // Not before the world's beginning.
    const taken = Math.max(step, -this.wall());
    this.#steps += taken;
    this.#clock.set(micros(this.#world), taken);
  }
}

declareContract(test, CLOCK_CONTRACT, {
  name: 'a simulated host’s clock',
  open: () => Promise.resolve(new VirtualClockWorld()),
  close: () => Promise.resolve(),
  lacks: {},
});
