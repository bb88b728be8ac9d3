import { type IntervalHistogram, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/** Looking costs time itself. */
const TICK_MS = 5;

export interface Pauses {
  /** Longest that the event loop did not turn, by the wall clock: other processes of the machine are in it. */
  readonly wallMs: number;
  /** Most CPU time of this process between two turns: what the loop itself would have waited for on a machine of its own. */
  readonly cpuMs: number;
  /** Longest that one collection of garbage took, by the wall clock. */
  readonly gcWallMs: number;
}

/** How long the event loop of this process is held up. */
export class LoopPauses {
  readonly #histogram: IntervalHistogram;
  #cpuMaxMicros = 0;
  #gcMaxMs = 0;
  #lastCpuMicros = cpuMicros();

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: TICK_MS });
    this.#histogram.enable();
    setInterval(() => {
      const now = cpuMicros();
      this.#cpuMaxMicros = Math.max(this.#cpuMaxMicros, now - this.#lastCpuMicros);
      this.#lastCpuMicros = now;
    }, TICK_MS).unref();
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.#gcMaxMs = Math.max(this.#gcMaxMs, duration);
    }).observe({ entryTypes: ['gc'] });
  }

  /** The longest since the last call. */
  take(): Pauses {
    const taken = {
      wallMs: this.#histogram.max / 1e6,
      cpuMs: this.#cpuMaxMicros / 1e3,
      gcWallMs: this.#gcMaxMs,
    };
    this.#gcMaxMs = 0;
    this.#histogram.reset();
    this.#cpuMaxMicros = 0;
    this.#lastCpuMicros = cpuMicros();
    return taken;
  }
}

export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
