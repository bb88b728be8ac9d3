import { type Micros, micros } from '../../engine/core/index.ts';
import { type Job, type MachineEvent, taskCount } from '../../engine/workload/index.ts';
import type { ReadOptions } from './read-options.ts';
import { Tally } from './tally.ts';
import { TraceError } from './trace-error.ts';
import type { Workload, WorkloadReport } from './workload.ts';

const BATCH_JOBS = 1_000;

/** What a format or a generator gives; the rest of a `Workload` is the same for all. */
export interface WorkloadSource {
  readonly name: string;
  readonly format: string;
  readonly assumptions: readonly string[];
  /** Jobs in order of arrival, in the trace's own time, blocks of any length; called once per reading. */
  read(tally: Tally): AsyncIterable<readonly Job[]> | Iterable<readonly Job[]>;
}

/** A workload from its source: applies window, time scale and bound on jobs, and counts. */
export function replayWorkload(source: WorkloadSource, options: ReadOptions): Workload {
  checkOptions(options);
  let tally = new Tally(options.strictness);
  return {
    name: source.name,
    format: source.format,
    assumptions: [...source.assumptions, ...windowLines(options)],
    batches() {
      tally = new Tally(options.strictness);
      return windowed(source, options, tally);
    },
    report(): WorkloadReport {
      return tally.report();
    },
  };
}

/** Machine events in the replay's time: those before the window happen at its start, in order; those after it do not happen. */
export function replayEvents(events: readonly MachineEvent[], options: ReadOptions): MachineEvent[] {
  const kept: MachineEvent[] = [];
  for (const event of events) {
    if (options.until !== null && event.at >= options.until) continue;
    kept.push({ ...event, at: replayTime(event.at, options) });
  }
  return kept;
}

async function* windowed(
  source: WorkloadSource,
  options: ReadOptions,
  tally: Tally,
): AsyncGenerator<readonly Job[], void, undefined> {
  const from = options.from ?? 0;
  const until = options.until ?? Number.POSITIVE_INFINITY;
  const most = options.maxJobs ?? Number.POSITIVE_INFINITY;
  const unchanged = from === 0 && options.timeScale === 1;
  let batch: Job[] = [];
  if (most > 0) {
    reading: for await (const block of source.read(tally)) {
      for (const job of block) {
        if (job.arrival < from) continue;
        if (job.arrival >= until) break reading;
        batch.push(unchanged ? job : { ...job, arrival: replayTime(job.arrival, options) });
        tally.jobs++;
        tally.tasks += taskCount(job);
        if (tally.jobs >= most) break reading;
        if (batch.length >= BATCH_JOBS) {
          yield batch;
          batch = [];
        }
      }
    }
  }
  if (batch.length > 0) yield batch;
}

function replayTime(at: Micros, options: ReadOptions): Micros {
  return micros(Math.round(Math.max(0, at - (options.from ?? 0)) * options.timeScale));
}

function checkOptions(options: ReadOptions): void {
  if (!(options.timeScale > 0 && options.timeScale < Number.POSITIVE_INFINITY)) {
    throw new TraceError(`the time scale is ${options.timeScale}, expected a number above 0`);
  }
  if (options.from !== null && options.until !== null && options.from >= options.until) {
    throw new TraceError('the window ends before it begins, expected --from below --until');
  }
}

function windowLines(options: ReadOptions): string[] {
  const lines: string[] = [];
  const { from, until, timeScale, maxJobs } = options;
  if (from !== null || until !== null) {
    const end = until === null ? 'the end' : `${until / 1e6} s`;
    lines.push(`only jobs that arrive from ${(from ?? 0) / 1e6} s to ${end} of the trace`);
  }
  if (timeScale !== 1) lines.push(`arrival times are multiplied by ${timeScale}; run times are not`);
  if (maxJobs !== null) lines.push(`only the first ${maxJobs} jobs`);
  return lines;
}
