import { join } from 'node:path';
import { err, ok, type Result } from '../../engine/core/index.ts';
import type { ReportError } from '../report-error.ts';
import { MergedSeries, type MergeRule } from '../statistics/merged-series.ts';
import { rolesByShare, type Summary, type TableName } from '../summary.ts';
import { type CsvRow, readCsvRows } from '../tables/csv-rows.ts';
import {
  DISTRIBUTION_COLUMNS,
  type DistributionRow,
  readDistribution,
} from '../tables/distribution-table.ts';
import { FAULT_COLUMNS, readFault } from '../tables/fault-table.ts';
import { tableFile } from '../tables/folder-tables.ts';
import { readRole, ROLE_COLUMNS } from '../tables/role-table.ts';
import { isRunningTotal, readSample, SAMPLE_COLUMNS, type SampleColumn } from '../tables/sample-table.ts';
import { formatPlural } from '../units.ts';
import { FaultMarks } from './fault-marks.ts';

/** Points that a chart's series has at most. */
export const POINTS_MAX = 2_000;
/** Roles that have a chart of their own; all others share one. */
export const ROLES_SHOWN = 8;

/** A role's shares over time, one entry per point. */
export interface RoleSeries {
  readonly role: string;
  readonly dominant: readonly number[];
  readonly fair: readonly number[];
}

/** What the charts are made of, read from a result folder and merged to a size that a page can show. */
export interface RunSeries {
  /** When each point begins, s. */
  readonly times: readonly number[];
  /** The time that a point stands for, s; 0 with fewer than two points. */
  readonly intervalSeconds: number;
  /** From the first sample to the end of the run, s. */
  readonly spanSeconds: number;
  /** A column of levels: means over a point's time. */
  column(name: SampleColumn): readonly number[];
  /** What a column of running totals grew by in each point's time. */
  growth(name: SampleColumn): readonly number[];
  readonly roles: readonly RoleSeries[];
  /** The sum of all other roles' shares; null if there are none. */
  readonly otherRoles: RoleSeries | null;
  readonly faults: FaultMarks;
  readonly distributions: readonly DistributionRow[];
  /** Of the run with the other timing; empty if there was none. */
  readonly comparison: readonly DistributionRow[];
}

/** Reads the tables that the report draws. Refuses a damaged one with file and line. */
export function readRunSeries(folder: string, summary: Summary): Result<RunSeries, ReportError> {
  const samples = readSamples(folder, summary);
  if (!samples.ok) return samples;
  const roles = readRoles(folder, summary, samples.value.instants);
  if (!roles.ok) return roles;
  const faults = new FaultMarks(summary.virtual.startSeconds, summary.virtual.endSeconds);
  const faultRows = readTable(folder, summary, 'faults', FAULT_COLUMNS, (row) => faults.add(readFault(row)));
  if (!faultRows.ok) return faultRows;
  const distributions: DistributionRow[] = [];
  const distributionRows = readTable(folder, summary, 'distributions', DISTRIBUTION_COLUMNS, (row) => {
    distributions.push(readDistribution(row));
  });
  if (!distributionRows.ok) return distributionRows;
  const comparison: DistributionRow[] = [];
  if (summary.comparison !== null) {
    const comparisonRows = readTable(folder, summary, 'comparison', DISTRIBUTION_COLUMNS, (row) => {
      comparison.push(readDistribution(row));
    });
    if (!comparisonRows.ok) return comparisonRows;
  }

  const { series } = samples.value;
  const times = series.starts();
  return ok({
    times,
    intervalSeconds: times.length < 2 ? 0 : times[1]! - times[0]!,
    spanSeconds: summary.virtual.endSeconds - (times[0] ?? summary.virtual.endSeconds),
    column: (name) => series.column(SAMPLE_COLUMNS.indexOf(name)),
    growth: (name) => series.growth(SAMPLE_COLUMNS.indexOf(name)),
    ...roles.value,
    faults,
    distributions,
    comparison,
  });
}

interface Samples {
  readonly series: MergedSeries;
  /** Of every sample, s. */
  readonly instants: readonly number[];
}

function readSamples(folder: string, summary: Summary): Result<Samples, ReportError> {
  const rules = SAMPLE_COLUMNS.map((_, column) => (isRunningTotal(column) ? 'first' : 'mean'));
  const series = new MergedSeries(rules, POINTS_MAX);
  const values = new Float64Array(SAMPLE_COLUMNS.length);
  const instants: number[] = [];
  const read = readTable(folder, summary, 'timeseries', SAMPLE_COLUMNS, (row) => {
    readSample(row, values);
    const at = values[0]!;
    const last = instants.at(-1) ?? -1;
    if (at < last) row.problem ??= `at_s: instants ascend, found ${at} after ${last}`;
    instants.push(at);
    series.push(at, values);
  });
  return read.ok ? ok({ series, instants }) : read;
}

/** Shares of the roles with the largest mean share, and the sum of the others', at the instants of the samples. */
function readRoles(
  folder: string,
  summary: Summary,
  instants: readonly number[],
): Result<Pick<RunSeries, 'roles' | 'otherRoles'>, ReportError> {
  const shown = rolesByShare(summary.roles).slice(0, ROLES_SHOWN);
  const placeOf = new Map(shown.map((role, place) => [role.role, place]));
  const others = shown.length;
  const columns = 2 * (others + 1);
  const series = new MergedSeries(Array<MergeRule>(columns).fill('mean'), POINTS_MAX);
  const values = new Float64Array(columns);
  let sample = 0;
  const endSample = (): void => {
    series.push(instants[sample]!, values);
    values.fill(0);
    sample++;
  };
  const read = readTable(folder, summary, 'roles', ROLE_COLUMNS, (csvRow) => {
    const row = readRole(csvRow);
    while (sample < instants.length && instants[sample]! < row.atSeconds) endSample();
    if (instants[sample] !== row.atSeconds) {
      csvRow.problem ??= `at_s: an instant of the time series is expected, found ${row.atSeconds}`;
    }
    const place = placeOf.get(row.role) ?? others;
    values[2 * place]! += row.dominantShare;
    values[2 * place + 1]! += row.fairShare;
  });
  if (!read.ok) return read;
  while (sample < instants.length) endSample();

  const seriesOf = (role: string, place: number): RoleSeries => ({
    role,
    dominant: series.column(2 * place),
    fair: series.column(2 * place + 1),
  });
  const hidden = summary.roles.length - shown.length;
  return ok({
    roles: shown.map((role, place) => seriesOf(role.role, place)),
    otherRoles: hidden === 0 ? null : seriesOf(formatPlural(hidden, 'other role', 'other roles'), others),
  });
}

/** Reads a table and holds its number of rows against the summary's: a file cut off between two lines is noticed. */
function readTable(
  folder: string,
  summary: Summary,
  table: TableName,
  columns: readonly string[],
  take: (row: CsvRow) => void,
): Result<number, ReportError> {
  const path = join(folder, tableFile(table));
  const read = readCsvRows(path, columns, take);
  if (!read.ok) return read;
  const expected = summary.tables[table]?.rows ?? 0;
  if (read.value === expected) return read;
  const message = `${expected} rows are expected, found ${read.value}`;
  return err({ code: 'DAMAGED_FILE', path, line: read.value + 2, message });
}
