import type { Metric } from '../../../engine/protocol/index.ts';

/** Samples that are looked at. */
const KEPT = 1_024;

const PERCENTILES: readonly (readonly [name: string, share: number])[] = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
  ['p9999', 0.9999],
];

/** The latest times that something took, and what Mesos tells of such (spec 15): `<name>_ms` with `/count`, `/min`, `/max` and percentiles. */
export class TimingWindow {
  readonly #samples: number[] = [];
  #next = 0;
  #count = 0;

  add(milliseconds: number): void {
    this.#samples[this.#next] = milliseconds;
    this.#next = (this.#next + 1) % KEPT;
    this.#count++;
  }

  /** Nothing before the first sample. */
  metrics(name: string): readonly Metric[] {
    if (this.#count === 0) return [];
    const sorted = Float64Array.from(this.#samples).sort();
    const last = this.#samples[(this.#next + KEPT - 1) % KEPT] ?? sorted.at(-1)!;
    return [
      { name, value: last },
      { name: `${name}/count`, value: this.#count },
      { name: `${name}/min`, value: sorted[0]! },
      { name: `${name}/max`, value: sorted.at(-1)! },
      ...PERCENTILES.map(([percentile, share]) => ({
        name: `${name}/${percentile}`,
        value: sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!,
      })),
    ];
  }
}
