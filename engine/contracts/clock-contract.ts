import {
  assert,
  type Micros,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
  micros,
  Rng,
} from '../core/index.ts';
import type { ContractCase } from './contract-case.ts';

export type ClockAbility =
  /** The clock of its host can be set. */
  'set';

/** The clock that a machine's process reads, and the clock of its host. */
export interface ClockWorld {
  /** What the machine is given. */
  now(): Micros;
  /** What the host's clock shows, µs. */
  wall(): number;
  pass(duration: Micros): Promise<void>;
  /** Sets the host's clock forward, or back by a negative `step`, µs. */
  set(step: number): void;
}

/** The wall clock is read in milliseconds. */
const GRAIN = MICROS_PER_MILLISECOND;
const SECOND = MICROS_PER_SECOND;

type Case = ContractCase<ClockWorld, ClockAbility>;

/** Reads, and looks that it is an instant and not before the last one. */
function reader(world: ClockWorld): () => Micros {
  let last = world.now();
  return () => {
    const now = world.now();
    assert(Number.isSafeInteger(now), 'an instant is a whole number of microseconds');
    assert(now >= last, 'time does not go back');
    last = now;
    return now;
  };
}

function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= 2 * GRAIN;
}

/** What `now` of a step is. */
export const CLOCK_CONTRACT: readonly Case[] = [
  {
    name: 'time passes, and never goes back',
    needs: [],
    run: async (world) => {
      const read = reader(world);
      const start = read();
      for (let look = 0; look < 20; look++) {
        for (let time = 0; time < 50; time++) read();
        await world.pass(micros(2 * MICROS_PER_MILLISECOND));
      }
      assert(read() > start, 'time passes');
    },
  },
  {
    name: 'time never goes back, however the host’s clock is set',
    needs: ['set'],
    run: async (world) => {
      const rng = Rng.forPurpose(1, 'clock contract');
      const read = reader(world);
      for (let change = 0; change < 400; change++) {
        world.set(rng.below(20 * SECOND) - 10 * SECOND);
        read();
        await world.pass(micros(rng.below(3 * SECOND)));
        read();
      }
    },
  },
  {
    name: 'after a step forward the machine’s time is the host’s within two seconds',
    needs: ['set'],
    run: async (world) => {
      const read = reader(world);
      world.set(60 * SECOND);
      for (let second = 0; second < 2; second++) {
        await world.pass(micros(SECOND));
        read();
      }
      assert(isClose(read(), world.wall()), 'both show the same');
    },
  },
  {
    name: 'after a step back the machine’s time is not ahead for more than ten times as long, and never by more than the step',
    needs: ['set'],
    run: async (world) => {
      const read = reader(world);
      const step = 5 * SECOND;
      world.set(-step);
      for (let second = 0; second < 55; second++) {
        await world.pass(micros(SECOND));
        const now = read();
        assert(now - world.wall() <= step + 2 * GRAIN, 'it is not ahead by more than the step');
      }
      assert(isClose(read(), world.wall()), 'both show the same again');
    },
  },
];
