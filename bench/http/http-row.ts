/** Figures of one case over real HTTP: a JSON line. Names of figures say their units. */
export interface HttpRow {
  readonly name: string;
  /** What was measured, in words. */
  readonly size: string;
  readonly figures: { readonly [figure: string]: number };
  /** Why there are no figures; null where there are. */
  readonly skipped: string | null;
}

export function httpRow(name: string, size: string, figures: { readonly [figure: string]: number }): HttpRow {
  const rounded = Object.entries(figures).map(([figure, value]) => [figure, rounding(value)]);
  return { name, size, figures: Object.fromEntries(rounded) as HttpRow['figures'], skipped: null };
}

/** Of several runs of a case the median of each figure: other work of the machine disturbs both ways. */
export function medianRows(runs: readonly (readonly HttpRow[])[]): HttpRow[] {
  return runs[0]!.map((first, index) => ({
    ...first,
    figures: Object.fromEntries(
      Object.keys(first.figures).map((figure) => [
        figure,
        median(runs.map((run) => run[index]!.figures[figure]!)),
      ]),
    ),
  }));
}

export function httpHeader(): string {
  return `${'case'.padEnd(32)}figures`;
}

export function httpLine({ name, size, figures, skipped }: HttpRow): string {
  const shown =
    skipped === null
      ? Object.entries(figures).map(([figure, value]) => `${figure} ${value}`)
      : [`SKIPPED: ${skipped}`];
  return `${name.padEnd(32)}${shown.join(', ')}  (${size})`;
}

/** The value below which a share of the others lies; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Three digits are more than a busy machine can tell. */
function rounding(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(3));
}
