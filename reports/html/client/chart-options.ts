/// <reference lib="dom" />
import type { EChartsCoreOption } from 'echarts/core';
import type {
  ChartColour,
  ChartSpec,
  CurveChart,
  CurveSeries,
  LaneChart,
  TimeChart,
  TimeSeries,
} from '../../charts/chart-spec.ts';
import type { formatCompact, formatDuration, formatInstant, formatNumber } from '../../units.ts';

/*
 * Runs in the browser. The report carries these functions as text (`CHART_FUNCTIONS`), so they use only each other, their arguments and what every
 * browser has: nothing imported, nothing else of this module.
 */

/** How the report shows numbers; the same functions as in the terminal. */
export interface Units {
  readonly formatCompact: typeof formatCompact;
  readonly formatDuration: typeof formatDuration;
  readonly formatInstant: typeof formatInstant;
  readonly formatNumber: typeof formatNumber;
}

export interface Theme {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly grid: string;
  readonly card: string;
  readonly font: string;
  readonly palette: readonly string[];
}

/** What a chart is drawn for. */
export interface DrawContext {
  readonly units: Units;
  readonly theme: Theme;
  readonly times: readonly number[];
  /** The end of the run, s: the last point's value holds until then. */
  readonly end: number;
  /** The part of the run's time that is shown, s. */
  readonly from: number;
  readonly to: number;
  /** Of the chart, px. */
  readonly width: number;
  readonly height: number;
  /** Names of series that the reader switched off. */
  readonly hidden: ReadonlySet<string>;
}

/** The chart library's options for a chart. */
export function chartOption(spec: ChartSpec, context: DrawContext): EChartsCoreOption {
  if (spec.kind === 'time') return timeOption(spec, context);
  if (spec.kind === 'curve') return curveOption(spec, context);
  return laneOption(spec, context);
}

export function timeOption(spec: TimeChart, context: DrawContext): EChartsCoreOption {
  const { theme, units } = context;
  const { times, series: all } = averagedNeighbours(spec, context);
  const shown = all.filter((series) => !context.hidden.has(series.name));
  const series = shown.map((entry) => {
    const colour = colourOf(entry.colour, theme);
    const data: [number, number | null][] = [];
    for (let point = 0; point < times.length; point++)
      data.push([times[point]!, entry.values[point] ?? null]);
    if (times.length > 0 && times[times.length - 1]! < context.end) {
      data.push([context.end, entry.values[times.length - 1] ?? null]);
    }
    const filled = entry.style === 'area' || entry.style === 'stacked';
    return {
      type: 'line',
      name: entry.name,
      data,
      step: 'end',
      symbol: 'none',
      emphasis: { disabled: true },
      color: colour,
      lineStyle: { width: entry.style === 'stacked' ? 0.8 : 1.4 },
      ...(filled ? { areaStyle: { color: colour, opacity: entry.style === 'stacked' ? 0.55 : 0.2 } } : {}),
      ...(entry.style === 'stacked' ? { stack: 'all' } : {}),
      z: entry.style === 'line' ? 4 : 3,
    };
  });
  const largest = spec.ceiling ?? largestShown(times, shown, context);
  const top = niceCeiling(largest === 0 ? 1 : largest, spec.unit === '');
  return {
    ...baseOption(context),
    grid: { left: 50, right: 14, top: 12, bottom: 26 },
    xAxis: timeAxis(context),
    yAxis: {
      type: 'value',
      min: 0,
      max: top,
      interval: context.height < 200 ? top / 2 : top / 4,
      axisLabel: {
        color: theme.muted,
        fontSize: 11,
        formatter: (value: number) => units.formatCompact(value) + (spec.unit === ' %' ? ' %' : ''),
      },
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: theme.grid } },
    },
    tooltip: {
      ...tooltipStyle(theme),
      trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: theme.muted, width: 1 } },
      formatter: (
        points: readonly { axisValue: number; seriesIndex: number; value: [number, number | null] }[],
      ) => {
        const at = points[0]?.axisValue ?? 0;
        const rows = points.map((point) => {
          const entry = shown[point.seriesIndex]!;
          const value = point.value[1];
          const text = value === null ? '–' : units.formatNumber(value) + spec.unit;
          return tipRow(colourOf(entry.colour, theme), entry.name, text);
        });
        return `<div class="tip"><b>${units.formatInstant(at)}</b>${rows.join('')}</div>`;
      },
    },
    series,
  };
}

/** The chart's points; those of an averaged chart as means over as many neighbours as bring the shown ones down to 240. */
export function averagedNeighbours(
  spec: TimeChart,
  context: DrawContext,
): { readonly times: readonly number[]; readonly series: readonly TimeSeries[] } {
  const { times, from, to } = context;
  let visible = 0;
  for (const time of times) if (time >= from && time <= to) visible++;
  const size = spec.averaged ? Math.ceil(visible / 240) : 1;
  if (size <= 1) return { times, series: spec.series };
  const means = (values: readonly (number | null)[]): number[] => {
    const merged: number[] = [];
    for (let first = 0; first < values.length; first += size) {
      const end = Math.min(first + size, values.length);
      let sum = 0;
      for (let point = first; point < end; point++) sum += values[point] ?? 0;
      merged.push(sum / (end - first));
    }
    return merged;
  };
  return {
    times: times.filter((_, point) => point % size === 0),
    series: spec.series.map((entry) => ({ ...entry, values: means(entry.values) })),
  };
}

/** The largest value within the shown time; stacked series add up. */
export function largestShown(
  times: readonly number[],
  shown: readonly TimeSeries[],
  context: DrawContext,
): number {
  let largest = 0;
  for (let point = 0; point < times.length; point++) {
    if ((times[point + 1] ?? context.end) < context.from || times[point]! > context.to) continue;
    let stacked = 0;
    for (const entry of shown) {
      const value = entry.values[point] ?? 0;
      if (entry.style === 'stacked') stacked += value;
      else largest = Math.max(largest, value);
    }
    largest = Math.max(largest, stacked);
  }
  return largest;
}

/** The smallest round number that is not less than `value`, such that its quarters are round as well; whole ones for counts. */
export function niceCeiling(value: number, isCount: boolean): number {
  if (isCount && value <= 40) return 4 * Math.ceil(value / 4);
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 3.6, 4, 4.8, 5.6, 6, 7.2, 8, 10]) {
    if (value <= step * power * 1.0001) return step * power;
  }
  return 10 * power;
}

export function curveOption(spec: CurveChart, context: DrawContext): EChartsCoreOption {
  const { theme, units } = context;
  const shown = spec.series.filter((series) => !context.hidden.has(series.name));
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const entry of spec.series) {
    low = Math.min(low, Math.log10(entry.values[0]!));
    high = Math.max(high, Math.log10(entry.values[entry.values.length - 1]!));
  }
  const pad = Math.max(0.04 * (high - low), 0.02);
  low -= pad;
  high += pad;
  const format = (value: number): string =>
    spec.unit === 'duration' ? units.formatDuration(value) : units.formatNumber(value);
  const ticks = logTicks(spec.unit, low, high, context.width);
  const series = shown.map((entry) => {
    const data: [number, number][] = [[Math.log10(entry.values[0]!), 0]];
    for (let step = 0; step < entry.values.length; step++) {
      data.push([Math.log10(entry.values[step]!), entry.percent[step]!]);
    }
    data.push([high, 100]);
    return {
      type: 'line',
      name: entry.name,
      data,
      step: 'end',
      symbol: 'none',
      emphasis: { disabled: true },
      color: colourOf(entry.colour, theme),
      lineStyle: { width: entry.colour === 'ink' ? 2.2 : 1.6 },
    };
  });
  return {
    ...baseOption(context),
    grid: { left: 50, right: 18, top: 12, bottom: 26 },
    xAxis: {
      type: 'value',
      min: low,
      max: high,
      axisTick: { customValues: ticks.map((tick) => Math.log10(tick)), lineStyle: { color: theme.line } },
      axisLabel: {
        customValues: ticks.map((tick) => Math.log10(tick)),
        color: theme.muted,
        fontSize: 11,
        hideOverlap: true,
        formatter: (value: number) => {
          const tick = ticks.find((candidate) => Math.abs(Math.log10(candidate) - value) < 1e-6);
          return tick === undefined ? '' : format(tick);
        },
      },
      axisLine: { lineStyle: { color: theme.line } },
      splitLine: { show: true, lineStyle: { color: theme.grid } },
    },
    yAxis: {
      type: 'value',
      min: 0,
      max: 100,
      interval: 25,
      axisLabel: { color: theme.muted, fontSize: 11, formatter: '{value} %' },
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: theme.grid } },
    },
    tooltip: {
      ...tooltipStyle(theme),
      trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: theme.muted, width: 1 } },
      formatter: (points: readonly { axisValue: number }[]) => {
        const at = 10 ** (points[0]?.axisValue ?? 0);
        const rows = shown.map((entry) => {
          const text = `${units.formatNumber(percentUpTo(entry, at))} %`;
          return tipRow(colourOf(entry.colour, theme), entry.name, text);
        });
        return `<div class="tip"><b>at most ${format(at)}</b>${rows.join('')}</div>`;
      },
    },
    series,
  };
}

/** The percentage of a curve's jobs that do not exceed `value`. */
export function percentUpTo(series: CurveSeries, value: number): number {
  let percent = 0;
  for (let step = 0; step < series.values.length; step++) {
    if (series.values[step]! > value * (1 + 1e-9)) break;
    percent = series.percent[step]!;
  }
  return percent;
}

/** Round values between 10^low and 10^high, thinned until their labels have room. */
export function logTicks(
  unit: 'duration' | 'ratio',
  low: number,
  high: number,
  width: number,
): readonly number[] {
  const durations = [1e-3, 1e-2, 0.1, 1, 10, 60, 600, 3_600, 36_000, 86_400, 864_000, 8_640_000];
  const ticks: number[] = [];
  if (unit === 'duration' && high - low >= 1) {
    for (const tick of durations) {
      if (Math.log10(tick) >= low && Math.log10(tick) <= high) ticks.push(tick);
    }
  } else {
    const fine = high - low < 0.6 ? [1, 1.2, 1.5, 2, 3, 4, 5, 7] : high - low < 2 ? [1, 2, 5] : [1];
    for (let power = Math.floor(low); power <= Math.ceil(high); power++) {
      for (const factor of fine) {
        const tick = Number((factor * 10 ** power).toPrecision(2));
        if (Math.log10(tick) >= low && Math.log10(tick) <= high) ticks.push(tick);
      }
    }
  }
  const perTick = (high - low) / (Math.max(width - 68, 60) / 46);
  const kept: number[] = [];
  for (const tick of ticks) {
    const last = kept[kept.length - 1];
    if (last === undefined || Math.log10(tick / last) >= perTick) kept.push(tick);
  }
  return kept;
}

export function laneOption(spec: LaneChart, context: DrawContext): EChartsCoreOption {
  const { theme, units } = context;
  let longest = 0;
  for (const lane of spec.lanes) longest = Math.max(longest, lane.length);
  const left = Math.min(Math.round(longest * 6.8) + 20, Math.round(context.width * 0.42));
  // the lines' pieces are parted by points without a value
  const lines = spec.lanes.map((lane, index) => ({
    type: 'line',
    name: lane,
    data: spec.marks.flatMap((mark) =>
      mark.lane === index && mark.to > mark.from
        ? [
            [mark.from, index],
            [mark.to, index],
            [mark.to, null],
          ]
        : [],
    ),
    symbol: 'none',
    silent: true,
    color: colourOf(index, theme),
    lineStyle: { width: 6, opacity: 0.35, cap: 'butt' },
    tooltip: { show: false },
    z: 2,
  }));
  const points = {
    type: 'scatter',
    data: spec.marks.map((mark, index) => ({
      value: [mark.from, mark.lane, index],
      itemStyle: { color: colourOf(mark.lane, theme), opacity: 0.85 },
    })),
    symbolSize: (value: readonly number[]) => Math.min(16, 6 + 3 * Math.log2(spec.marks[value[2]!]!.count)),
    z: 3,
  };
  return {
    ...baseOption(context),
    grid: { left, right: 14, top: 8, bottom: 26 },
    xAxis: timeAxis(context),
    yAxis: {
      type: 'category',
      data: [...spec.lanes],
      inverse: true,
      axisLabel: { color: theme.muted, fontSize: 11, width: left - 12, overflow: 'truncate', interval: 0 },
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { show: true, lineStyle: { color: theme.grid } },
    },
    tooltip: {
      ...tooltipStyle(theme),
      trigger: 'item',
      formatter: (point: { value: readonly number[] }) => {
        const mark = spec.marks[point.value[2] ?? -1];
        if (mark === undefined) return '';
        const until = mark.to > mark.from ? ` to ${units.formatInstant(mark.to)}` : '';
        const more = mark.count > mark.targets.length ? ', …' : '';
        const kind = escapeText(spec.lanes[mark.lane]!);
        const names = escapeText(mark.targets.join(', ') + more);
        const times = mark.count > 1 ? ` × ${mark.count}` : '';
        return `<div class="tip"><b>${kind}${times}</b><br>${units.formatInstant(mark.from)}${until}<span class="names">${names}</span></div>`;
      },
    },
    series: [...lines, points],
  };
}

export function baseOption(context: DrawContext): EChartsCoreOption {
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: context.theme.font, color: context.theme.ink },
  };
}

/** The run's time, with ticks at round numbers of minutes, hours or days. */
export function timeAxis(context: DrawContext): EChartsCoreOption {
  const { theme, units, from, to } = context;
  const steps = [
    0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600,
    43_200, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_419_200, 7_257_600, 31_536_000,
  ];
  const wanted = (to - from) / Math.max(2, (context.width - 64) / 96);
  const step = steps.find((candidate) => candidate >= wanted) ?? to - from;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) ticks.push(tick);
  return {
    type: 'value',
    min: from,
    max: to,
    axisTick: { customValues: ticks, lineStyle: { color: theme.line } },
    axisLabel: {
      customValues: ticks,
      color: theme.muted,
      fontSize: 11,
      hideOverlap: true,
      formatter: (value: number) => units.formatInstant(value),
    },
    axisLine: { lineStyle: { color: theme.line } },
    splitLine: { show: false },
  };
}

export function tooltipStyle(theme: Theme): EChartsCoreOption {
  return {
    confine: true,
    transitionDuration: 0,
    backgroundColor: theme.card,
    borderColor: theme.line,
    padding: [7, 10],
    textStyle: { color: theme.ink, fontSize: 12.5, fontFamily: theme.font },
  };
}

export function tipRow(colour: string, name: string, value: string): string {
  const swatch = `<span class="swatch" style="border-color:${colour}"></span>`;
  const key = `<span class="key">${swatch}<span>${escapeText(name)}</span></span>`;
  return `<div class="row">${key}<b>${escapeText(value)}</b></div>`;
}

export function colourOf(colour: ChartColour, theme: Theme): string {
  if (colour === 'ink') return theme.ink;
  if (colour === 'muted') return theme.muted;
  return theme.palette[colour % theme.palette.length]!;
}

/** Names come from traces: in a tooltip they are text and never markup. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** What the report's script is made of. */
export const CHART_FUNCTIONS: readonly ((...parts: never[]) => unknown)[] = [
  chartOption,
  timeOption,
  averagedNeighbours,
  largestShown,
  niceCeiling,
  curveOption,
  percentUpTo,
  logTicks,
  laneOption,
  baseOption,
  timeAxis,
  tooltipStyle,
  tipRow,
  colourOf,
  escapeText,
];
