import type { Attribute } from '../../engine/protocol/index.ts';
import type { Resources } from '../../engine/resources/index.ts';
import type { Job, JobTasks, MachineSpec } from '../../engine/workload/index.ts';
import { encodeText, formatConstraints } from '../model/constraint-text.ts';
import { JOB_COLUMNS, MACHINE_COLUMNS, MACHINE_EVENT_COLUMNS } from '../model/orrery-schema.ts';
import { TraceError } from '../model/trace-error.ts';
import type { Cluster, Workload } from '../model/workload.ts';
import { formatScaled } from '../text/numbers.ts';
import { csvField } from './csv-text.ts';

/** The text of jobs.csv, a batch at a time. Throws `TraceError` for what the schema cannot hold. */
export async function* jobsCsv(workload: Workload): AsyncGenerator<string, void, undefined> {
  yield `${JOB_COLUMNS.join(',')}\n`;
  for await (const batch of workload.batches()) {
    let text = '';
    for (const job of batch) text += jobRows(job);
    yield text;
  }
}

/** The text of machines.csv. */
export function* machinesCsv(cluster: Cluster): Generator<string, void, undefined> {
  yield `${MACHINE_COLUMNS.join(',')}\n`;
  for (const machine of cluster.machines) yield machineRow(machine);
}

/** The text of machine_events.csv. */
export function* machineEventsCsv(cluster: Cluster): Generator<string, void, undefined> {
  yield `${MACHINE_EVENT_COLUMNS.join(',')}\n`;
  for (const event of cluster.events) {
    const name = csvField(cluster.machines[event.machine]!.name, 'the machine');
    yield `${formatScaled(event.at, 6)},${name},${event.kind === 'ADDED' ? 'ADD' : 'REMOVE'}\n`;
  }
}

function jobRows(job: Job): string {
  const id = csvField(job.id, 'the job');
  if (id === '') throw new TraceError('a job has no id, expected one');
  const user = job.user === null ? '' : csvField(job.user, 'the user');
  const head = `${id},${formatScaled(job.arrival, 6)},${csvField(job.role, 'the role')},${user},${job.priority},${job.gang}`;
  let rows = '';
  for (const tasks of job.tasks) {
    const what = `job ${job.id}`;
    const needs = amounts(tasks.resources, what);
    rows += `${head},${tasks.count},${durationText(tasks)},${needs},${constraintsText(tasks, what)}\n`;
  }
  return rows;
}

function machineRow(machine: MachineSpec): string {
  const name = csvField(machine.name, 'the machine');
  const { domain } = machine;
  const place =
    domain === null ? ',' : `${csvField(domain.region, 'the region')},${csvField(domain.zone, 'the zone')}`;
  const attributes = machine.attributes.map((attribute) => attributeText(attribute, machine.name)).join(';');
  return `${name},${amounts(machine.resources, `machine ${machine.name}`)},${place},${attributes}\n`;
}

const KINDS = new Set(['cpus', 'mem', 'disk', 'gpus']);

/** cpus, mem, disk and gpus; other resources are refused rather than lost. */
function amounts(resources: Resources, what: string): string {
  const stranger = resources.entries.find(
    (entry) => !KINDS.has(entry.identity.name) || entry.ranges !== null || entry.items !== null,
  );
  if (stranger !== undefined || !resources.isPlain) {
    throw new TraceError(`${what} has ${resources.toString()}, expected plain cpus, mem, disk and gpus only`);
  }
  const { cpus, mem, disk, gpus } = resources;
  return [cpus, mem, disk, gpus].map((amount) => formatScaled(amount, 3)).join(',');
}

function durationText(tasks: JobTasks): string {
  if (typeof tasks.duration === 'number') return formatScaled(tasks.duration, 6);
  return Array.from(tasks.duration, (duration) => formatScaled(duration, 6)).join(';');
}

function constraintsText(tasks: JobTasks, what: string): string {
  for (const constraint of tasks.constraints) {
    if (constraint.attribute !== '' && constraint.values.length > 0) continue;
    throw new TraceError(`${what} has a constraint without attribute or values, expected both`);
  }
  return formatConstraints(tasks.constraints);
}

function attributeText(attribute: Attribute, machine: string): string {
  if (attribute.type !== 'TEXT' || attribute.name === '') {
    throw new TraceError(
      `machine ${machine} has attribute "${attribute.name}" of type ${attribute.type}, expected TEXT`,
    );
  }
  return `${encodeText(attribute.name)}=${encodeText(attribute.text)}`;
}
