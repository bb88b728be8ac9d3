import type { TaskOutcome } from '../../engine/workload/index.ts';
import type { MachineFacts } from '../run-facts.ts';
import type { CsvSink } from './csv-sink.ts';

export const TASK_COLUMNS = [
  'job',
  'index',
  'attempt',
  'role',
  'machine',
  'cpus',
  'mem_mib',
  'gpus',
  'arrival_s',
  'launched_s',
  'running_s',
  'ended_s',
  'state',
  'reason',
] as const;

export function writeTask(sink: CsvSink, task: TaskOutcome, machines: readonly MachineFacts[]): void {
  sink.text(task.job);
  sink.integer(task.index);
  sink.integer(task.attempt);
  sink.text(task.role);
  sink.text(machines[task.machine]!.name);
  sink.thousandths(task.cpus);
  sink.thousandths(task.mem);
  sink.thousandths(task.gpus);
  sink.millionths(task.arrival);
  sink.millionths(task.launched);
  sink.millionths(task.running);
  sink.millionths(task.ended);
  sink.text(task.state);
  sink.text(task.reason);
  sink.endRow();
}
