import type { Distribution, RoleSummary, Summary } from './summary.ts';
import type { TimingComparison, WaitPair } from './timing-comparison.ts';
import {
  formatCount,
  formatDuration,
  formatInstant,
  formatMebibytes,
  formatNumber,
  formatPercent,
  formatPlural,
  formatSignedDuration,
} from './units.ts';

/** Roles that the terminal lists: the report has all. */
const ROLES_LISTED = 12;

/** A run in plain lines for a terminal of 100 columns or more. */
export function printSummary(summary: Summary): string[] {
  const { counts, timing, virtual } = summary;
  const partial = summary.partial ? ` (partial: stopped at ${formatInstant(virtual.endSeconds)})` : '';
  const facts: [string, string][] = [
    ['run', `${summary.name}, seed ${summary.seed}${partial}`],
    ['cluster', `${formatPlural(summary.cluster.machines, 'machine', 'machines')}, ${capacityText(summary)}`],
    ['virtual time', formatDuration(virtual.spanSeconds)],
    [
      'computed in',
      `${formatDuration(timing.wallSeconds)} (${formatDuration(timing.cpuSeconds)} CPU, ${formatMebibytes(timing.peakRssBytes / 1_048_576)})`,
    ],
    ['jobs', countsText(counts.jobs.total, counts.jobs.byState)],
    [
      'attempts',
      `${countsText(counts.tasks.attempts, counts.tasks.byState)}; ${formatPlural(counts.tasks.retries, 'retry', 'retries')}`,
    ],
    [
      'offers',
      `${formatCount(counts.offers.made)} made, ${formatCount(counts.offers.accepted)} accepted, ${formatCount(counts.offers.declined)} declined, ${formatCount(counts.offers.rescinded)} rescinded (${formatCount(counts.offers.timedOut)} timed out)`,
    ],
    [
      'work',
      `${formatPlural(counts.allocationRuns, 'allocation run', 'allocation runs')}, ${formatPlural(counts.masterSteps, 'master step', 'master steps')}, ${formatPlural(counts.faults, 'fault', 'faults')}`,
    ],

    ['utilisation', utilisationText(summary)],
    ['wait', distributionText(summary.wait, formatDuration)],
    ['slowdown', distributionText(summary.slowdown, formatNumber)],
    ['bounded slowdown', distributionText(summary.boundedSlowdown, formatNumber)],
  ];
  if (counts.declinersPassedOver > 0) {
    facts.push([
      'passed over',
      formatPlural(counts.declinersPassedOver, 'time a decliner', 'times decliners'),
    ]);
  }
  if (summary.makespanSeconds !== null) {
    facts.push(['makespan', formatInstant(Math.round(summary.makespanSeconds))]);
  }
  if (summary.skippedRows.count > 0) facts.push(['rows left out', formatCount(summary.skippedRows.count)]);
  facts.push(['run hash', summary.hash]);
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  if (summary.comparison !== null) lines.push('', ...comparisonLines(summary.comparison));
  return summary.roles.length === 0 ? lines : [...lines, '', ...roleLines(summary.roles)];
}

function capacityText(summary: Summary): string {
  const { cpus, mem, gpus } = summary.cluster;
  const parts = [formatPlural(cpus, 'core', 'cores'), formatMebibytes(mem)];
  if (gpus > 0) parts.push(formatPlural(gpus, 'GPU', 'GPUs'));
  return parts.join(', ');
}

/** `1,234: 1,200 finished, 34 failed`, leaving zeros out. */
function countsText(total: number, byState: Readonly<Record<string, number>>): string {
  const parts: string[] = [];
  for (const [state, count] of Object.entries(byState)) {
    const name = state
      .replace(/^TASK_/, '')
      .toLowerCase()
      .replaceAll('_', ' ');
    if (count > 0) parts.push(`${formatCount(count)} ${name}`);
  }
  return parts.length === 0 ? formatCount(total) : `${formatCount(total)}: ${parts.join(', ')}`;
}

function utilisationText(summary: Summary): string {
  const parts: string[] = [];
  for (const [kind, mean] of Object.entries(summary.utilisation) as [string, number | null][]) {
    if (mean !== null) parts.push(`${kind} ${formatPercent(mean)}`);
  }
  return parts.length === 0 ? 'not sampled' : `${parts.join(', ')} (means over time)`;
}

function distributionText(distribution: Distribution, format: (value: number) => string): string {
  if (distribution.count === 0) return 'no job';
  const { mean, p50, p90, p95, p99, max } = distribution;
  return `mean ${format(mean)}, p50 ${format(p50)}, p90 ${format(p90)}, p95 ${format(p95)}, p99 ${format(p99)}, max ${format(max)}`;
}

function roleLines(roles: readonly RoleSummary[]): string[] {
  const hasGpus = roles.some((role) => role.gpuHours > 0);
  const head = ['role', 'jobs', 'finished', 'wait p50', 'wait p95', 'slowdown p95', 'cpu h'];
  if (hasGpus) head.push('gpu h');
  head.push('share', 'fair');
  const rows = roles.slice(0, ROLES_LISTED).map((role) => {
    const { wait, boundedSlowdown, share } = role;
    const cells = [
      role.role,
      formatCount(role.jobs),
      formatCount(role.finished),
      wait.count === 0 ? '-' : formatDuration(wait.p50),
      wait.count === 0 ? '-' : formatDuration(wait.p95),
      boundedSlowdown.count === 0 ? '-' : formatNumber(boundedSlowdown.p95),
      formatNumber(role.cpuHours),
    ];
    if (hasGpus) cells.push(formatNumber(role.gpuHours));
    cells.push(formatPercent(share.dominantMean), formatPercent(share.fairMean));
    return cells;
  });
  const lines = aligned([head, ...rows]);
  const hidden = roles.length - rows.length;
  if (hidden > 0) lines.push(`and ${formatPlural(hidden, 'other role', 'other roles')}`);
  return lines;
}

/** Waits under both timings, and what they differ by. */
function comparisonLines(comparison: TimingComparison): string[] {
  const { timing, otherTiming, otherHash, otherPartial, otherEndSeconds, all, roles } = comparison;
  const figures = ['mean', 'p50', 'p95'] as const;
  const head = ['wait', ...figures.flatMap((figure) => [`${figure} ${timing}`, otherTiming, 'difference'])];
  const row = (name: string, { wait, otherWait, difference }: WaitPair): string[] => [
    name,
    ...figures.flatMap((figure) => [
      wait.count === 0 ? '-' : formatDuration(wait[figure]),
      otherWait.count === 0 ? '-' : formatDuration(otherWait[figure]),
      difference === null ? '-' : formatSignedDuration(difference[figure]),
    ]),
  ];
  const shown = roles.slice(0, ROLES_LISTED);
  const lines = aligned([head, row('all jobs', all), ...shown.map((pair) => row(pair.role, pair))]);
  lines.push(`with timing ${otherTiming}: run hash ${otherHash}`);
  if (otherPartial) lines.push(`stopped at ${formatInstant(otherEndSeconds)}: the two are not alike`);
  return lines;
}

/** The first column to the left, all others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
