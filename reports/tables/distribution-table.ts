import type { LogHistogram } from '../statistics/log-histogram.ts';
import type { CsvRow } from './csv-rows.ts';
import type { CsvSink } from './csv-sink.ts';

export const DISTRIBUTION_COLUMNS = ['measure', 'role', 'up_to', 'jobs'] as const;

/** `wait` in seconds; `slowdown` and `bounded_slowdown` as ratios. */
export type Measure = 'wait' | 'slowdown' | 'bounded_slowdown';

/** One row per step of the cumulative distribution; an absent role stands for all jobs. */
export function writeDistribution(
  sink: CsvSink,
  measure: Measure,
  role: string | null,
  values: LogHistogram,
): void {
  for (const step of values.steps()) {
    sink.text(measure);
    sink.text(role);
    if (measure === 'wait') sink.millionths(Math.round(step.upTo * 1e6));
    else sink.thousandths(Math.round(step.upTo * 1e3));
    sink.integer(step.count);
    sink.endRow();
  }
}

export interface DistributionRow {
  readonly measure: string;
  readonly role: string | null;
  readonly upTo: number;
  readonly jobs: number;
}

export function readDistribution(row: CsvRow): DistributionRow {
  return {
    measure: row.text(0),
    role: row.textOrNull(1),
    upTo: row.number(2),
    jobs: row.number(3),
  };
}
