/** What the report's script draws: plain data, without anything of the chart library. */
export type ChartSpec = TimeChart | CurveChart | LaneChart;

/** A colour of the palette by its place, or a colour of the text for what is a reference and not a series among others. */
export type ChartColour = number | 'ink' | 'muted';

export interface TimeSeries {
  readonly name: string;
  /** One per entry of `ReportCharts.times`, in the chart's unit; null where there is none. */
  readonly values: readonly (number | null)[];
  /** `stacked` areas lie on each other in the order of the series. */
  readonly style: 'line' | 'area' | 'stacked';
  readonly colour: ChartColour;
}

/** Levels or rates over the run's time. */
export interface TimeChart {
  readonly kind: 'time';
  readonly id: string;
  /** Follows a value: ` cores`, ` %`. */
  readonly unit: string;
  /** Neighbours may be averaged where there are more than a screen can tell apart: for rates, whose single values are noise. */
  readonly averaged: boolean;
  /** The axis reaches at least up to here; null to fit the data. */
  readonly ceiling: number | null;
  readonly series: readonly TimeSeries[];
}

/** Cumulative distributions over a logarithmic axis. */
export interface CurveChart {
  readonly kind: 'curve';
  readonly id: string;
  /** What the values are: seconds, or a ratio. */
  readonly unit: 'duration' | 'ratio';
  readonly series: readonly CurveSeries[];
}

export interface CurveSeries {
  readonly name: string;
  /** Ascending, above 0. */
  readonly values: readonly number[];
  /** Per value, the percentage of jobs that do not exceed it. */
  readonly percent: readonly number[];
  readonly colour: ChartColour;
}

/** Marks over the run's time, a lane for each kind. */
export interface LaneChart {
  readonly kind: 'lanes';
  readonly id: string;
  readonly lanes: readonly string[];
  readonly marks: readonly LaneMark[];
}

export interface LaneMark {
  readonly lane: number;
  readonly from: number;
  readonly to: number;
  /** How many the mark stands for. */
  readonly count: number;
  /** What they hit: the first few. */
  readonly targets: readonly string[];
}

/** Everything that the script is given. */
export interface ReportCharts {
  /** The virtual instants that the time axes begin and end at, s. */
  readonly start: number;
  readonly end: number;
  /** When each point of every time series begins, s. */
  readonly times: readonly number[];
  readonly charts: readonly ChartSpec[];
}
