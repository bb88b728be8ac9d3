import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { micros, milli } from '../../../engine/core/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
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
        );
        const job = jobOf(groups, gang);
        expect(placeability.accepts(job)).toBe(expected);
        // The second answer comes from memory.
        expect(placeability.accepts(job)).toBe(expected);
      },
    ),
  );
});
