import type { SkippedReason, SkippedRows, Timing, TraceFacts, WaitingRole } from './run-facts.ts';
import type {
  ClusterTotals,
  Counts,
  Distribution,
  Fairness,
  GroupSummary,
  JobCounts,
  RoleShare,
  RoleSummary,
  Summary,
  TableFacts,
  TaskCounts,
  UserSummaries,
  UserSummary,
  VirtualSpan,
} from './summary.ts';
import type { RoleWaitPair, TimingComparison, WaitDifference, WaitPair } from './timing-comparison.ts';

/** Checks a value of a parsed file; says what is wrong with it and where, or null. */
type Shape = (value: unknown, path: string) => string | null;

/** The shape of a `Summary`, for files that this program did not write in this process. */
export const SUMMARY_SHAPE: Shape = summaryShape();

function summaryShape(): Shape {
  const distribution = record<Distribution>({
    count: number,
    mean: number,
    p50: number,
    p90: number,
    p95: number,
    p99: number,
    max: number,
  });
  const group = {
    jobs: number,
    finished: number,
    failed: number,
    refused: number,
    unfinished: number,
    tasks: number,
    retries: number,
    wait: distribution,
    slowdown: distribution,
    boundedSlowdown: distribution,
  };
  const role = record<RoleSummary>({
    role: text,
    ...group,
    attemptsFinished: number,
    attemptsFailed: number,
    cpuHours: number,
    memGibHours: number,
    gpuHours: number,
    cpuHoursLost: number,
    gpuHoursLost: number,
    share: record<RoleShare>({ dominantMean: number, fairMean: number, deviationMean: number }),
  });
  const pair = {
    finished: number,
    otherFinished: number,
    wait: distribution,
    otherWait: distribution,
    difference: nullable(
      record<WaitDifference>({
        mean: number,
        p50: number,
        p90: number,
        p95: number,
        p99: number,
        max: number,
      }),
    ),
  };
  const table = nullable(record<TableFacts>({ file: text, rows: number }));
  return record<Summary>({
    schema: text,
    name: text,
    version: text,
    command: text,
    seed: text,
    options: entries(option),
    trace: record<TraceFacts>({ name: text, format: text, files: list(text) }),
    assumptions: list(text),
    skippedRows: record<SkippedRows>({
      count: number,
      reasons: list(record<SkippedReason>({ reason: text, rows: number })),
      firstBadRow: nullable(text),
    }),
    waiting: list(record<WaitingRole>({ role: text, tasksQueued: number, lines: list(text) })),
    partial: flag,
    hash: text,
    virtual: record<VirtualSpan>({ startSeconds: number, endSeconds: number, spanSeconds: number }),
    timing: record<Timing>({ wallSeconds: number, cpuSeconds: number, peakRssBytes: number }),
    cluster: record<ClusterTotals>({
      machines: number,
      cpus: number,
      mem: number,
      gpus: number,
      disk: number,
    }),
    counts: record<Counts>({
      jobs: record<JobCounts>({ total: number, byState: jobStates(), started: number }),
      tasks: record<TaskCounts>({
        total: number,
        attempts: number,
        byState: entries(number),
        retries: number,
      }),
      offers: record<Counts['offers']>({
        made: number,
        accepted: number,
        declined: number,
        rescinded: number,
        timedOut: number,
      }),
      declinersPassedOver: number,
      allocationRuns: number,
      masterSteps: number,
      faults: number,
      faultKinds: entries(number),
      samples: number,
    }),
    wait: distribution,
    slowdown: distribution,
    boundedSlowdown: distribution,
    comparison: nullable(
      record<TimingComparison>({
        timing: text,
        otherTiming: text,
        otherHash: text,
        otherPartial: flag,
        otherEndSeconds: number,
        all: record<WaitPair>(pair),
        roles: list(record<RoleWaitPair>({ role: text, ...pair })),
      }),
    ),
    utilisation: record<Summary['utilisation']>({
      cpus: nullable(number),
      mem: nullable(number),
      gpus: nullable(number),
      disk: nullable(number),
    }),
    makespanSeconds: nullable(number),
    fairness: record<Fairness>({ deviationMean: number }),
    roles: list(role),
    users: record<UserSummaries>({
      total: number,
      capped: flag,
      top: list(record<UserSummary>({ user: text, ...group })),
      rest: nullable(record<GroupSummary>(group)),
    }),
    tables: record<Summary['tables']>({
      jobs: table,
      tasks: table,
      machines: table,
      timeseries: table,
      roles: table,
      faults: table,
      distributions: table,
      comparison: table,
    }),
  });
}

function jobStates(): Shape {
  return record<JobCounts['byState']>({
    FINISHED: number,
    FAILED: number,
    REFUSED: number,
    UNFINISHED: number,
  });
}

function number(value: unknown, path: string): string | null {
  return typeof value === 'number' ? null : wrong(path, 'a number', value);
}

function text(value: unknown, path: string): string | null {
  return typeof value === 'string' ? null : wrong(path, 'a text', value);
}

function flag(value: unknown, path: string): string | null {
  return typeof value === 'boolean' ? null : wrong(path, 'true or false', value);
}

function option(value: unknown, path: string): string | null {
  const simple = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  return simple ? null : wrong(path, 'a simple value', value);
}

function nullable(shape: Shape): Shape {
  return (value, path) => (value === null ? null : shape(value, path));
}

function list(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return wrong(path, 'a list', value);
    for (const [index, entry] of value.entries()) {
      const problem = shape(entry, `${path}[${index}]`);
      if (problem !== null) return problem;
    }
    return null;
  };
}

/** An object with any keys. */
function entries(shape: Shape): Shape {
  return (value, path) => {
    if (!isObject(value)) return wrong(path, 'an object', value);
    for (const [key, entry] of Object.entries(value)) {
      const problem = shape(entry, within(path, key));
      if (problem !== null) return problem;
    }
    return null;
  };
}

/** An object with at least the fields of `T`; the compiler holds the two together. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- callers name the type whose fields must all be there
function record<T extends object>(fields: { readonly [Field in keyof T]: Shape }): Shape {
  return (value, path) => {
    if (!isObject(value)) return wrong(path, 'an object', value);
    const found = new Map(Object.entries(value));
    for (const [key, shape] of Object.entries<Shape>(fields)) {
      const problem = shape(found.get(key), within(path, key));
      if (problem !== null) return problem;
    }
    return null;
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function within(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function wrong(path: string, wanted: string, value: unknown): string {
  const found = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 40);
  return `${path === '' ? 'the file' : path}: ${wanted} is expected, found ${found}`;
}
