import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Job } from '../../engine/workload/index.ts';
import { WorkloadFramework } from './framework.ts';
import type { OfferPolicy, WorkloadOptions } from './options.ts';
import { job, optionsFor, SECOND } from './testing/fixtures.ts';
import { type Client, PlainMaster, scalars } from './testing/plain-master.ts';

const POLICIES: readonly OfferPolicy[] = ['keep', 'decline', 'suppress', 'demand'];

function world(agents: number, cpus: number): PlainMaster {
  const master = new PlainMaster();
  for (let index = 0; index < agents; index++) master.addAgent(scalars(cpus, cpus * 4_096));
  return master;
}

function join(master: PlainMaster, name: string, changes: Partial<WorkloadOptions>): Client {
  const options = optionsFor(name, ['batch', 'service'], changes);
  return master.addFramework(new WorkloadFramework(options), options);
}

test.each(POLICIES)('a job of many tasks runs to its end under policy %s', (policy) => {
  const master = world(10, 4);
  const client = join(master, 'a', { policy });
  master.at(5 * SECOND, () => master.submit(client, [job({ id: 'j', count: 100, arrival: 5 * SECOND })]));
  master.runUntil(6 * SECOND);
  expect(master.runUntilIdle(200 * SECOND)).toBe(true);
  expect(client.outcomes).toHaveLength(1);
  expect(client.outcomes[0]).toMatchObject({ job: 'j', state: 'FINISHED', tasks: 100, retries: 0 });
  expect(client.attempts).toHaveLength(100);
});

// A `keep` framework that has nothing left to do never lets go, so it has its cluster for itself.
const SHARING = POLICIES.filter((policy) => policy !== 'keep');

test.each(SHARING)(
  'two frameworks with gangs that need more than half the cluster each both finish under policy %s',
  (policy) => {
    const master = world(10, 4);
    const clients = ['a', 'b'].map((name) => join(master, name, { policy }));
    master.at(5 * SECOND, () => {
      for (const client of clients) {
        master.submit(client, [
          job({ gang: true, count: 8, resources: scalars(4, 4_096), arrival: 5 * SECOND }),
        ]);
      }
    });
    master.runUntil(6 * SECOND);
    expect(master.runUntilIdle(3_600 * SECOND)).toBe(true);
    for (const client of clients) expect(client.outcomes).toMatchObject([{ state: 'FINISHED', retries: 0 }]);
  },
);

const sketch = fc.record({
  arrival: fc.integer({ min: 0, max: 60 * SECOND }),
  role: fc.constantFrom('batch', 'service'),
  priority: fc.integer({ min: 0, max: 2 }),
  gang: fc.boolean(),
  count: fc.integer({ min: 1, max: 6 }),
  cpus: fc.integer({ min: 1, max: 4 }),
  duration: fc.integer({ min: 1, max: 30 }),
});

const options = fc.record({
  policy: fc.constantFrom(...POLICIES),
  refuseSeconds: fc.constantFrom(0, 5),
  order: fc.constantFrom<'fifo' | 'priority'>('fifo', 'priority'),
  backfillLookAhead: fc.constantFrom(0, 3),
});

test('everything that fits the cluster is launched and ends, whatever the policies of two frameworks', () => {
  fc.assert(
    fc.property(
      fc.array(options, { minLength: 1, maxLength: 2 }),
      fc.array(sketch, { minLength: 1, maxLength: 12 }),
      (everyOptions, sketches) => {
        const master = world(6, 4);
        const keeper = everyOptions.find((each) => each.policy === 'keep');
        const clients = (keeper === undefined ? everyOptions : [keeper]).map((each, index) =>
          join(master, `f${index}`, { ...each, seed: 7 }),
        );
        sketches.forEach((each, index) => {
          const made: Job = job({
            ...each,
            id: `j${index}`,
            resources: scalars(each.cpus, each.cpus * 1_024),
          });
          master.at(each.arrival, () => master.submit(clients[index % clients.length]!, [made]));
        });
        master.runUntil(61 * SECOND);
        const isDone = master.runUntilIdle(20_000 * SECOND);
        expect(isDone).toBe(true);
        for (const client of clients) {
          for (const outcome of client.outcomes) expect(outcome.state).toBe('FINISHED');
        }
        const outcomes = clients.reduce((sum, client) => sum + client.outcomes.length, 0);
        expect(outcomes).toBe(sketches.length);
      },
    ),
  );
});
