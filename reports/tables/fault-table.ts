import type { FaultRecord } from '../../engine/workload/index.ts';
import type { CsvRow } from './csv-rows.ts';
import type { CsvSink } from './csv-sink.ts';

export const FAULT_COLUMNS = ['at_s', 'kind', 'target', 'until_s'] as const;

export function writeFault(sink: CsvSink, fault: FaultRecord): void {
  sink.millionths(fault.at);
  sink.text(fault.kind);
  sink.text(fault.target);
  sink.millionths(fault.until);
  sink.endRow();
}

export interface FaultRow {
  readonly atSeconds: number;
  readonly kind: string;
  readonly target: string;
  readonly untilSeconds: number | null;
}

export function readFault(row: CsvRow): FaultRow {
  return {
    atSeconds: row.number(0),
    kind: row.text(1),
    target: row.text(2),
    untilSeconds: row.numberOrNull(3),
  };
}
