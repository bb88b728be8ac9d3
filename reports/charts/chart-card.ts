import type { ChartColour, ChartSpec } from './chart-spec.ts';

/** A chart with the words around it. */
export interface ChartCard {
  readonly title: string;
  /** The unit or the interval of what is drawn, and a figure worth knowing; short. */
  readonly note: string;
  readonly legend: readonly LegendEntry[];
  readonly spec: ChartSpec;
}

export interface LegendEntry {
  readonly name: string;
  readonly colour: ChartColour;
}

/** A legend of the chart's own series; none for a single one, which the title names. */
export function legendOf(spec: ChartSpec): LegendEntry[] {
  if (spec.kind === 'lanes' || spec.series.length < 2) return [];
  return spec.series.map(({ name, colour }) => ({ name, colour }));
}
