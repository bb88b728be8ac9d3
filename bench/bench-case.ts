/** One measurement: a JSON line of `npm run -s bench -- NAME --json`. */
export interface BenchRow {
  readonly name: string;
  /** What was measured, in words: machines, jobs, policy. */
  readonly size: string;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakRssBytes: number;
  readonly tasks: number;
  readonly events: number;
  /** Of the result: equal seeds and versions give equal hashes, whatever the machine. */
  readonly hash: string;
  /** Anything else worth a column. */
  readonly more: Readonly<Record<string, number>>;
}

/** One case of a benchmark; each runs in a process of its own, so that its peak memory is its own. */
export interface BenchCase<Row = BenchRow> {
  /** `benchmark/case`. */
  readonly name: string;
  /** In so many processes, one after the other, of which the best counts; one unless stated. */
  readonly runs?: number;
  run(): Promise<readonly Row[]>;
}

/** A benchmark: a file or a folder here and a line in the table. */
export interface Benchmark<Row = BenchRow> {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly BenchCase<Row>[];
}

/** The best of runs of one case, row by row: that of least CPU time. */
export function bestBenchRows(runs: readonly (readonly BenchRow[])[]): BenchRow[] {
  return runs[0]!.map((first, index) =>
    runs.reduce((best, run) => (run[index]!.cpuSeconds < best.cpuSeconds ? run[index]! : best), first),
  );
}

export function benchHeader(): string {
  return `${'case'.padEnd(26)}${'CPU s'.padStart(9)}${'wall s'.padStart(9)}${'peak MB'.padStart(9)}${'tasks'.padStart(11)}${'events'.padStart(13)}${'M ev/CPU s'.padStart(12)}${'wait s'.padStart(9)}  hash`;
}

export function benchLine(row: BenchRow): string {
  const wait = row.more['meanWaitSeconds'];
  return [
    row.name.padEnd(26),
    row.cpuSeconds.toFixed(2).padStart(9),
    row.wallSeconds.toFixed(2).padStart(9),
    (row.peakRssBytes / 1e6).toFixed(0).padStart(9),
    String(row.tasks).padStart(11),
    String(row.events).padStart(13),
    (row.events / row.cpuSeconds / 1e6).toFixed(2).padStart(12),
    (wait === undefined ? '' : wait.toFixed(3)).padStart(9),
    `  ${row.hash}`,
  ].join('');
}

/** Measures `work` by CPU time of the process, and the highest memory that the process has had so far. */
export async function measured<T>(work: () => Promise<T>): Promise<{
  readonly result: T;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakRssBytes: number;
}> {
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  const result = await work();
  const used = process.cpuUsage(cpu);
  return {
    result,
    cpuSeconds: (used.user + used.system) / 1e6,
    wallSeconds: Number(process.hrtime.bigint() - wall) / 1e9,
    peakRssBytes: process.resourceUsage().maxRSS * 1_024,
  };
}
