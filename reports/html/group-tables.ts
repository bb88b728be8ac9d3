import type { Distribution, GroupSummary, RoleSummary, Summary } from '../summary.ts';
import { formatCount, formatDuration, formatNumber, formatPercent } from '../units.ts';
import { EMPTY, type Html, html } from './html.ts';

/** Rows that a table shows at most; the summary has all roles. */
const ROWS_MAX = 500;

interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => number;
  readonly text: (value: number) => string;
}

/** Columns under one heading. */
export interface ColumnGroup<Row> {
  readonly title: string;
  readonly columns: readonly Column<Row>[];
}

export function roleTable(summary: Summary): Html {
  const { roles } = summary;
  if (roles.length === 0) return html`<p class="empty">There is nothing to list.</p>`;
  const shown = roles.slice(0, ROWS_MAX);
  const more =
    shown.length === roles.length
      ? EMPTY
      : html`<p class="about">The ${shown.length} roles with the most jobs; all ${formatCount(roles.length)} are in summary.json.</p>`;
  const groups = roleColumns(roles);
  const rows = shown.map((role) => tableRow(role.role, role, groups, false));
  return html`${sortableTable('Role', groups, rows)}${more}`;
}

export function userTable(summary: Summary): Html {
  const { top, rest } = summary.users;
  const groups = groupColumns();
  const rows = top.map((user) => tableRow(user.user, user, groups, false));
  if (rest !== null) {
    const others = summary.users.total - top.length;
    const name = summary.users.capped ? 'all others' : `${formatCount(others)} others`;
    rows.push(tableRow(name, rest, groups, true));
  }
  return sortableTable('User', groups, rows);
}

/** What roles and users have in common. Columns are those of the jobs' ends and distributions. */
function groupColumns(): ColumnGroup<GroupSummary>[] {
  return [
    {
      title: 'Jobs',
      columns: [
        { title: 'all', value: (row) => row.jobs, text: formatCount },
        { title: 'finished', value: (row) => row.finished, text: formatCount },
        { title: 'failed', value: (row) => row.failed, text: formatCount },
        { title: 'refused', value: (row) => row.refused, text: formatCount },
        { title: 'unfinished', value: (row) => row.unfinished, text: formatCount },
      ],
    },
    {
      title: 'Tasks',
      columns: [
        { title: 'all', value: (row) => row.tasks, text: formatCount },
        { title: 'retries', value: (row) => row.retries, text: formatCount },
      ],
    },
    { title: 'Wait', columns: quantileColumns((row) => row.wait, formatDuration) },
    { title: 'Bounded slowdown', columns: quantileColumns((row) => row.boundedSlowdown, formatNumber) },
  ];
}

function quantileColumns(
  of: (row: GroupSummary) => Distribution,
  text: (value: number) => string,
): Column<GroupSummary>[] {
  return [
    { title: 'mean', value: (row) => known(of(row), of(row).mean), text },
    { title: 'p50', value: (row) => known(of(row), of(row).p50), text },
    { title: 'p95', value: (row) => known(of(row), of(row).p95), text },
    { title: 'p99', value: (row) => known(of(row), of(row).p99), text },
    { title: 'max', value: (row) => known(of(row), of(row).max), text },
  ];
}

/** NaN where nothing was measured: shown as a dash. */
function known(distribution: Distribution, value: number): number {
  return distribution.count === 0 ? Number.NaN : value;
}

function roleColumns(roles: readonly RoleSummary[]): ColumnGroup<RoleSummary>[] {
  const hours: Column<RoleSummary>[] = [
    { title: 'CPU', value: (row) => row.cpuHours, text: formatNumber },
    { title: 'CPU lost', value: (row) => row.cpuHoursLost, text: formatNumber },
    { title: 'GiB', value: (row) => row.memGibHours, text: formatNumber },
  ];
  if (roles.some((role) => role.gpuHours > 0)) {
    hours.push(
      { title: 'GPU', value: (row) => row.gpuHours, text: formatNumber },
      { title: 'GPU lost', value: (row) => row.gpuHoursLost, text: formatNumber },
    );
  }
  return [
    ...groupColumns(),
    { title: 'Hours', columns: hours },
    {
      title: 'Share, mean',
      columns: [
        { title: 'dominant', value: (row) => row.share.dominantMean, text: formatPercent },
        { title: 'fair', value: (row) => row.share.fairMean, text: formatPercent },
        { title: 'distance', value: (row) => row.share.deviationMean, text: formatPercent },
      ],
    },
  ];
}

/** A table that a click on a column's head sorts. */
export function sortableTable<Row>(
  name: string,
  groups: readonly ColumnGroup<Row>[],
  rows: readonly Html[],
): Html {
  const heads = groups.flatMap((group) =>
    group.columns.map((column, place) => sortHead(column.title, startsGroup(place))),
  );
  return html`<div class="table"><table>
<thead>
<tr class="groups"><th></th>${groups.map((group) => html`<th class="start" colspan="${group.columns.length}" scope="colgroup">${group.title}</th>`)}</tr>
<tr>${sortHead(name, EMPTY)}${heads}</tr>
</thead>
<tbody>
${rows}</tbody>
</table></div>`;
}

/** A line parts the groups of columns. */
function startsGroup(place: number): Html {
  return place === 0 ? html` class="start"` : EMPTY;
}

function sortHead(title: string, start: Html): Html {
  return html`<th scope="col"${start} aria-sort="none"><button type="button">${title}</button></th>`;
}

/** A row of it; a rest row stays at the end however the table is sorted. NaN is shown as a dash. */
export function tableRow<Row>(
  name: string,
  row: Row,
  groups: readonly ColumnGroup<Row>[],
  isRest: boolean,
): Html {
  const cells = groups.flatMap((group) =>
    group.columns.map((column, place) => {
      const start = startsGroup(place);
      const value = column.value(row);
      if (Number.isNaN(value)) return html`<td${start} data-value="-1e15">–</td>`;
      return html`<td${start} data-value="${value}">${column.text(value)}</td>`;
    }),
  );
  return html`<tr${isRest ? html` class="rest"` : EMPTY}><td title="${name}">${name}</td>${cells}</tr>
`;
}
