import type { ClusterSample, KindAmounts } from '../../engine/workload/index.ts';
import type { CsvRow } from './csv-rows.ts';
import type { CsvSink } from './csv-sink.ts';

/** Levels at the instant `at_s`, then running totals since the start of the run. */
export const SAMPLE_COLUMNS = [
  'at_s',
  'agents',
  'cpus_total',
  'cpus_allocated',
  'cpus_offered',
  'mem_mib_total',
  'mem_mib_allocated',
  'mem_mib_offered',
  'gpus_total',
  'gpus_allocated',
  'gpus_offered',
  'disk_mib_total',
  'disk_mib_allocated',
  'disk_mib_offered',
  'tasks_running',
  'tasks_queued',
  'jobs_queued',
  'offers_made',
  'offers_accepted',
  'offers_declined',
  'offers_rescinded',
  'offers_timed_out',
  'decliners_passed_over',
  'tasks_finished',
  'tasks_failed',
  'allocation_runs',
  'master_steps',
] as const;

export type SampleColumn = (typeof SAMPLE_COLUMNS)[number];

/** The column that running totals begin with. */
const FIRST_TOTAL = SAMPLE_COLUMNS.indexOf('offers_made');

export function isRunningTotal(column: number): boolean {
  return column >= FIRST_TOTAL;
}

export function writeSample(sink: CsvSink, sample: ClusterSample): void {
  sink.millionths(sample.at);
  sink.integer(sample.agents);
  writeKind(sink, sample, 'cpus');
  writeKind(sink, sample, 'mem');
  writeKind(sink, sample, 'gpus');
  writeKind(sink, sample, 'disk');
  sink.integer(sample.tasksRunning);
  sink.integer(sample.tasksQueued);
  sink.integer(sample.jobsQueued);
  sink.integer(sample.offersMade);
  sink.integer(sample.offersAccepted);
  sink.integer(sample.offersDeclined);
  sink.integer(sample.offersRescinded);
  sink.integer(sample.offersTimedOut);
  sink.integer(sample.declinersPassedOver);
  sink.integer(sample.tasksFinished);
  sink.integer(sample.tasksFailed);
  sink.integer(sample.allocationRuns);
  sink.integer(sample.masterSteps);
  sink.endRow();
}

function writeKind(sink: CsvSink, sample: ClusterSample, kind: keyof KindAmounts): void {
  sink.thousandths(sample.total[kind]);
  sink.thousandths(sample.allocated[kind]);
  sink.thousandths(sample.offered[kind]);
}

/** Reads a row into `values`, one entry per column. */
export function readSample(row: CsvRow, values: Float64Array): void {
  for (let column = 0; column < SAMPLE_COLUMNS.length; column++) values[column] = row.number(column);
}
