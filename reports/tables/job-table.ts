import type { JobOutcome } from '../../engine/workload/index.ts';
import { boundedSlowdownOf, slowdownOf, waitMicros } from '../statistics/job-group.ts';
import type { CsvSink } from './csv-sink.ts';

export const JOB_COLUMNS = [
  'job',
  'role',
  'user',
  'priority',
  'gang',
  'tasks',
  'state',
  'arrival_s',
  'first_running_s',
  'ended_s',
  'ideal_s',
  'retries',
  'wait_s',
  'slowdown',
  'bounded_slowdown',
] as const;

export function writeJob(sink: CsvSink, job: JobOutcome): void {
  sink.text(job.job);
  sink.text(job.role);
  sink.text(job.user);
  sink.integer(job.priority);
  sink.integer(job.gang ? 1 : 0);
  sink.integer(job.tasks);
  sink.text(job.state);
  sink.millionths(job.arrival);
  sink.millionths(job.firstRunning);
  sink.millionths(job.ended);
  sink.millionths(job.ideal);
  sink.integer(job.retries);
  sink.millionths(waitMicros(job));
  sink.thousandths(toThousandths(slowdownOf(job)));
  sink.thousandths(toThousandths(boundedSlowdownOf(job)));
  sink.endRow();
}

function toThousandths(ratio: number | null): number | null {
  return ratio === null ? null : Math.round(ratio * 1_000);
}
