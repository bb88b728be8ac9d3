import type { TimingComparison, WaitPair } from '../timing-comparison.ts';
import { formatCount, formatDuration, formatSignedDuration } from '../units.ts';
import { type ColumnGroup, sortableTable, tableRow } from './group-tables.ts';
import type { Html } from './html.ts';

/** Rows that the table shows at most; the summary has all roles. */
export const TIMING_ROWS_MAX = 500;

const FIGURES = ['mean', 'p50', 'p95', 'p99'] as const;

/** Waits under both timings, a row for each role and one for all jobs. */
export function timingTable(comparison: TimingComparison): Html {
  const groups = columns(comparison);
  const rows = comparison.roles
    .slice(0, TIMING_ROWS_MAX)
    .map((pair) => tableRow(pair.role, pair, groups, false));
  rows.push(tableRow('all jobs', comparison.all, groups, true));
  return sortableTable('Role', groups, rows);
}

function columns({ timing, otherTiming }: TimingComparison): ColumnGroup<WaitPair>[] {
  return [
    {
      title: 'Jobs finished',
      columns: [
        { title: timing, value: (pair) => pair.finished, text: formatCount },
        { title: otherTiming, value: (pair) => pair.otherFinished, text: formatCount },
      ],
    },
    ...FIGURES.map((figure) => ({
      title: `Wait, ${figure}`,
      columns: [
        {
          title: timing,
          value: ({ wait }: WaitPair) => (wait.count === 0 ? Number.NaN : wait[figure]),
          text: formatDuration,
        },
        {
          title: otherTiming,
          value: ({ otherWait }: WaitPair) => (otherWait.count === 0 ? Number.NaN : otherWait[figure]),
          text: formatDuration,
        },
        {
          title: 'difference',
          value: ({ difference }: WaitPair) => (difference === null ? Number.NaN : difference[figure]),
          text: formatSignedDuration,
        },
      ],
    })),
  ];
}
