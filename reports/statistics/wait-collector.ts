import type { JobOutcome, RunObserver } from '../../engine/workload/index.ts';
import type { JobGroup } from './job-group.ts';
import { RunTotals } from './run-totals.ts';

/** Keeps the waits of a run that writes no folder of its own, to be set beside those of another. Memory does not grow with the run. */
export class WaitCollector implements RunObserver {
  readonly #totals = new RunTotals();

  jobEnded(outcome: JobOutcome): void {
    this.#totals.addJob(outcome);
  }

  taskEnded(): void {}

  sampled(): void {}

  faultInjected(): void {}

  /** All jobs. */
  get all(): JobGroup {
    return this.#totals.all;
  }

  /** The jobs of the role; null if it had none, or is one of those that are counted together. */
  jobsOf(role: string): JobGroup | null {
    return this.#totals.knows(role) ? this.#totals.jobsOf(role) : null;
  }
}
