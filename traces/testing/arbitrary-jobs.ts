import * as fc from 'fast-check';
import { type Micros, micros, milli } from '../../engine/core/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Job, JobTasks, MachineEvent, MachineSpec } from '../../engine/workload/index.ts';
import { roleName } from '../model/role-name.ts';
import { Tally } from '../model/tally.ts';
import type { Cluster, OpenedTrace } from '../model/workload.ts';

/** Text that fits a line, with what CSV, SWF and our own fields use as marks. */
export const lineText = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('a', '7', ',', '"', ';', '=', ' ', '%', '|') }),
  )
  .filter((text) => text !== '' && !/[\r\n]/.test(text));

const duration = fc.integer({ min: 1, max: 10_000_000_000_000 });
const amount = fc.integer({ min: 0, max: 100_000_000 });

const resources = fc
  .record({
    cpus: fc.integer({ min: 1, max: 1_000_000 }),
    mem: amount,
    disk: amount,
    gpus: fc.integer({ min: 0, max: 8_000 }),
  })
  .map(({ cpus, mem, disk, gpus }) =>
    Resources.ofScalars({ cpus: milli(cpus), mem: milli(mem), disk: milli(disk), gpus: milli(gpus) }),
  );

const constraint = fc.record({
  attribute: lineText,
  operator: fc.constantFrom('IN' as const, 'NOT_IN' as const),
  values: fc.array(lineText, { minLength: 1, maxLength: 3 }),
});

const tasks: fc.Arbitrary<JobTasks> = fc
  .record({
    count: fc.integer({ min: 1, max: 5 }),
    each: fc.array(duration, { minLength: 5, maxLength: 5 }),
    perTask: fc.boolean(),
    resources,
    constraints: fc.array(constraint, { maxLength: 2 }),
  })
  .map(({ count, each, perTask, resources: needs, constraints }) => ({
    count,
    resources: needs,
    // One task has one duration: a list of one reads back as a number.
    duration: perTask && count > 1 ? Float64Array.from(each.slice(0, count)) : micros(each[0]!),
    constraints,
  }));

/** Jobs in order of arrival with unique ids. */
export const jobList: fc.Arbitrary<Job[]> = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 1_000_000_000 }),
      name: lineText,
      role: lineText.map(roleName),
      user: fc.option(lineText),
      priority: fc.integer({ min: -5, max: 1_000 }),
      gang: fc.boolean(),
      tasks: fc.array(tasks, { minLength: 1, maxLength: 3 }),
    }),
    { maxLength: 12 },
  )
  .map((drafts) => {
    let arrival = 0;
    return drafts.map(({ gap, name, role, user, priority, gang, tasks: groups }, index) => {
      arrival += gap;
      return { id: `${name}#${index}`, arrival: micros(arrival), role, user, priority, gang, tasks: groups };
    });
  });

const machine = fc.record({
  name: lineText,
  resources,
  attributes: fc.array(
    fc
      .record({ name: lineText, text: fc.oneof(lineText, fc.constant('')) })
      .map(({ name, text }) => ({ name, type: 'TEXT' as const, text })),
    { maxLength: 3 },
  ),
  domain: fc.option(fc.record({ region: lineText, zone: lineText })),
});

/** Machines with unique names, and events in order. */
export const anyCluster: fc.Arbitrary<Cluster> = fc
  .record({
    machines: fc.array(machine, { minLength: 1, maxLength: 5 }),
    events: fc.array(
      fc.record({ gap: fc.integer({ min: 0, max: 5_000_000 }), index: fc.nat(100), added: fc.boolean() }),
      { maxLength: 8 },
    ),
  })
  .map(({ machines, events }) => {
    const named: MachineSpec[] = machines.map((each, index) => ({ ...each, name: `${each.name}#${index}` }));
    let at = 0;
    const ordered = events.map(({ gap, index, added }): MachineEvent => {
      at += gap;
      return { kind: added ? 'ADDED' : 'REMOVED', at: micros(at), machine: index % named.length };
    });
    return { name: 'any', machines: named, events: ordered, assumptions: [] };
  });

/** A trace of given jobs, as if it had been read. */
export function traceOf(jobs: readonly Job[], cluster: Cluster | null): OpenedTrace {
  return {
    workload: {
      name: 'given',
      format: 'given',
      assumptions: [],
      async *batches() {
        for (const job of jobs) yield [job];
      },
      report: () => new Tally('strict').report(),
    },
    cluster,
  };
}

/** As plain values, to compare. */
export function plainJob(job: Job) {
  return {
    ...job,
    tasks: job.tasks.map((group) => ({
      ...group,
      resources: group.resources.toString(),
      duration: plainDuration(group.duration),
    })),
  };
}

function plainDuration(value: Micros | Float64Array): number | number[] {
  return typeof value === 'number' ? value : [...value];
}

export function plainCluster(cluster: Cluster) {
  return {
    machines: cluster.machines.map((each) => ({ ...each, resources: each.resources.toString() })),
    events: cluster.events,
  };
}
