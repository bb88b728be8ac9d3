import { MICROS_PER_SECOND, type Milli, micros, milli, ZERO_MILLI } from '../../engine/core/index.ts';
import type { Job, JobTasks } from '../../engine/workload/index.ts';
import { Assumptions, type AssumptionSpec } from '../model/assumptions.ts';
import { runTime } from '../model/duration.ts';
import { uniformFleet } from '../model/fleet.ts';
import { replayWorkload } from '../model/replay.ts';
import { roleName } from '../model/role-name.ts';
import { Shapes } from '../model/shapes.ts';
import type { Tally } from '../model/tally.ts';
import { BadRow } from '../model/trace-error.ts';
import type { Cluster } from '../model/workload.ts';
import { readLines, type TraceFile } from '../text/lines.ts';
import { firstLine, type TraceFormat } from './format.ts';
import { isSwfData, readSwfHeader, type SwfHeader } from './swf-header.ts';
import {
  ALLOCATED,
  GROUP,
  PARTITION,
  QUEUE,
  REQUESTED,
  REQUESTED_MEMORY,
  REQUESTED_TIME,
  RUN,
  STATUS,
  SUBMIT,
  SWF_FIELDS,
  scanSwfLine,
  USED_MEMORY,
  USER,
} from './swf-line.ts';

const ASSUMPTIONS: readonly AssumptionSpec[] = [
  {
    name: 'role-by',
    meaning: 'role of a job: its queue, user, group or partition, or none for one role "default"',
    fallback: 'queue',
    example: 'user',
  },
  {
    name: 'processors-per-task',
    meaning: 'processors of a task; a job is a gang of as many tasks as its processors need',
    fallback: '1',
    example: '16',
  },
  { name: 'cpus-per-processor', meaning: 'cpus of one processor', fallback: '1', example: '1' },
  {
    name: 'mem-per-processor',
    meaning: 'memory per processor, of tasks and of machines',
    fallback: '1GiB',
    example: '2GiB',
  },
  {
    name: 'memory',
    meaning:
      'memory of a task: assumed, or trace for the requested memory, else the used, else the assumed one (fields 10 and 7)',
    fallback: 'assumed',
    example: 'trace',
  },
  {
    name: 'overrun',
    meaning: 'a job whose run time exceeds its requested time may run on, or is cut at the request (kill)',
    fallback: 'allow',
    example: 'kill',
  },
  {
    name: 'partial',
    meaning: 'lines of status 2 to 4, parts of a job: skip them, or read only them',
    fallback: 'skip',
    example: 'only',
  },
  {
    name: 'processors-per-machine',
    meaning: 'processors of a machine, or header for MaxProcs / MaxNodes rounded up, 1 without MaxNodes',
    fallback: 'header',
    example: '16',
  },
];

const ROLE_FIELDS = { queue: QUEUE, user: USER, group: GROUP, partition: PARTITION } as const;

/** Standard Workload Format 2.2 (spec traces.md §9). */
export const swf: TraceFormat = {
  name: 'swf',
  title: 'Standard Workload Format 2.2',
  describe:
    'Text of 18 blank-separated numbers per line after header comments, sorted by submission. Processors are field 5, else 8; ' +
    'every job is a gang. Fields past 18 are ignored.',
  assumptions: ASSUMPTIONS,
  detect: (file) => firstLine(file).startsWith(';') || isDataLine(firstLine(file)),
  async open(source, options) {
    const assumptions = new Assumptions(swf.name, ASSUMPTIONS, options.assumptions);
    const file = source.files.find((candidate) => swf.detect(candidate))!;
    const header = await readSwfHeader(file);
    const model = swfModel(assumptions, header);
    const cluster = swfCluster(assumptions, header, model);
    assumptions.state(
      'a run time of 0 is 1 µs; fields 17 and 18 (preceding job, think time) are not followed',
    );
    const workload = replayWorkload(
      {
        name: source.name,
        format: swf.name,
        assumptions: assumptions.lines,
        read: (tally) => readJobs(file, model, tally),
      },
      options,
    );
    return { workload, cluster };
  },
};

interface SwfModel {
  readonly roleBy: keyof typeof ROLE_FIELDS | 'none';
  readonly processorsPerTask: number;
  readonly cpusPerProcessor: Milli;
  readonly memPerProcessor: Milli;
  readonly memoryOfTrace: boolean;
  readonly cutAtRequest: boolean;
  readonly partialOnly: boolean;
  readonly header: SwfHeader;
}

function swfModel(assumptions: Assumptions, header: SwfHeader): SwfModel {
  return {
    roleBy: assumptions.choice('role-by', ['queue', 'user', 'group', 'partition', 'none']),
    processorsPerTask: assumptions.count('processors-per-task', 1, 1_000_000),
    cpusPerProcessor: assumptions.milli('cpus-per-processor', 10),
    memPerProcessor: assumptions.mebibytes('mem-per-processor', 1),
    memoryOfTrace: assumptions.choice('memory', ['assumed', 'trace']) === 'trace',
    cutAtRequest: assumptions.choice('overrun', ['allow', 'kill']) === 'kill',
    partialOnly: assumptions.choice('partial', ['skip', 'only']) === 'only',
    header,
  };
}

function swfCluster(assumptions: Assumptions, header: SwfHeader, model: SwfModel): Cluster | null {
  if (header.maxProcs === null) return null;
  let perMachine: number;
  if (assumptions.text('processors-per-machine') === 'header') {
    perMachine = header.maxNodes === null ? 1 : Math.ceil(header.maxProcs / header.maxNodes);
  } else {
    perMachine = assumptions.count('processors-per-machine', 1, 1_000_000);
  }
  const count = Math.ceil(header.maxProcs / perMachine);
  const shape = {
    cpus: milli(model.cpusPerProcessor * perMachine),
    mem: milli(model.memPerProcessor * perMachine),
    disk: ZERO_MILLI,
    gpus: ZERO_MILLI,
  };
  return {
    name: `${count} machines of ${perMachine} processors`,
    machines: uniformFleet(count, shape),
    events: [],
    assumptions: [
      `machines: MaxProcs ${header.maxProcs} in equal machines of ${perMachine} processors; none fails`,
    ],
  };
}

async function* readJobs(
  file: TraceFile,
  model: SwfModel,
  tally: Tally,
): AsyncGenerator<Job[], void, undefined> {
  const values = new Float64Array(SWF_FIELDS.length);
  const maker = new JobMaker(model, tally);
  for await (const block of readLines(file)) {
    const jobs: Job[] = [];
    for (let index = 0; index < block.lines.length; index++) {
      const line = block.lines[index]!;
      if (!isSwfData(line, tally)) continue;
      try {
        scanSwfLine(line, values);
        const job = maker.make(values);
        if (job !== null) jobs.push(job);
      } catch (problem) {
        tally.refuse(problem, file.shown, block.firstLine + index);
      }
    }
    if (jobs.length > 0) yield jobs;
  }
}

/** Turns the numbers of a line into a job; what repeats is made once. */
class JobMaker {
  readonly #model: SwfModel;
  readonly #tally: Tally;
  readonly #shapes = new Shapes();
  readonly #roles = new Map<number, string>();
  readonly #users = new Map<number, string>();
  #previous = 0;

  constructor(model: SwfModel, tally: Tally) {
    this.#model = model;
    this.#tally = tally;
  }

  /** Null for a line that the rules leave out. */
  make(values: Float64Array): Job | null {
    const submit = Math.round(values[SUBMIT]! * MICROS_PER_SECOND);
    if (submit < 0) throw bad(values, SUBMIT, 'seconds, 0 or more');
    if (submit > Number.MAX_SAFE_INTEGER) throw bad(values, SUBMIT, 'seconds that fit 2^53 µs');
    if (submit < this.#previous) {
      throw bad(
        values,
        SUBMIT,
        `lines in order of submission, ${this.#previous / MICROS_PER_SECOND} or later`,
      );
    }
    this.#previous = submit;
    const leftOut = this.#leftOut(values);
    if (leftOut !== null) {
      this.#tally.leaveOut(leftOut);
      return null;
    }
    const processors = values[ALLOCATED]! > 0 ? values[ALLOCATED]! : values[REQUESTED]!;
    if (!Number.isInteger(processors) || processors > 1e9) throw bad(values, ALLOCATED, 'a whole number');
    return {
      id: String(values[0]!),
      arrival: micros(submit),
      role: this.#role(values),
      user: this.#user(values[USER]!),
      priority: 0,
      gang: true,
      tasks: this.#tasks(values, processors),
    };
  }

  #leftOut(values: Float64Array): string | null {
    const status = values[STATUS]!;
    const partial = status >= 2 && status <= 4;
    if (partial !== this.#model.partialOnly) {
      return partial ? 'part of a job (status 2 to 4)' : 'whole job (partial=only)';
    }
    const run = values[RUN]!;
    if (run < 0) {
      if (run !== -1) throw bad(values, RUN, 'seconds, 0 or more, or -1');
      return status === 5 ? 'cancelled before it ran (status 5)' : 'no run time';
    }
    if (values[ALLOCATED]! <= 0 && values[REQUESTED]! <= 0) return 'no processors';
    return null;
  }

  #tasks(values: Float64Array, processors: number): JobTasks[] {
    const perTask = this.#model.processorsPerTask;
    let run = Math.round(values[RUN]! * MICROS_PER_SECOND);
    if (run > Number.MAX_SAFE_INTEGER) throw bad(values, RUN, 'seconds that fit 2^53 µs');
    const requested = values[REQUESTED_TIME]!;
    if (this.#model.cutAtRequest && requested > 0)
      run = Math.min(run, Math.round(requested * MICROS_PER_SECOND));
    const memory = this.#memory(values);
    const full = Math.floor(processors / perTask);
    const rest = processors - full * perTask;
    const duration = runTime(run);
    const tasks: JobTasks[] = [];
    if (full > 0) tasks.push(this.#group(full, perTask, memory, duration));
    if (rest > 0) tasks.push(this.#group(1, rest, memory, duration));
    return tasks;
  }

  #group(count: number, processors: number, memory: number, duration: JobTasks['duration']): JobTasks {
    const cpus = milli(this.#model.cpusPerProcessor * processors);
    const resources = this.#shapes.of(cpus, milli(memory * processors), ZERO_MILLI, ZERO_MILLI);
    return { count, resources, duration, constraints: [] };
  }

  /** Per processor, thousandths of a MiB; a KB of the log is 1024 bytes, rounded up. */
  #memory(values: Float64Array): number {
    if (!this.#model.memoryOfTrace) return this.#model.memPerProcessor;
    const kilobytes = values[REQUESTED_MEMORY]! > 0 ? values[REQUESTED_MEMORY]! : values[USED_MEMORY]!;
    return kilobytes > 0 ? Math.ceil((kilobytes * 1_000) / 1_024) : this.#model.memPerProcessor;
  }

  #role(values: Float64Array): string {
    const by = this.#model.roleBy;
    if (by === 'none') return 'default';
    const number = values[ROLE_FIELDS[by]]!;
    if (number < 0) return 'default';
    const known = this.#roles.get(number);
    if (known !== undefined) return known;
    const { header } = this.#model;
    const named =
      by === 'queue' ? header.queues.get(number) : by === 'user' ? header.users.get(number) : undefined;
    const role = roleName(named ?? `${by}-${number}`);
    this.#roles.set(number, role);
    return role;
  }

  #user(number: number): string | null {
    if (number < 0) return null;
    const known = this.#users.get(number);
    if (known !== undefined) return known;
    const user = this.#model.header.users.get(number) ?? String(number);
    this.#users.set(number, user);
    return user;
  }
}

function bad(values: Float64Array, field: number, expected: string): BadRow {
  const name = SWF_FIELDS[field]!;
  return new BadRow(name, `${name} (field ${field + 1}) is ${values[field]}, expected ${expected}`);
}

function isDataLine(line: string): boolean {
  const fields = line.trim().split(/\s+/);
  return (
    fields.length >= SWF_FIELDS.length &&
    fields.slice(0, SWF_FIELDS.length).every((field) => /^-?[\d.]+$/.test(field))
  );
}
