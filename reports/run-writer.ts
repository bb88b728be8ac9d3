import { writeFileSync } from 'node:fs';
import { assert, err, type Micros, microsToSeconds, micros, ok, type Result } from '../engine/core/index.ts';
import type {
  ClusterSample,
  FaultRecord,
  JobOutcome,
  RunObserver,
  TaskOutcome,
} from '../engine/workload/index.ts';
import { renderReport } from './render-report.ts';
import { causeText, type ReportError } from './report-error.ts';
import { ResultFolder, SUMMARY_FILE } from './result-folder.ts';
import type { RunDescription, RunEnd } from './run-facts.ts';
import { MachineLedger } from './statistics/machine-ledger.ts';
import { distributionOf } from './statistics/job-group.ts';
import type { WaitCollector } from './statistics/wait-collector.ts';
import { meanDeviation, RunTotals } from './statistics/run-totals.ts';
import {
  type ClusterTotals,
  type RoleSummary,
  rolesByShare,
  SUMMARY_SCHEMA,
  type Summary,
} from './summary.ts';
import { compareTimings } from './timing-comparison.ts';
import { FolderTables, type NamedGroup } from './tables/folder-tables.ts';

/** Roles whose whole distributions are written, beside that of all jobs. The others' can be had from the job table. */
const DISTRIBUTION_ROLES = 20;

export interface RunWriterOptions {
  /** The folder to make. */
  readonly folder: string;
  /** Replace an earlier result there. */
  readonly force: boolean;
  /** Write `tasks.csv`: about 100 B per attempt. */
  readonly tasks: boolean;
}

/** What a finished run left: the folder's path and what `summary.json` holds. */
export interface WrittenRun {
  readonly folder: string;
  readonly summary: Summary;
}

/**
 * Writes a run's result folder while the run goes: rows as they come, the summary and the report at the end. Memory does not grow with the
 * run. Ends by `finish`, also for a run that was stopped, or by `abandon`; until then the target folder is as it was.
 * Observing throws what the disk refuses: call `abandon` then.
 */
export class RunWriter implements RunObserver {
  readonly #folder: ResultFolder;
  readonly #description: RunDescription;
  readonly #tables: FolderTables;
  readonly #totals = new RunTotals();
  readonly #ledger: MachineLedger;
  #ended = false;

  private constructor(folder: ResultFolder, description: RunDescription, tables: FolderTables) {
    this.#folder = folder;
    this.#description = description;
    this.#tables = tables;
    this.#ledger = new MachineLedger(description.machines);
  }

  /** Claims the folder and opens its tables. Refuses a folder in use and one that cannot be written. */
  static open(options: RunWriterOptions, description: RunDescription): Result<RunWriter, ReportError> {
    const claimed = ResultFolder.claim(options.folder, options.force);
    if (!claimed.ok) return claimed;
    const folder = claimed.value;
    try {
      return ok(new RunWriter(folder, description, new FolderTables(folder.unfinished, options.tasks)));
    } catch (cause) {
      folder.abandon();
      return err({ code: 'FOLDER_NOT_WRITABLE', path: options.folder, message: causeText(cause) });
    }
  }

  jobEnded(outcome: JobOutcome): void {
    this.#totals.addJob(outcome);
    this.#tables.addJob(outcome);
  }

  taskEnded(outcome: TaskOutcome): void {
    assert(outcome.machine < this.#ledger.machines.length, 'a task runs on a machine of the cluster');
    this.#totals.addTask(outcome);
    this.#ledger.addTask(outcome);
    this.#tables.addTask(outcome, this.#ledger.machines);
  }

  /** The last sample is the one that counters are taken from: sample once more when the run ends. */
  sampled(sample: ClusterSample): void {
    this.#totals.addSample(sample);
    this.#tables.addSample(sample);
  }

  faultInjected(fault: FaultRecord): void {
    this.#totals.addFault(fault);
    this.#ledger.addFault(fault);
    this.#tables.addFault(fault);
  }

  /** Writes what is left and puts the folder in its place. */
  finish(end: RunEnd): Result<WrittenRun, ReportError> {
    assert(!this.#ended, 'a run ends once');
    this.#ended = true;
    try {
      this.#totals.end(end.at);
      const span = micros(Math.max(0, end.at - this.#totals.start));
      const roles = this.#totals.roleSummaries(span);
      const groups = this.#distributionGroups(roles);
      const others = end.otherTiming === null ? null : groupsOf(end.otherTiming.waits, groups);
      this.#tables.close(this.#ledger, groups, others, end.at);
      const summary = this.#summary(end, span, roles);
      writeFileSync(this.#folder.file(SUMMARY_FILE), `${JSON.stringify(summary, null, 2)}\n`);
      const rendered = renderReport(this.#folder.unfinished);
      if (!rendered.ok) {
        this.#discard();
        return rendered;
      }
      const committed = this.#folder.commit();
      return committed.ok ? ok({ folder: committed.value, summary }) : committed;
    } catch (cause) {
      this.#discard();
      return err({
        code: 'FOLDER_NOT_WRITABLE',
        path: this.#folder.unfinished,
        message: causeText(cause),
      });
    }
  }

  /** Gives the run up: removes what was written. Does nothing after `finish`. */
  abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#discard();
  }

  #discard(): void {
    this.#tables.discard();
    this.#folder.abandon();
  }

  /** All jobs, and the roles that a report shows first. */
  #distributionGroups(roles: readonly RoleSummary[]): NamedGroup[] {
    const groups: NamedGroup[] = [{ role: null, jobs: this.#totals.all }];
    for (const { role } of rolesByShare(roles).slice(0, DISTRIBUTION_ROLES)) {
      groups.push({ role, jobs: this.#totals.jobsOf(role) });
    }
    return groups;
  }

  #summary(end: RunEnd, span: Micros, roles: readonly RoleSummary[]): Summary {
    const description = this.#description;
    const totals = this.#totals;
    const sample = totals.lastSample;
    return {
      schema: SUMMARY_SCHEMA,
      name: description.name,
      version: description.version,
      command: description.command,
      seed: description.seed,
      options: description.options,
      trace: description.trace,
      assumptions: end.assumptions,
      skippedRows: end.skippedRows,
      waiting: end.waiting,
      partial: end.partial,
      hash: end.hash,
      virtual: {
        startSeconds: totals.start / 1e6,
        endSeconds: microsToSeconds(end.at),
        spanSeconds: microsToSeconds(span),
      },
      timing: end.timing,
      cluster: clusterTotals(description),
      counts: {
        jobs: totals.jobCounts(),
        tasks: totals.taskCounts(),
        offers: {
          made: sample?.offersMade ?? 0,
          accepted: sample?.offersAccepted ?? 0,
          declined: sample?.offersDeclined ?? 0,
          rescinded: sample?.offersRescinded ?? 0,
          timedOut: sample?.offersTimedOut ?? 0,
        },
        declinersPassedOver: sample?.declinersPassedOver ?? 0,
        allocationRuns: sample?.allocationRuns ?? 0,
        masterSteps: sample?.masterSteps ?? 0,
        faults: totals.faults,
        faultKinds: totals.faultKinds,
        samples: totals.samples,
      },
      wait: distributionOf(totals.all.wait),
      slowdown: distributionOf(totals.all.slowdown),
      boundedSlowdown: distributionOf(totals.all.boundedSlowdown),
      comparison:
        end.otherTiming === null ? null : compareTimings(totals.all.summary(), roles, end.otherTiming),
      utilisation: totals.cluster.utilisation(),
      makespanSeconds: totals.makespan === null ? null : totals.makespan / 1e6,
      fairness: { deviationMean: meanDeviation(roles) },
      roles,
      users: totals.userSummaries(),
      tables: this.#tables.facts(),
    };
  }
}

/** The same roles' jobs in the other run. */
function groupsOf(waits: WaitCollector, groups: readonly NamedGroup[]): NamedGroup[] {
  return groups.flatMap(({ role }) => {
    const jobs = role === null ? waits.all : waits.jobsOf(role);
    return jobs === null ? [] : [{ role, jobs }];
  });
}

/** What the cluster's machines have when all are there. */
function clusterTotals(description: RunDescription): ClusterTotals {
  let cpus = 0;
  let mem = 0;
  let gpus = 0;
  let disk = 0;
  for (const machine of description.machines) {
    cpus += machine.cpus;
    mem += machine.mem;
    gpus += machine.gpus;
    disk += machine.disk;
  }
  return {
    machines: description.machines.length,
    cpus: cpus / 1_000,
    mem: mem / 1_000,
    gpus: gpus / 1_000,
    disk: disk / 1_000,
  };
}
