import type { MachineLedger } from '../statistics/machine-ledger.ts';
import type { CsvSink } from './csv-sink.ts';

export const MACHINE_COLUMNS = [
  'machine',
  'cpus',
  'mem_mib',
  'gpus',
  'disk_mib',
  'attempts',
  'attempts_failed',
  'cpu_s',
  'faults',
  'downtime_s',
] as const;

/** One row per machine, in the cluster's order; downtime is counted up to the instant `end`, µs. */
export function writeMachines(sink: CsvSink, ledger: MachineLedger, end: number): void {
  for (let index = 0; index < ledger.machines.length; index++) {
    const machine = ledger.machines[index]!;
    sink.text(machine.name);
    sink.thousandths(machine.cpus);
    sink.thousandths(machine.mem);
    sink.thousandths(machine.gpus);
    sink.thousandths(machine.disk);
    sink.integer(ledger.attempts(index));
    sink.integer(ledger.failed(index));
    sink.millionths(ledger.cpuMicros(index));
    sink.integer(ledger.faults(index));
    sink.millionths(ledger.downtime(index, end));
    sink.endRow();
  }
}
