import { availableParallelism } from 'node:os';
import { type HuntCase, MUTATIONS, type Mutation, PROPERTIES } from '../../drivers/sim/hunt/index.ts';
import { parseCount } from '../quantity-arguments.ts';
import { EXIT_FAILED, EXIT_OK, UsageError } from '../usage-error.ts';
import { caseOf, caseText, type RawCaseOptions } from './case-arguments.ts';
import { huntLedger } from './ledger.ts';
import { runSeeds, type SeedResult, type SeedTotals } from './run-seeds.ts';
import { WorkerProcess } from './worker-process.ts';

/** Options of `orrery hunt` as commander gives them. */
export interface RawHuntOptions extends RawCaseOptions {
  readonly minutes?: string;
  readonly runs?: string;
  readonly seed?: string;
  readonly workers?: string;
  readonly mutation?: string;
  readonly ledger?: boolean;
  readonly markdown?: boolean;
  readonly cpuMinutes?: string;
  readonly timeline?: boolean;
  readonly shrink: boolean;
  readonly json?: boolean;
}

export interface HuntIo {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** A line that the next one of its kind may replace. */
  readonly progress: (line: string) => void;
}

const SHRINK_RUNS_MAX = 200;
const SHRINK_MAX_MS = 1_800_000;
const TIMELINE_LINES = 200;

/** `orrery hunt`. @returns the exit code: 1 if a promise was broken */
export async function huntCommand(options: RawHuntOptions, io: HuntIo): Promise<number> {
  const workers =
    options.workers === undefined
      ? availableParallelism()
      : parseCount('--workers', options.workers, 1, 1_024);
  if (options.ledger === true) {
    return huntLedger(
      {
        workers,
        cpuMinutes: cpuMinutesOf(options),
        isMarkdown: options.markdown === true,
        isJson: options.json === true,
      },
      io,
    );
  }
  const mutation = options.mutation === undefined ? null : mutationOf(options.mutation);
  const seed = options.seed === undefined ? null : parseCount('--seed', options.seed, 0, 2 ** 32 - 1);
  const isOne = options.keep !== undefined || options.timeline === true || isNarrowed(options);
  if (isOne || (seed !== null && options.runs === undefined && options.minutes === undefined)) {
    if (seed === null) throw new UsageError('--keep and --timeline are about one run: name it by --seed');
    return replay(caseOf(seed, options), mutation, options, io);
  }
  return search(seed ?? 1, workers, mutation, options, io);
}

function isNarrowed(options: RawCaseOptions): boolean {
  return options.frameworks !== undefined || options.machines !== undefined || options.horizon !== undefined;
}

function cpuMinutesOf(options: RawHuntOptions): number {
  return options.cpuMinutes === undefined ? 10 : parseCount('--cpu-minutes', options.cpuMinutes, 1, 10_000);
}

function mutationOf(id: string): Mutation {
  const found = MUTATIONS.find((one) => one.id === id);
  if (found === undefined)
    throw new UsageError(
      `--mutation: there is no ${id}; there are ${MUTATIONS.map((one) => one.id).join(', ')}`,
    );
  return found;
}

/** Seeds one after the other, until time is over, all are run, or a promise is broken. */
async function search(
  from: number,
  workers: number,
  mutation: Mutation | null,
  options: RawHuntOptions,
  io: HuntIo,
): Promise<number> {
  const runs = options.runs === undefined ? null : parseCount('--runs', options.runs, 1, 2 ** 31);
  const minutes = options.minutes === undefined ? null : parseCount('--minutes', options.minutes, 1, 100_000);
  // A bug that is hunted is given up by processor time.
  const isUnbounded = runs !== null || mutation !== null;
  const maxMs = minutes === null ? (isUnbounded ? null : 60_000) : minutes * 60_000;
  const totals: SeedTotals = { seeds: 0, events: 0, faults: 0, duration: 0, cpuMicros: 0 };
  const failures = await runSeeds(
    {
      from,
      runs,
      maxMs,
      maxCpuMicros: mutation === null ? null : cpuMinutesOf(options) * 60_000_000,
      stopsAtFailure: runs === null,
      workers,
      edits: mutation?.edits ?? [],
      size: null,
    },
    totals,
    () => io.progress(progressText(totals)),
  );
  if (options.json === true) {
    for (const { seed, result } of failures)
      io.out(JSON.stringify({ seed, ...result.failure, hash: result.hash }));
    io.out(JSON.stringify({ ...totals, failures: failures.length }));
  } else {
    io.out(summaryText(totals, failures.length));
  }
  const first = failures[0];
  if (first === undefined) return EXIT_OK;
  if (options.json !== true) await tell(first, mutation, options, io);
  return EXIT_FAILED;
}

/** What a failing seed broke; its shortest history, unless told not to look for it. */
async function tell(
  { seed, result }: SeedResult,
  mutation: Mutation | null,
  options: RawHuntOptions,
  io: HuntIo,
): Promise<void> {
  const { property, what, at } = result.failure!;
  io.out(`broken    ${what}`);
  io.out(`promise   ${property}: ${PROPERTIES[property]}`);
  io.out(`seed      ${seed}, after ${at / 1_000_000} s`);
  io.out(`replay    orrery hunt ${caseText(caseOf(seed, {}), mutation?.id ?? null)}`);
  if (!options.shrink || result.hash === '') return;
  const worker = new WorkerProcess(mutation?.edits ?? []);
  try {
    const answer = await worker.ask(
      { kind: 'shrink', which: caseOf(seed, {}), property, runsMax: SHRINK_RUNS_MAX },
      SHRINK_MAX_MS,
    );
    if (answer.kind !== 'shrunk') return;
    const { shrunk } = answer;
    io.out(`shrunk    after ${shrunk.runs} runs: ${shrunk.result.failure?.what}`);
    io.out(`replay    orrery hunt ${caseText(shrunk.which, mutation?.id ?? null)} --timeline`);
  } finally {
    worker.end();
  }
}

/** One case again, with its timeline if wanted. */
async function replay(
  which: HuntCase,
  mutation: Mutation | null,
  options: RawHuntOptions,
  io: HuntIo,
): Promise<number> {
  const worker = new WorkerProcess(mutation?.edits ?? []);
  try {
    const answer = await worker.ask(
      { kind: 'timeline', which, linesMax: options.timeline === true ? TIMELINE_LINES : 1 },
      SHRINK_MAX_MS,
    );
    if (answer.kind !== 'timeline') throw new Error('a worker answers what it is asked');
    const { result } = answer;
    if (options.json === true) {
      io.out(JSON.stringify({ seed: which.seed, ...result }));
      return result.failure === null ? EXIT_OK : EXIT_FAILED;
    }
    if (options.timeline === true) {
      for (const line of answer.faults) io.out(`planned   ${line}`);
      if (answer.dropped > 0) io.out(`          … ${answer.dropped} lines before these …`);
      for (const line of answer.lines) io.out(line);
    }
    io.out(`events    ${result.events} in ${result.duration / 1_000_000} s, ${result.faults} faults`);
    io.out(`hash      ${result.hash}`);
    if (result.failure === null) {
      io.out('kept      every promise');
      return EXIT_OK;
    }
    io.out(`broken    ${result.failure.what}`);
    io.out(`promise   ${result.failure.property}: ${PROPERTIES[result.failure.property]}`);
    return EXIT_FAILED;
  } finally {
    worker.end();
  }
}

function progressText(totals: SeedTotals): string {
  return `${totals.seeds} seeds, ${hoursOf(totals).toFixed(1)} cluster-hours, ${totals.faults} faults, ${totals.events} events`;
}

function hoursOf({ duration }: SeedTotals): number {
  return duration / 3_600_000_000;
}

function summaryText(totals: SeedTotals, failures: number): string {
  const minutes = totals.cpuMicros / 60_000_000;
  const rate = minutes === 0 ? 0 : hoursOf(totals) / minutes;
  return (
    `hunted    ${progressText(totals)}\n` +
    `speed     ${rate.toFixed(0)} cluster-hours per CPU minute, ${minutes.toFixed(1)} CPU minutes\n` +
    `failures  ${failures}`
  );
}
