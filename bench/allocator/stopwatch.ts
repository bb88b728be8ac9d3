import type { AllocatorRow } from './allocator-row.ts';

/** Times of repeated work of one kind, in milliseconds of the wall clock and of the process's CPU. */
export class Stopwatch {
  readonly #wall: number[] = [];
  readonly #cpu: number[] = [];

  time<T>(work: () => T): T {
    const cpu = process.cpuUsage();
    const wall = performance.now();
    const result = work();
    const wallMs = performance.now() - wall;
    const used = process.cpuUsage(cpu);
    this.#wall.push(wallMs);
    this.#cpu.push((used.user + used.system) / 1e3);
    return result;
  }

  get count(): number {
    return this.#wall.length;
  }

  get cpuSumMs(): number {
    return this.#cpu.reduce((sum, value) => sum + value, 0);
  }

  get wallSumMs(): number {
    return this.#wall.reduce((sum, value) => sum + value, 0);
  }

  /** Microseconds of CPU time for each of the pieces of a batch, the median batch but for the first; null if there was none. */
  microsEach(pieces: readonly number[]): number | null {
    const each = this.#cpu.flatMap((ms, batch) => (pieces[batch]! > 0 ? [(ms * 1e3) / pieces[batch]!] : []));
    return each.length === 0 ? null : median(warm(each));
  }

  /** Without the first, which nothing was compiled for, unless it is the only one. */
  summary(): Pick<AllocatorRow, 'medianCycleMs' | 'minCycleMs' | 'maxCycleMs' | 'firstCycleMs' | 'cpuMs'> {
    return {
      medianCycleMs: median(warm(this.#wall)),
      minCycleMs: Math.min(...warm(this.#wall)),
      maxCycleMs: Math.max(...warm(this.#wall)),
      firstCycleMs: this.#wall[0]!,
      cpuMs: median(warm(this.#cpu)),
    };
  }
}

function warm(samples: readonly number[]): readonly number[] {
  return samples.length === 1 ? samples : samples.slice(1);
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
