import type { JobTasks, Job, MachineSpec, PlacementConstraint } from '../../../engine/workload/index.ts';
import type { QuotaConfig } from '../../../engine/protocol/index.ts';
import { ancestors, type Resources } from '../../../engine/resources/index.ts';
import { satisfies } from '../../../frameworks/workload/index.ts';

/** Machines that are the same to every task. */
interface MachineClass {
  readonly spec: MachineSpec;
  count: number;
}

/**
 * Whether jobs can ever run on a cluster: each task must fit a machine of it that satisfies its constraints, and the tasks of a gang must
 * fit side by side, group by group, on the empty cluster. What must run at once must be within the limit of the job's top-level role. Answers
 * are kept per shape, so a trace with few shapes costs next to nothing.
 */
export class Placeability {
  readonly #classes: readonly MachineClass[];
  /** How many tasks of a shape fit the empty cluster at once. */
  readonly #capacities = new Map<Resources, Map<string, number>>();

  readonly #quotas: ReadonlyMap<string, QuotaConfig>;

  constructor(machines: readonly MachineSpec[], quotas: readonly QuotaConfig[]) {
    this.#quotas = new Map(quotas.map((quota) => [quota.role, quota]));
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
    return this.limitBelow(job) === null;
  }

  /** The quota whose limit is below what the job needs at once: a task, or a whole gang. Null if there is none. */
  limitBelow(job: Job): QuotaConfig | null {
    if (this.#quotas.size === 0) return null;
    const quota = this.#quotas.get(ancestors(job.role).at(-1) ?? job.role);
    if (quota === undefined) return null;
    const { names, values } = quota.limits;
    for (let index = 0; index < names.length; index++) {
      if (neededAtOnce(job, names[index]!) > values[index]!) return quota;
    }
    return null;
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

/** Thousandths of `name` that the job has to hold at one instant at least. */
function neededAtOnce(job: Job, name: string): number {
  let most = 0;
  let sum = 0;
  for (const { count, resources } of job.tasks) {
    const each = resources.quantities().get(name);
    most = Math.max(most, each);
    sum += count * each;
  }
  return job.gang ? sum : most;
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
