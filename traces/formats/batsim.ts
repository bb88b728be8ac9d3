import { MICROS_PER_SECOND, type Micros, micros } from '../../engine/core/index.ts';
import type { Resources } from '../../engine/resources/index.ts';
import type { Job } from '../../engine/workload/index.ts';
import { Assumptions, type AssumptionSpec } from '../model/assumptions.ts';
import { runTime } from '../model/duration.ts';
import { uniformFleet } from '../model/fleet.ts';
import { replayWorkload } from '../model/replay.ts';
import { NOTHING, type Shape } from '../model/shapes.ts';
import type { Tally } from '../model/tally.ts';
import { BadRow, TraceError } from '../model/trace-error.ts';
import type { Cluster } from '../model/workload.ts';
import { locateJson } from '../text/json-lines.ts';
import { readText, type TraceFile } from '../text/lines.ts';
import type { TraceFormat } from './format.ts';

const ASSUMPTIONS: readonly AssumptionSpec[] = [
  { name: 'machine-cpus', meaning: 'cpus of every machine', fallback: '1', example: '16' },
  { name: 'machine-mem', meaning: 'memory of every machine', fallback: '1GiB', example: '64GiB' },
  {
    name: 'overrun',
    meaning: 'a job whose run time exceeds its walltime may run on, or is cut at the walltime (kill)',
    fallback: 'allow',
    example: 'kill',
  },
];

/** Batsim workload JSON with delay profiles (traces/samples/g5k-medium/README.md). */
export const batsim: TraceFormat = {
  name: 'batsim',
  title: 'Batsim workload JSON',
  describe:
    'One JSON document of jobs and profiles of type delay. A job takes `res` whole machines, all at once: a gang of one task per machine.',
  assumptions: ASSUMPTIONS,
  detect: (file) => /^\s*\{/.test(file.head) && file.name.endsWith('.json'),
  async open(source, options) {
    const assumptions = new Assumptions(batsim.name, ASSUMPTIONS, options.assumptions);
    const file = source.files.find((candidate) => batsim.detect(candidate))!;
    const shape: Shape = {
      ...NOTHING,
      cpus: assumptions.milli('machine-cpus', 10),
      mem: assumptions.mebibytes('machine-mem', 1),
    };
    const cutAtWalltime = assumptions.choice('overrun', ['allow', 'kill']) === 'kill';
    assumptions.state('a task takes a whole machine; jobs of one instant stay in the order of the file');
    const document = await readDocument(file);
    const machines = uniformFleet(document.machines ?? 1, shape);
    const resources = machines[0]!.resources;
    const workload = replayWorkload(
      {
        name: source.name,
        format: batsim.name,
        assumptions: assumptions.lines,
        read: (tally) => readJobs(document, file, { resources, cutAtWalltime }, tally),
      },
      options,
    );
    return { workload, cluster: document.machines === null ? null : clusterOf(document.machines, machines) };
  },
};

interface BatsimDocument {
  /** As read, to find the line of a bad job. */
  readonly text: string;
  readonly jobs: readonly unknown[];
  readonly profiles: Readonly<Record<string, unknown>>;
  /** `nb_res`; null if the document does not give it. */
  readonly machines: number | null;
}

interface BatsimModel {
  readonly resources: Resources;
  readonly cutAtWalltime: boolean;
}

function clusterOf(count: number, machines: Cluster['machines']): Cluster {
  return {
    name: `${count} machines`,
    machines,
    events: [],
    assumptions: [`machines: ${count} equal ones as nb_res says; none of them fails`],
  };
}

async function readDocument(file: TraceFile): Promise<BatsimDocument> {
  const text = await readText(file);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const found = locateJson(text, 'jobs').error;
    const problem = found?.problem ?? `${String(error)}, expected one JSON document`;
    throw new TraceError(problem, { file: file.shown, line: found?.line ?? null });
  }
  const whole = { file: file.shown, line: null };
  if (!isRecord(document))
    throw new TraceError('the document is no object, expected one with jobs and profiles', whole);
  const { jobs, profiles, nb_res: machines } = document;
  if (!Array.isArray(jobs)) throw new TraceError('"jobs" is no list, expected the list of jobs', whole);
  if (!isRecord(profiles)) throw new TraceError('"profiles" is no object, expected profiles by name', whole);
  if (machines !== undefined && !(Number.isSafeInteger(machines) && (machines as number) >= 1)) {
    throw new TraceError(
      `"nb_res" is ${JSON.stringify(machines)}, expected a whole number, 1 or more`,
      whole,
    );
  }
  return { text, jobs, profiles, machines: (machines as number | undefined) ?? null };
}

function readJobs(document: BatsimDocument, file: TraceFile, model: BatsimModel, tally: Tally): Job[][] {
  const jobs: Job[] = [];
  let lines: readonly number[] | null = null;
  document.jobs.forEach((entry, index) => {
    tally.rows++;
    try {
      jobs.push(readJob(entry, document.profiles, model));
    } catch (problem) {
      lines ??= locateJson(document.text, 'jobs').elements;
      tally.refuse(problem, file.shown, lines[index] ?? null);
    }
  });
  return [jobs.sort((left, right) => left.arrival - right.arrival)];
}

function readJob(entry: unknown, profiles: BatsimDocument['profiles'], model: BatsimModel): Job {
  if (!isRecord(entry)) throw new BadRow('job', `the job is ${JSON.stringify(entry)}, expected an object`);
  const { id, subtime, res, walltime, profile } = entry;
  if (typeof id !== 'string' && typeof id !== 'number') throw bad('id', id, 'a number or a text');
  const arrival = secondsOf('subtime', subtime);
  if (!(Number.isSafeInteger(res) && (res as number) >= 1))
    throw bad('res', res, 'a whole number, 1 or more');
  let duration: number = delayOf(profile, profiles);
  // -1 or no walltime: none was asked for.
  if (walltime !== undefined && walltime !== -1) {
    const limit = secondsOf('walltime', walltime);
    if (model.cutAtWalltime) duration = Math.min(duration, limit);
  }
  return {
    id: String(id),
    arrival,
    role: 'default',
    user: null,
    priority: 0,
    gang: true,
    tasks: [
      { count: res as number, resources: model.resources, duration: runTime(duration), constraints: [] },
    ],
  };
}

function delayOf(name: unknown, profiles: BatsimDocument['profiles']): Micros {
  if (typeof name !== 'string') throw bad('profile', name, 'the name of a profile');
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (!isRecord(profile)) throw bad('profile', name, 'the name of a profile of the document');
  if (profile['type'] !== 'delay') {
    throw new BadRow(
      'profile type',
      `profile "${name}" has type ${JSON.stringify(profile['type'])}, expected "delay": others have no run time of their own`,
    );
  }
  return secondsOf('delay', profile['delay']);
}

function secondsOf(name: string, value: unknown): Micros {
  if (typeof value !== 'number' || !(value >= 0) || value * MICROS_PER_SECOND > Number.MAX_SAFE_INTEGER) {
    throw bad(name, value, 'seconds, 0 or more');
  }
  return micros(Math.round(value * MICROS_PER_SECOND));
}

function bad(name: string, value: unknown, expected: string): BadRow {
  return new BadRow(name, `${name} is ${JSON.stringify(value) ?? 'missing'}, expected ${expected}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
