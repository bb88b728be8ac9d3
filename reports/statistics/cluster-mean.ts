import type { ClusterSample, KindAmounts } from '../../engine/workload/index.ts';
import type { Amounts } from '../summary.ts';
import { rounded } from './job-group.ts';

const NONE: KindAmounts = { cpus: 0, mem: 0, disk: 0, gpus: 0 };

/** Utilisation over the run: a sample's amounts hold until the next sample. */
export class ClusterMean {
  readonly #allocated = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  readonly #total = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  #lastAllocated = NONE;
  #lastTotal = NONE;
  #since = 0;

  sample(sample: ClusterSample): void {
    this.advance(sample.at);
    this.#lastAllocated = sample.allocated;
    this.#lastTotal = sample.total;
  }

  /** Lets the last sample's amounts hold until `at`. */
  advance(at: number): void {
    const span = at - this.#since;
    addScaled(this.#allocated, this.#lastAllocated, span);
    addScaled(this.#total, this.#lastTotal, span);
    this.#since = at;
  }

  /** Allocated over total, weighted by time; null for a kind that never was there. */
  utilisation(): Amounts<number | null> {
    const allocated = this.#allocated;
    const total = this.#total;
    return {
      cpus: total.cpus === 0 ? null : rounded(allocated.cpus / total.cpus),
      mem: total.mem === 0 ? null : rounded(allocated.mem / total.mem),
      gpus: total.gpus === 0 ? null : rounded(allocated.gpus / total.gpus),
      disk: total.disk === 0 ? null : rounded(allocated.disk / total.disk),
    };
  }
}

function addScaled(
  sums: { -readonly [Kind in keyof KindAmounts]: number },
  amounts: KindAmounts,
  by: number,
): void {
  sums.cpus += amounts.cpus * by;
  sums.mem += amounts.mem * by;
  sums.disk += amounts.disk * by;
  sums.gpus += amounts.gpus * by;
}
