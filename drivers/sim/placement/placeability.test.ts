import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { micros, milli } from '../../../engine/core/index.ts';
import { ResourceLimits, Quantities, Resources } from '../../../engine/resources/index.ts';
import type { Job, JobTasks, MachineSpec } from '../../../engine/workload/index.ts';
import { Placeability } from './placeability.ts';

const machine = (name: string, cpus: number, rack: string): MachineSpec => ({
  name,
  resources: Resources.ofScalars({ cpus: milli(cpus), mem: milli(1_000) }),
  attributes: [{ name: 'rack', type: 'TEXT', text: rack }],
  domain: null,
});

const cluster = fc.array(fc.tuple(fc.constantFrom(1_000, 2_000, 4_000), fc.constantFrom('r1', 'r2')), {
  maxLength: 6,
});
const tasks = fc.record({
  count: fc.integer({ min: 1, max: 6 }),
  cpus: fc.constantFrom(500, 1_000, 3_000, 5_000),
  rack: fc.constantFrom(null, 'r1', 'r3'),
});

const jobOf = (groups: readonly JobTasks[], gang: boolean): Job => ({
  id: 'job',
  arrival: micros(0),
  role: 'a',
  user: null,
  priority: 0,
  gang,
  tasks: groups,
});

test('a job is accepted exactly if each group has room: one task of it, or all of a gang, on machines that satisfy it', () => {
  fc.assert(
    fc.property(
      cluster,
      fc.array(tasks, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (specs, shapes, gang) => {
        const groups = shapes.map(({ count, cpus, rack }) => ({
          count,
          resources: Resources.ofScalars({ cpus: milli(cpus) }),
          duration: micros(1),
          constraints: rack === null ? [] : [{ attribute: 'rack', operator: 'IN' as const, values: [rack] }],
        }));
        const room = shapes.map(({ cpus, rack }) =>
          specs
            .filter(([, at]) => rack === null || rack === at)
            .reduce((sum, [size]) => sum + Math.floor(size / cpus), 0),
        );
        const expected = shapes.every(({ count }, index) => room[index]! >= (gang ? count : 1));
        const placeability = new Placeability(
          specs.map(([size, rack], index) => machine(`m${index}`, size, rack)),
          [],
        );
        const job = jobOf(groups, gang);
        expect(placeability.accepts(job)).toBe(expected);
        // The second answer comes from memory.
        expect(placeability.accepts(job)).toBe(expected);
      },
    ),
  );
});

test.each<[what: string, role: string, gang: boolean, accepted: boolean]>([
  ['a gang is refused if it exceeds the limit together', 'a', true, false],
  ['so is one of a role below the limited one', 'a/b/c', true, false],
  ['tasks that need not run at once may exceed it together', 'a', false, true],
  ['other roles have no limit', 'ab', true, true],
])('with a limit on a role, %s', (_what, role, gang, accepted) => {
  const quota = {
    role: 'a',
    guarantees: Quantities.EMPTY,
    limits: ResourceLimits.of([['cpus', milli(3_000)]]),
  };
  const placeability = new Placeability([machine('m', 8_000, 'r1')], [quota]);
  const tasks = [
    {
      count: 2,
      resources: Resources.ofScalars({ cpus: milli(1_000) }),
      duration: micros(1),
      constraints: [],
    },
    {
      count: 1,
      resources: Resources.ofScalars({ cpus: milli(2_000) }),
      duration: micros(1),
      constraints: [],
    },
  ];
  const job = { ...jobOf(tasks, gang), role };
  expect(placeability.accepts(job)).toBe(accepted);
  expect(placeability.limitBelow(job)).toBe(accepted ? null : quota);
});

test('a single task is refused if it exceeds its role’s limit', () => {
  const limits = ResourceLimits.of([['gpus', milli(0)]]);
  const placeability = new Placeability(
    [
      {
        ...machine('m', 8_000, 'r1'),
        resources: Resources.ofScalars({ cpus: milli(1), gpus: milli(1_000) }),
      },
    ],
    [{ role: 'a', guarantees: Quantities.EMPTY, limits }],
  );
  const resources = Resources.ofScalars({ gpus: milli(1_000) });
  const tasks = [{ count: 1, resources, duration: micros(1), constraints: [] }];
  expect(placeability.accepts({ ...jobOf(tasks, false), role: 'b' })).toBe(true);
  expect(placeability.accepts(jobOf(tasks, false))).toBe(false);
});
