/**
 * One measurement of the allocator: a JSON line of `npm run -s bench -- allocator --json`. Times of cycles are of the wall clock but for
 * `cpuMs`, the CPU time of the median warm cycle, which bounds are held against. What was not measured is null.
 */
export interface AllocatorRow {
  /** `allocator/CASE STATE`. */
  readonly name: string;
  /** As in the list of workloads, with the state that was measured: `W7 idle`. */
  readonly workload: string;
  readonly agents: number;
  readonly frameworks: number;
  readonly roles: number;
  /** Over all cycles but the first. */
  readonly medianCycleMs: number;
  readonly minCycleMs: number;
  readonly maxCycleMs: number;
  /** The first cycle, with nothing compiled yet. */
  readonly firstCycleMs: number;
  readonly cpuMs: number;
  /** Made in the measured cycles, all together. */
  readonly offers: number;
  /** CPU time of one offer with a filter, in the median batch but for the first. */
  readonly declineMicros: number | null;
  /** The same of one without a filter. */
  readonly returnMicros: number | null;
  readonly peakRssBytes: number;
  /** Of all offers made: framework, role and agent of each. Equal versions give equal hashes. */
  readonly hash: string;
  /** Facts and figures of this workload only. */
  readonly more: Readonly<Record<string, number>>;
}

export function allocatorHeader(): string {
  return [
    'workload'.padEnd(30),
    'agents'.padStart(7),
    'frmwks'.padStart(7),
    'roles'.padStart(6),
    'median ms'.padStart(11),
    'CPU ms'.padStart(10),
    'min ms'.padStart(10),
    'max ms'.padStart(10),
    'first ms'.padStart(10),
    'offers'.padStart(9),
    'decl µs'.padStart(8),
    'ret µs'.padStart(8),
    'peak MB'.padStart(8),
    '  hash              more',
  ].join('');
}

export function allocatorLine(row: AllocatorRow): string {
  return [
    row.workload.padEnd(30),
    String(row.agents).padStart(7),
    String(row.frameworks).padStart(7),
    String(row.roles).padStart(6),
    figure(row.medianCycleMs).padStart(11),
    figure(row.cpuMs).padStart(10),
    figure(row.minCycleMs).padStart(10),
    figure(row.maxCycleMs).padStart(10),
    figure(row.firstCycleMs).padStart(10),
    String(row.offers).padStart(9),
    figure(row.declineMicros).padStart(8),
    figure(row.returnMicros).padStart(8),
    (row.peakRssBytes / 1e6).toFixed(0).padStart(8),
    `  ${row.hash}  `,
    Object.entries(row.more)
      .map(([name, value]) => `${name}=${figure(value)}`)
      .join(' '),
  ].join('');
}

/** The best of runs of one case, row by row: that of least CPU time per cycle, the least of what each offer cost, the highest peak. */
export function bestOf(runs: readonly (readonly AllocatorRow[])[]): AllocatorRow[] {
  return runs[0]!.map((first, index) => {
    const rows = runs.map((run) => run[index]!);
    const best = rows.reduce((least, row) => (row.cpuMs < least.cpuMs ? row : least), first);
    if (rows.some((row) => row.hash !== best.hash))
      throw new Error(`${first.name}: two runs made different offers`);
    return {
      ...best,
      firstCycleMs: Math.min(...rows.map((row) => row.firstCycleMs)),
      declineMicros: least(rows.map((row) => row.declineMicros)),
      returnMicros: least(rows.map((row) => row.returnMicros)),
      peakRssBytes: Math.max(...rows.map((row) => row.peakRssBytes)),
    };
  });
}

function least(values: readonly (number | null)[]): number | null {
  return values.reduce((a, b) => (a === null || b === null ? null : Math.min(a, b)));
}

/** Three figures that count. */
function figure(value: number | null): string {
  if (value === null) return '';
  if (Number.isInteger(value)) return String(value);
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 4);
}
