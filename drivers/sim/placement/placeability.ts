import type { JobTasks, Job, MachineSpec, PlacementConstraint } from '../../../engine/workload/index.ts';
import type { Resources } from '../../../engine/resources/index.ts';
import { satisfies } from '../../../frameworks/workload/index.ts';

/** Machines that are the same to every task. */
interface MachineClass {
  readonly spec: MachineSpec;
  count: number;
}

/**
 * Whether jobs can ever run on a cluster: each task must fit a machine of it that satisfies its constraints, and the tasks of a gang must
 * fit side by side, group by group, on the empty cluster. Answers are kept per shape, so a trace with few shapes costs next to nothing.
 */
export class Placeability {
  readonly #classes: readonly MachineClass[];
  /** How many tasks of a shape fit the empty cluster at once. */
  readonly #capacities = new Map<Resources, Map<string, number>>();

  constructor(machines: readonly MachineSpec[]) {
    // By content: machines rarely share their attribute lists, and a class per machine would make every shape cost a walk over all of them.
    const classes = new Map<string, MachineClass>();
    for (const spec of machines) {
      const key = `${spec.resources.toString()} ${contentOf(spec.attributes)}`;
      const known = classes.get(key);
      if (known === undefined) classes.set(key, { spec, count: 1 });
      else known.count++;
    }
    this.#classes = [...classes.values()];
  }

  /** Whether every task of the job can run some time. */
  accepts(job: Job): boolean {
    for (const tasks of job.tasks) {
      const capacity = this.#capacityFor(tasks);
      if (capacity < (job.gang ? tasks.count : 1)) return false;
    }
    return true;
  }

  #capacityFor(tasks: JobTasks): number {
    let perConstraints = this.#capacities.get(tasks.resources);
    if (perConstraints === undefined) {
      if (this.#capacities.size >= SHAPES_MAX) this.#capacities.clear();
      perConstraints = new Map();
      this.#capacities.set(tasks.resources, perConstraints);
    }
    const constraints = contentOf(tasks.constraints);
    let capacity = perConstraints.get(constraints);
    if (capacity === undefined) {
      capacity = 0;
      for (const { spec, count } of this.#classes) {
        if (satisfies(spec, tasks.constraints)) capacity += count * copiesIn(spec.resources, tasks.resources);
      }
      if (perConstraints.size < SHAPES_MAX) perConstraints.set(constraints, capacity);
    }
    return capacity;
  }
}

/** Equal texts for equal lists; most are empty. */
function contentOf(list: readonly PlacementConstraint[] | MachineSpec['attributes']): string {
  return list.length === 0 ? '' : JSON.stringify(list);
}

/** Shapes remembered before the memory starts anew: a trace may give every job an object of its own. */
const SHAPES_MAX = 10_000;

/** An upper bound, exact for scalars, of how often `part` fits into `whole`. */
function copiesIn(whole: Resources, part: Resources): number {
  if (!whole.contains(part)) return 0;
  let copies = Infinity;
  for (const kind of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    if (part[kind] > 0) copies = Math.min(copies, Math.floor(whole[kind] / part[kind]));
  }
  return copies;
}
