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
export interface BenchCase {
  /** `benchmark/case`. */
  readonly name: string;
  run(): Promise<BenchRow>;
}

/** A benchmark: a file of this folder and a line in the table. */
export interface Benchmark {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly BenchCase[];
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
