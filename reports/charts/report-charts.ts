import type { Summary } from '../summary.ts';
import type { TimingComparison, WaitPair } from '../timing-comparison.ts';
import type { DistributionRow } from '../tables/distribution-table.ts';
import type { SampleColumn } from '../tables/sample-table.ts';
import { formatCount, formatDuration, formatNumber, formatPercent, formatSignedDuration } from '../units.ts';
import { type ChartCard, legendOf } from './chart-card.ts';
import type { ChartColour, ChartSpec, CurveSeries, TimeChart, TimeSeries } from './chart-spec.ts';
import type { RoleSeries, RunSeries } from './run-series.ts';

/** Places in the palette of what is not a role. */
const BLUE = 0;
const ORANGE = 1;
const GREEN = 2;
const RED = 3;

/** The report's charts by section. A section without data has no card. */
export interface ReportCards {
  readonly utilisation: readonly ChartCard[];
  readonly shares: readonly ChartCard[];
  readonly queue: readonly ChartCard[];
  readonly distributions: readonly ChartCard[];
  readonly timings: readonly ChartCard[];
  readonly offers: readonly ChartCard[];
  readonly failures: readonly ChartCard[];
  readonly cycles: readonly ChartCard[];
}

/** Smallest time that a logarithmic axis shows, s: what is below is drawn there. */
const WAIT_FLOOR = 1e-3;

export function reportCards(summary: Summary, series: RunSeries): ReportCards {
  const sampled = series.times.length > 0;
  return {
    utilisation: sampled ? utilisationCards(summary, series) : [],
    shares: sampled ? shareCards(summary, series) : [],
    queue: sampled ? queueCards(series) : [],
    distributions: distributionCards(summary, series),
    timings: summary.comparison === null ? [] : timingCards(summary.comparison, series),
    offers: sampled ? offerCards(summary, series) : [],
    failures: failureCards(summary, series),
    cycles: sampled ? cycleCards(summary, series) : [],
  };
}

interface Kind {
  readonly title: string;
  readonly prefix: 'cpus' | 'mem_mib' | 'gpus' | 'disk_mib';
  readonly key: 'cpus' | 'mem' | 'gpus' | 'disk';
  readonly unit: string;
  readonly isMebibytes: boolean;
}

const KINDS: readonly Kind[] = [
  { title: 'CPU', prefix: 'cpus', key: 'cpus', unit: 'cores', isMebibytes: false },
  { title: 'Memory', prefix: 'mem_mib', key: 'mem', unit: 'MiB', isMebibytes: true },
  { title: 'GPU', prefix: 'gpus', key: 'gpus', unit: 'GPUs', isMebibytes: false },
  { title: 'Disk', prefix: 'disk_mib', key: 'disk', unit: 'MiB', isMebibytes: true },
];

/** One chart per kind that the cluster has. */
function utilisationCards(summary: Summary, series: RunSeries): ChartCard[] {
  const cards: ChartCard[] = [];
  for (const kind of KINDS) {
    const total = series.column(`${kind.prefix}_total`);
    const largest = maxOf(total);
    if (largest === 0) continue;
    const { unit, divisor } = kind.isMebibytes ? mebibyteUnit(largest) : { unit: kind.unit, divisor: 1 };
    const scaled = (column: SampleColumn): number[] => series.column(column).map((value) => value / divisor);
    const mean = summary.utilisation[kind.key];
    cards.push(
      card(kind.title, `${unit} · mean ${mean === null ? '–' : formatPercent(mean)} allocated`, {
        kind: 'time',
        id: `utilisation-${kind.key}`,
        unit: ` ${unit}`,
        averaged: false,
        ceiling: null,
        series: [
          {
            name: 'allocated',
            values: scaled(`${kind.prefix}_allocated`),
            style: 'stacked',
            colour: BLUE,
          },
          { name: 'offered', values: scaled(`${kind.prefix}_offered`), style: 'stacked', colour: ORANGE },
          { name: 'total', values: scaled(`${kind.prefix}_total`), style: 'line', colour: 'ink' },
        ],
      }),
    );
  }
  return cards;
}

function mebibyteUnit(largest: number): { unit: string; divisor: number } {
  if (largest >= 1_048_576) return { unit: 'TiB', divisor: 1_048_576 };
  if (largest >= 1_024) return { unit: 'GiB', divisor: 1_024 };
  return { unit: 'MiB', divisor: 1 };
}

/** One small chart per role, all with one scale. */
function shareCards(summary: Summary, series: RunSeries): ChartCard[] {
  const shown = series.otherRoles === null ? series.roles : [...series.roles, series.otherRoles];
  let ceiling = 0;
  for (const role of shown) ceiling = Math.max(ceiling, maxOf(role.dominant), maxOf(role.fair));
  return shown.map((role, place) => {
    const share = summary.roles.find((entry) => entry.role === role.role)?.share;
    const note =
      share === undefined
        ? 'sum of their shares'
        : `mean ${formatPercent(share.dominantMean)}, fair ${formatPercent(share.fairMean)}`;
    return { title: role.role, note, legend: [], spec: shareChart(series, role, place, ceiling) };
  });
}

function shareChart(series: RunSeries, role: RoleSeries, place: number, ceiling: number): TimeChart {
  const percent = (values: readonly number[]): number[] => values.map((value) => value * 100);
  return {
    kind: 'time',
    id: `share-${place}`,
    unit: ' %',
    averaged: false,
    ceiling: ceiling * 100,
    series: [
      {
        name: 'dominant share',
        values: percent(role.dominant),
        style: 'area',
        colour: role === series.otherRoles ? 'muted' : place,
      },
      { name: 'fair share', values: percent(role.fair), style: 'line', colour: 'ink' },
    ],
  };
}

function queueCards(series: RunSeries): ChartCard[] {
  return [
    levelCard(series, 'Tasks running', 'tasks_running', BLUE),
    card('Queue', 'waiting to be launched', {
      kind: 'time',
      id: 'queue',
      unit: '',
      averaged: false,
      ceiling: null,
      series: [
        { name: 'tasks', values: series.column('tasks_queued'), style: 'area', colour: ORANGE },
        { name: 'jobs', values: series.column('jobs_queued'), style: 'line', colour: BLUE },
      ],
    }),
  ];
}

/** Wait and bounded slowdown: all jobs, and the roles that have a chart of their own. */
function distributionCards(summary: Summary, series: RunSeries): ChartCard[] {
  const cards: ChartCard[] = [];
  const wait = curves(series, 'wait', WAIT_FLOOR);
  if (wait.length > 0) {
    const note = `${formatCount(summary.wait.count)} jobs · median ${formatDuration(summary.wait.p50)}`;
    cards.push(card('Wait', note, { kind: 'curve', id: 'wait', unit: 'duration', series: wait }));
  }
  const measures = [
    ['Slowdown', 'slowdown', summary.slowdown],
    ['Bounded slowdown', 'bounded_slowdown', summary.boundedSlowdown],
  ] as const;
  for (const [title, measure, distribution] of measures) {
    const drawn = curves(series, measure, Number.MIN_VALUE);
    if (drawn.length === 0) continue;
    const note = `${formatCount(distribution.count)} jobs · median ${formatNumber(distribution.p50)}`;
    cards.push(card(title, note, { kind: 'curve', id: measure, unit: 'ratio', series: drawn }));
  }
  return cards;
}

/** Waits under both timings: all jobs, and the roles with the largest shares, of each role one chart. */
function timingCards(comparison: TimingComparison, series: RunSeries): ChartCard[] {
  const own = stepsByRole(series.distributions, 'wait');
  const other = stepsByRole(series.comparison, 'wait');
  const cards: ChartCard[] = [];
  const add = (title: string, role: string | null, pair: WaitPair | undefined): void => {
    const drawn = [
      ...curve(comparison.timing, own.get(role), WAIT_FLOOR, BLUE),
      ...curve(comparison.otherTiming, other.get(role), WAIT_FLOOR, ORANGE),
    ];
    if (drawn.length === 0) return;
    const difference = pair?.difference ?? null;
    const note = difference === null ? '' : `median ${formatSignedDuration(difference.p50)}`;
    cards.push(
      card(title, note, { kind: 'curve', id: `timing-${cards.length}`, unit: 'duration', series: drawn }),
    );
  };
  if (series.roles.length !== 1) add('All jobs', null, comparison.all);
  for (const { role } of series.roles) {
    add(
      role,
      role,
      comparison.roles.find((pair) => pair.role === role),
    );
  }
  return cards;
}

function stepsByRole(
  rows: readonly DistributionRow[],
  measure: string,
): Map<string | null, DistributionRow[]> {
  const stepsOf = new Map<string | null, DistributionRow[]>();
  for (const row of rows) {
    if (row.measure !== measure) continue;
    const steps = stepsOf.get(row.role);
    if (steps === undefined) stepsOf.set(row.role, [row]);
    else steps.push(row);
  }
  return stepsOf;
}

/** None without jobs. */
function curve(
  name: string,
  steps: readonly DistributionRow[] | undefined,
  floor: number,
  colour: ChartColour,
): CurveSeries[] {
  const total = steps?.at(-1)?.jobs ?? 0;
  if (steps === undefined || total === 0) return [];
  return [
    {
      name,
      values: steps.map((step) => Math.max(floor, step.upTo)),
      percent: steps.map((step) => (step.jobs / total) * 100),
      colour,
    },
  ];
}

function curves(series: RunSeries, measure: string, floor: number): CurveSeries[] {
  const stepsOf = stepsByRole(series.distributions, measure);
  const drawn: CurveSeries[] = [];
  const draw = (name: string, role: string | null, colour: ChartColour): void => {
    drawn.push(...curve(name, stepsOf.get(role), floor, colour));
  };
  if (series.roles.length !== 1) draw('all jobs', null, 'ink');
  series.roles.forEach((role, place) => draw(role.role, role.role, place));
  return drawn;
}

function offerCards(summary: Summary, series: RunSeries): ChartCard[] {
  const { offers } = summary.counts;
  return [
    rateCard(series, 'Offers made', 'offers_made', offers.made, BLUE),
    rateCard(series, 'Offers accepted', 'offers_accepted', offers.accepted, GREEN),
    rateCard(series, 'Offers declined', 'offers_declined', offers.declined, ORANGE),
    rateCard(series, 'Offers rescinded', 'offers_rescinded', offers.rescinded, RED),
  ];
}

/** Failures are drawn where there are any; the fleet's size beside them shows what faults did to it. */
function failureCards(summary: Summary, series: RunSeries): ChartCard[] {
  const cards: ChartCard[] = [];
  const { attempts, byState } = summary.counts.tasks;
  const failed = attempts - (byState['TASK_FINISHED'] ?? 0);
  if (series.times.length > 0) {
    const agents = series.column('agents');
    if (failed > 0) cards.push(rateCard(series, 'Tasks failed', 'tasks_failed', failed, RED));
    if (failed > 0 || summary.counts.faults > 0 || minOf(agents) !== maxOf(agents)) {
      cards.push(levelCard(series, 'Agents registered', 'agents', GREEN));
    }
  }
  if (series.faults.kinds.length > 0) {
    cards.push({
      title: 'Faults and changes of the fleet',
      note: formatCount(summary.counts.faults),
      legend: [],
      spec: {
        kind: 'lanes',
        id: 'faults',
        lanes: series.faults.kinds.map(spacedWords),
        marks: series.faults.marks(),
      },
    });
  }
  return cards;
}

/** `agentCrash` as `agent crash`. */
function spacedWords(name: string): string {
  return name.replace(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
}

function cycleCards(summary: Summary, series: RunSeries): ChartCard[] {
  return [
    rateCard(series, 'Allocation runs', 'allocation_runs', summary.counts.allocationRuns, BLUE),
    rateCard(series, 'Master steps', 'master_steps', summary.counts.masterSteps, GREEN),
  ];
}

function levelCard(series: RunSeries, title: string, column: SampleColumn, colour: ChartColour): ChartCard {
  const values = series.column(column);
  return card(title, `largest ${formatCount(maxOf(values))}`, {
    kind: 'time',
    id: column,
    unit: '',
    averaged: false,
    ceiling: null,
    series: [{ name: title.toLowerCase(), values, style: 'area', colour }],
  });
}

/** How fast a running total grows, in a unit of time that makes most values more than one. */
function rateCard(
  series: RunSeries,
  title: string,
  column: SampleColumn,
  total: number,
  colour: ChartColour,
): ChartCard {
  const [unit, seconds] = rateUnit(total / Math.max(1, series.spanSeconds));
  const scale = series.intervalSeconds === 0 ? 1 : seconds / series.intervalSeconds;
  const values = series.growth(column).map((growth) => growth * scale);
  const drawn: TimeSeries = { name: title.toLowerCase(), values, style: 'area', colour };
  return card(title, `per ${unit} · ${formatCount(total)} in all`, {
    kind: 'time',
    id: column,
    unit: ` per ${unit}`,
    averaged: true,
    ceiling: null,
    series: [drawn],
  });
}

function rateUnit(perSecond: number): readonly [string, number] {
  if (perSecond >= 1) return ['second', 1];
  if (perSecond >= 1 / 60) return ['minute', 60];
  return ['hour', 3_600];
}

function card(title: string, note: string, spec: ChartSpec): ChartCard {
  return { title, note, legend: legendOf(spec), spec };
}

function maxOf(values: readonly number[]): number {
  let largest = 0;
  for (const value of values) if (value > largest) largest = value;
  return largest;
}

function minOf(values: readonly number[]): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const value of values) if (value < smallest) smallest = value;
  return smallest;
}
