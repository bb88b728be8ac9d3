import type { Micros } from '../../engine/core/index.ts';
import type { Job } from '../../engine/workload/index.ts';
import type { Cluster, Workload } from '../model/workload.ts';
import { formatScaled } from '../text/numbers.ts';

/** What SWF has no field for; said once per export. */
export const SWF_LOSSES: readonly string[] = [
  'GPUs, disk, constraints, priorities and whether a job is a gang are not written: SWF has no fields for them',
  'a job is one line: its processors are its cpus in total, rounded up, its run time that of its longest task, its memory the mean per processor',
];

/** Users and roles as SWF's numbers. */
interface Numbers {
  readonly users: ReadonlyMap<string, number>;
  readonly roles: ReadonlyMap<string, number>;
  readonly jobs: number;
  readonly processorsMax: number;
}

/**
 * The text of an SWF 2.2 log. Read twice: the header names users and queues before the first line.
 * Times keep their microseconds as decimals. Users that are SWF numbers keep them; others are numbered and named in notes.
 */
export async function* swfText(
  workload: Workload,
  cluster: Cluster | null,
): AsyncGenerator<string, void, undefined> {
  const numbers = await numberNames(workload);
  yield headerText(workload, cluster, numbers);
  let number = 0;
  for await (const batch of workload.batches()) {
    let text = '';
    for (const job of batch) text += jobLine(++number, job, numbers);
    yield text;
  }
}

async function numberNames(workload: Workload): Promise<Numbers> {
  const names = new Set<string>();
  const roles = new Map<string, number>();
  let jobs = 0;
  let processorsMax = 0;
  for await (const batch of workload.batches()) {
    for (const job of batch) {
      jobs++;
      if (job.user !== null) names.add(job.user);
      if (!roles.has(job.role)) roles.set(job.role, roles.size + 1);
      processorsMax = Math.max(processorsMax, processorsOf(job));
    }
  }
  return { users: numberUsers(names), roles, jobs, processorsMax };
}

function numberUsers(names: ReadonlySet<string>): Map<string, number> {
  const users = new Map<string, number>();
  let next = 1;
  for (const name of names) {
    if (!/^(0|[1-9]\d{0,8})$/.test(name)) continue;
    users.set(name, Number(name));
    next = Math.max(next, Number(name) + 1);
  }
  for (const name of names) if (!users.has(name)) users.set(name, next++);
  return users;
}

function headerText(workload: Workload, cluster: Cluster | null, numbers: Numbers): string {
  const lines = [
    'Version: 2.2',
    'Conversion: written by Orrery',
    `MaxJobs: ${numbers.jobs}`,
    `MaxRecords: ${numbers.jobs}`,
  ];
  if (cluster !== null) {
    const cpus = cluster.machines.reduce((sum, machine) => sum + machine.resources.cpus, 0);
    lines.push(`MaxNodes: ${cluster.machines.length}`, `MaxProcs: ${Math.floor(cpus / 1_000)}`);
  } else {
    lines.push(`MaxProcs: ${numbers.processorsMax}`);
  }
  lines.push(`MaxQueues: ${numbers.roles.size}`);
  for (const [role, number] of numbers.roles) lines.push(`Queue: ${number} ${role}`);
  lines.push(`Note: workload ${oneLine(workload.name)} (${workload.format})`);
  for (const [user, number] of numbers.users) {
    if (user !== String(number)) lines.push(`Note: user ${number} is ${JSON.stringify(user)}`);
  }
  for (const assumption of [...workload.assumptions, ...SWF_LOSSES])
    lines.push(`Note: ${oneLine(assumption)}`);
  return lines.map((line) => `; ${line}\n`).join('');
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}

/** The 18 fields; -1 is not available. */
function jobLine(number: number, job: Job, numbers: Numbers): string {
  const processors = processorsOf(job);
  const kilobytes = Math.ceil((memoryOf(job) * 1_024) / 1_000 / processors);
  const user = job.user === null ? -1 : numbers.users.get(job.user)!;
  const submit = formatScaled(job.arrival, 6);
  const run = formatScaled(runTimeOf(job), 6);
  const queue = numbers.roles.get(job.role)!;
  const fields = [
    number,
    submit,
    -1,
    run,
    processors,
    -1,
    -1,
    processors,
    -1,
    kilobytes > 0 ? kilobytes : -1,
    1,
    user,
    -1,
    -1,
    queue,
    -1,
    -1,
    -1,
  ];
  return `${fields.join(' ')}\n`;
}

/** Whole processors, 1 at least. */
export function processorsOf(job: Job): number {
  let cpus = 0;
  for (const tasks of job.tasks) cpus += tasks.count * tasks.resources.cpus;
  return Math.max(1, Math.ceil(cpus / 1_000));
}

/** Run time of the longest task. */
export function runTimeOf(job: Job): Micros {
  let longest = 0;
  for (const { duration } of job.tasks) {
    if (typeof duration === 'number') longest = Math.max(longest, duration);
    else for (const each of duration) longest = Math.max(longest, each);
  }
  return longest as Micros;
}

/** Of all tasks together, thousandths of a MiB. */
function memoryOf(job: Job): number {
  let memory = 0;
  for (const tasks of job.tasks) memory += tasks.count * tasks.resources.mem;
  return memory;
}
