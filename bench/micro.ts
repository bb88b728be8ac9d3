import benny from 'benny';
import { Heap } from 'heap-js';
import { Agenda } from '../drivers/sim/agenda/index.ts';
import { milli, Rng, RollingHash } from '../engine/core/index.ts';
import { Resources } from '../engine/resources/index.ts';

/** Small parts against their plain alternatives, by benny: operations per second, averages. Ratios within one run are what counts. */
export async function runMicro(): Promise<void> {
  for (const pending of [1_000, 20_000, 300_000]) await agendas(pending);
  await resources();
  await generators();
}

interface Pending {
  readonly time: number;
  readonly sequence: number;
  readonly message: object;
}

/** The simulator's typed heap against heap-js with one object per event: take the earliest of `pending` events and put in a later one. */
function agendas(pending: number) {
  const message = {};
  const rng = Rng.forPurpose(1, 'bench.agenda');
  const agenda = new Agenda<object>();
  const heap = new Heap<Pending>((a, b) => a.time - b.time || a.sequence - b.sequence);
  let sequence = 0;
  for (let index = 0; index < pending; index++) {
    const time = rng.below(1_000_000);
    agenda.push(time, 1, 2, 3, message);
    heap.push({ time, sequence: sequence++, message });
  }
  return benny.suite(
    `agenda, ${pending} events pending`,
    benny.add('typed heap', () => {
      agenda.pop();
      agenda.push(agenda.time + rng.below(1_000_000), 1, 2, 3, message);
    }),
    benny.add('heap-js', () => {
      const { time } = heap.pop()!;
      heap.push({ time: time + rng.below(1_000_000), sequence: sequence++, message });
    }),
    benny.cycle(),
    benny.complete(),
  );
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
