import { join } from 'node:path';
import type { ClusterSample, FaultRecord, JobOutcome, TaskOutcome } from '../../engine/workload/index.ts';
import type { MachineFacts } from '../run-facts.ts';
import type { MachineLedger } from '../statistics/machine-ledger.ts';
import type { JobGroup } from '../statistics/job-group.ts';
import type { TableFacts, TableName } from '../summary.ts';
import { CsvSink } from './csv-sink.ts';
import { DISTRIBUTION_COLUMNS, writeDistribution } from './distribution-table.ts';
import { FAULT_COLUMNS, writeFault } from './fault-table.ts';
import { JOB_COLUMNS, writeJob } from './job-table.ts';
import { MACHINE_COLUMNS, writeMachines } from './machine-table.ts';
import { ROLE_COLUMNS, writeRoles } from './role-table.ts';
import { SAMPLE_COLUMNS, writeSample } from './sample-table.ts';
import { TASK_COLUMNS, writeTask } from './task-table.ts';

/** The name of a table's file. */
export function tableFile(table: TableName): string {
  return `${table}.csv`;
}

/** Jobs of a role; of all roles if `role` is null. */
export interface NamedGroup {
  readonly role: string | null;
  readonly jobs: JobGroup;
}

/** The tables of a result folder while it is written. */
export class FolderTables {
  readonly #folder: string;
  readonly #jobs: CsvSink;
  readonly #tasks: CsvSink | null;
  readonly #samples: CsvSink;
  readonly #roles: CsvSink;
  readonly #faults: CsvSink;
  readonly #sinks = new Map<TableName, CsvSink>();

  /** Throws if a file cannot be made; what was opened before is closed. */
  constructor(folder: string, tasks: boolean) {
    this.#folder = folder;
    try {
      this.#jobs = this.#create('jobs', JOB_COLUMNS);
      this.#tasks = tasks ? this.#create('tasks', TASK_COLUMNS) : null;
      this.#samples = this.#create('timeseries', SAMPLE_COLUMNS);
      this.#roles = this.#create('roles', ROLE_COLUMNS);
      this.#faults = this.#create('faults', FAULT_COLUMNS);
    } catch (cause) {
      this.discard();
      throw cause;
    }
  }

  addJob(job: JobOutcome): void {
    writeJob(this.#jobs, job);
  }

  addTask(task: TaskOutcome, machines: readonly MachineFacts[]): void {
    if (this.#tasks !== null) writeTask(this.#tasks, task, machines);
  }

  addSample(sample: ClusterSample): void {
    writeSample(this.#samples, sample);
    writeRoles(this.#roles, sample);
  }

  addFault(fault: FaultRecord): void {
    writeFault(this.#faults, fault);
  }

  /**
   * Writes the tables that are known only at the end, and closes all. Machines' downtime is counted up to `end`, µs.
   *
   * @param others the groups of the run with the other timing; null if there was none
   */
  close(
    ledger: MachineLedger,
    groups: readonly NamedGroup[],
    others: readonly NamedGroup[] | null,
    end: number,
  ): void {
    writeMachines(this.#create('machines', MACHINE_COLUMNS), ledger, end);
    const distributions = this.#create('distributions', DISTRIBUTION_COLUMNS);
    for (const { role, jobs } of groups) {
      writeDistribution(distributions, 'wait', role, jobs.wait);
      writeDistribution(distributions, 'slowdown', role, jobs.slowdown);
      writeDistribution(distributions, 'bounded_slowdown', role, jobs.boundedSlowdown);
    }
    if (others !== null) {
      const comparison = this.#create('comparison', DISTRIBUTION_COLUMNS);
      for (const { role, jobs } of others) writeDistribution(comparison, 'wait', role, jobs.wait);
    }
    for (const sink of this.#sinks.values()) sink.close();
  }

  /** Closes all files without caring for their contents. */
  discard(): void {
    for (const sink of this.#sinks.values()) sink.discard();
  }

  facts(): Record<TableName, TableFacts | null> {
    return {
      jobs: this.#factsOf('jobs'),
      tasks: this.#factsOf('tasks'),
      machines: this.#factsOf('machines'),
      timeseries: this.#factsOf('timeseries'),
      roles: this.#factsOf('roles'),
      faults: this.#factsOf('faults'),
      distributions: this.#factsOf('distributions'),
      comparison: this.#factsOf('comparison'),
    };
  }

  #create(table: TableName, columns: readonly string[]): CsvSink {
    const sink = new CsvSink(join(this.#folder, tableFile(table)), columns);
    this.#sinks.set(table, sink);
    return sink;
  }

  #factsOf(table: TableName): TableFacts | null {
    const sink = this.#sinks.get(table);
    return sink === undefined ? null : { file: sink.name, rows: sink.rows };
  }
}
