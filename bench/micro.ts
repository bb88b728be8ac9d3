import benny from 'benny';
import { milli, Rng, RollingHash } from '../engine/core/index.ts';
import { Resources } from '../engine/resources/index.ts';

/** Small parts against their plain alternatives, by benny: operations per second, averages. Ratios within one run are what counts. */
export async function runMicro(): Promise<void> {
  await resources();
  await generators();
}

function resources() {
  const machine = Resources.ofScalars({
    cpus: milli(16_000),
    mem: milli(65_536_000),
    disk: milli(1_000_000),
  });
  const task = Resources.ofScalars({ cpus: milli(1_000), mem: milli(2_048_000) });
  return benny.suite(
    'resource algebra',
    benny.add('minus', () => machine.minus(task)),
    benny.add('plus', () => machine.plus(task)),
    benny.add('contains', () => machine.contains(task)),
    benny.cycle(),
    benny.complete(),
  );
}

function generators() {
  const rng = Rng.forPurpose(1, 'bench');
  const hash = new RollingHash();
  return benny.suite(
    'random numbers and hash',
    benny.add('xoshiro128**', () => rng.next()),
    benny.add('rolling hash, one field', () => hash.add(12_345)),
    benny.cycle(),
    benny.complete(),
  );
}
