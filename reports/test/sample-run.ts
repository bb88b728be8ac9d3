import {
  type Micros,
  MICROS_PER_SECOND,
  micros,
  milli,
  Rng,
  secondsToMicros,
} from '../../engine/core/index.ts';
import type { ClusterSample, KindAmounts, RunObserver } from '../../engine/workload/index.ts';
import type { MachineFacts, RunDescription, RunEnd } from '../run-facts.ts';
import { WaitCollector } from '../statistics/wait-collector.ts';
import type { OtherTimingRun } from '../timing-comparison.ts';

/** What a made-up run looks like. */
export interface SampleRunOptions {
  readonly seed: number;
  readonly roles: readonly string[];
  readonly users: number;
  readonly machines: number;
  /** Per machine. */
  readonly gpus: number;
  readonly hours: number;
  readonly jobs: number;
  readonly faults: boolean;
}

export const SAMPLE_RUN: SampleRunOptions = {
  seed: 1,
  roles: [
    'vision',
    'speech',
    'search',
    'ads',
    'maps',
    'research',
    'infra',
    'translate',
    'robotics',
    'health',
  ],
  users: 80,
  machines: 40,
  gpus: 8,
  hours: 50,
  jobs: 3_000,
  faults: true,
};

const SAMPLE_SECONDS = 60;
const FAULT_KINDS = [
  'agentCrash',
  'agentFreeze',
  'partition',
  'messageLoss',
  'masterCrash',
  'machineRemoved',
];

export function describeSampleRun(options: SampleRunOptions): RunDescription {
  return {
    name: 'philly-sample',
    version: '0.1.0',
    command: `orrery simulate --trace philly-sample --seed ${options.seed} --faults on --out results`,
    seed: String(options.seed),
    options: { allocator: 'hierarchical-drf', latency: '1 ms to 5 ms', faults: options.faults, until: null },
    trace: { name: 'philly-sample', format: 'philly', files: ['traces/samples/philly/jobs.csv'] },
    machines: sampleMachines(options),
  };
}

export function endOfSampleRun(options: SampleRunOptions): RunEnd {
  return {
    at: secondsToMicros(options.hours * 3_600),
    partial: false,
    hash: '0123456789abcdef',
    assumptions: [
      'gpu.cpus=4 (default): cpus that a GPU takes with it',
      'Jobs without an end run until the trace ends.',
    ],
    skippedRows: {
      count: 17,
      reasons: [
        { reason: 'no GPU count', rows: 16 },
        { reason: 'bad row: duration', rows: 1 },
      ],
      firstBadRow: 'jobs.csv:812: duration is "None", expected a number',
    },
    waiting: [
      {
        role: 'batch',
        tasksQueued: 3,
        lines: ['0 of 40 agents would be offered to it now', '40 agents: nothing is free'],
      },
    ],
    otherTiming: null,
    timing: { wallSeconds: 12.3, cpuSeconds: 14.5, peakRssBytes: 310_000_000 },
  };
}

/** The same jobs under the other timing, each of which waits longer or not at all. */
export function otherTimingOfSampleRun(options: SampleRunOptions): OtherTimingRun {
  const waits = new WaitCollector();
  observeJobs(
    {
      jobEnded(job) {
        const waited = job.firstRunning === null ? null : job.firstRunning - job.arrival;
        const more = job.tasks % 3 === 0 ? -(waited ?? 0) : MICROS_PER_SECOND;
        waits.jobEnded({
          ...job,
          firstRunning: job.firstRunning === null ? null : micros(job.firstRunning + more),
        });
      },
      taskEnded() {},
      sampled() {},
      faultInjected() {},
    },
    options,
  );
  return {
    ownTiming: 'event',
    timing: 'mesos',
    hash: 'fedcba9876543210',
    partial: false,
    endSeconds: options.hours * 3_600,
    waits,
  };
}

/** Tells `observer` a run that looks like one: a load with days and nights, queues, faults, failures. A function of the options. */
export function observeSampleRun(observer: RunObserver, options: SampleRunOptions): void {
  observeJobs(observer, options);
  if (options.faults) observeFaults(observer, options);
  observeSamples(observer, options);
}

function sampleMachines(options: SampleRunOptions): MachineFacts[] {
  return Array.from({ length: options.machines }, (_, index) => ({
    name: `machine-${index}`,
    cpus: milli(64_000),
    mem: milli(262_144_000),
    gpus: milli(options.gpus * 1_000),
    disk: milli(0),
  }));
}

function observeJobs(observer: RunObserver, options: SampleRunOptions): void {
  const rng = Rng.forPurpose(options.seed, 'jobs');
  const end = options.hours * 3_600;
  const skewed = (bound: number): number => Math.floor(bound * rng.unit() * rng.unit());
  for (let job = 0; job < options.jobs; job++) {
    const place = skewed(options.roles.length);
    const role = options.roles[place]!;
    const arrival = secondsToMicros((end * job) / options.jobs);
    const wait = secondsToMicros(
      Math.exp((rng.unit() + rng.unit() + rng.unit() - 1.4) * (3 + place / 3)) * 9,
    );
    const ideal = secondsToMicros(Math.exp(rng.unit() * 9));
    const running = micros(arrival + wait);
    const ended = micros(running + ideal);
    const cut = ended > end * MICROS_PER_SECOND;
    const failed = !cut && rng.below(25) === 0;
    const tasks = 1 + skewed(8);
    observer.jobEnded({
      job: `job-${job}`,
      role,
      user: options.users === 0 ? null : `user-${skewed(options.users)}`,
      priority: 0,
      gang: true,
      tasks,
      state: cut ? 'UNFINISHED' : failed ? 'FAILED' : 'FINISHED',
      arrival,
      firstRunning: running > end * MICROS_PER_SECOND ? null : running,
      ended: cut ? null : ended,
      ideal,
      retries: failed ? 3 : 0,
    });
    if (cut) continue;
    for (let index = 0; index < tasks; index++) {
      observer.taskEnded({
        job: `job-${job}`,
        index,
        attempt: 1,
        role,
        machine: rng.below(options.machines),
        cpus: milli(4_000),
        mem: milli(16_384_000),
        gpus: milli(options.gpus === 0 ? 0 : 1_000),
        arrival,
        launched: micros(running - 1_000),
        running,
        ended,
        state: failed ? 'TASK_FAILED' : 'TASK_FINISHED',
        reason: failed ? 'REASON_COMMAND_EXECUTOR_FAILED' : null,
      });
    }
  }
}

function observeFaults(observer: RunObserver, options: SampleRunOptions): void {
  const rng = Rng.forPurpose(options.seed, 'faults');
  const end = options.hours * 3_600;
  for (let at = rng.below(3_000); at < end; at += 1 + rng.below(3_000)) {
    const kind = FAULT_KINDS[rng.below(FAULT_KINDS.length)]!;
    const isInstant = kind === 'messageLoss' || kind === 'machineRemoved';
    observer.faultInjected({
      at: secondsToMicros(at),
      kind,
      target: kind === 'masterCrash' ? 'master' : `machine-${rng.below(options.machines)}`,
      until: isInstant ? null : secondsToMicros(at + 30 + rng.below(5_000)),
    });
  }
}

/** Totals that grow from sample to sample. */
interface Totals {
  made: number;
  accepted: number;
  declined: number;
  rescinded: number;
  finished: number;
  failed: number;
  runs: number;
  steps: number;
}

function observeSamples(observer: RunObserver, options: SampleRunOptions): void {
  const rng = Rng.forPurpose(options.seed, 'samples');
  const end = options.hours * 3_600;
  const totals: Totals = {
    made: 0,
    accepted: 0,
    declined: 0,
    rescinded: 0,
    finished: 0,
    failed: 0,
    runs: 0,
    steps: 0,
  };
  const level = options.roles.map(() => rng.unit());
  for (let at = 0; at <= end; at += SAMPLE_SECONDS) {
    const day = 0.55 + 0.35 * Math.sin((at / 86_400) * 2 * Math.PI);
    for (let role = 0; role < level.length; role++) {
      level[role] = Math.min(1, Math.max(0.02, level[role]! + (rng.unit() - 0.5) * 0.06));
    }
    observer.sampled(sampleAt(secondsToMicros(at), day, level, totals, options, rng));
  }
}

function sampleAt(
  at: Micros,
  day: number,
  level: readonly number[],
  totals: Totals,
  options: SampleRunOptions,
  rng: Rng,
): ClusterSample {
  let sum = 0;
  for (const value of level) sum += value;
  const use = Math.min(0.97, day + rng.unit() * 0.04);
  const up = options.machines - (options.faults && rng.below(30) === 0 ? 1 + rng.below(3) : 0);
  const amounts = (part: number): KindAmounts => ({
    cpus: Math.round(up * 64_000 * part),
    mem: Math.round(up * 262_144_000 * part * 0.7),
    disk: 0,
    gpus: Math.round(up * options.gpus * 1_000 * part),
  });
  const total: KindAmounts = {
    cpus: up * 64_000,
    mem: up * 262_144_000,
    disk: 0,
    gpus: up * options.gpus * 1_000,
  };
  const made = 20 + rng.below(60);
  totals.made += made;
  totals.accepted += Math.round(made * 0.3);
  totals.declined += Math.round(made * 0.65);
  totals.rescinded += rng.below(20) === 0 ? 2 : 0;
  totals.finished += rng.below(9);
  totals.failed += rng.below(40) === 0 ? 3 : 0;
  totals.runs += 60 + rng.below(10);
  totals.steps += 3_000 + rng.below(2_000);
  const queued = Math.max(0, Math.round((use - 0.8) * 400));
  return {
    at,
    total,
    allocated: amounts(use),
    offered: amounts((1 - use) * 0.4),
    agents: up,
    tasksRunning: Math.round(up * 8 * use),
    tasksQueued: queued * 4,
    jobsQueued: queued,
    offersMade: totals.made,
    offersAccepted: totals.accepted,
    offersDeclined: totals.declined,
    offersRescinded: totals.rescinded,
    offersTimedOut: totals.rescinded >> 1,
    declinersPassedOver: totals.declined * 2,
    tasksFinished: totals.finished,
    tasksFailed: totals.failed,
    allocationRuns: totals.runs,
    masterSteps: totals.steps,
    roles: options.roles.map((role, place) => ({
      role,
      dominantShare: (use * level[place]!) / sum,
      fairShare: use / options.roles.length,
      tasksRunning: Math.round(level[place]! * 10),
      tasksQueued: queued,
    })),
  };
}
