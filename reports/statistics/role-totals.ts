import { MICROS_PER_SECOND, MILLI_PER_UNIT } from '../../engine/core/index.ts';
import type { TaskOutcome } from '../../engine/workload/index.ts';
import type { RoleSummary } from '../summary.ts';
import { JobGroup, rounded } from './job-group.ts';
import { ShareMean } from './share-mean.ts';

/** A thousandth of a unit held for a microsecond, in unit-hours. */
const HOURS = 1 / (MILLI_PER_UNIT * MICROS_PER_SECOND * 3_600);
const MIB_PER_GIB = 1_024;

/** Everything that a report says about one role. */
export class RoleTotals {
  readonly role: string;
  readonly jobs = new JobGroup();
  readonly share: ShareMean;
  #attemptsFinished = 0;
  #attemptsFailed = 0;
  // thousandths × µs, summed in doubles: for display, off by less than 1e-9 of the sum
  #cpuTime = 0;
  #memTime = 0;
  #gpuTime = 0;
  #cpuTimeLost = 0;
  #gpuTimeLost = 0;

  constructor(role: string, at: number) {
    this.role = role;
    this.share = new ShareMean(at);
  }

  addTask(task: TaskOutcome): void {
    const held = task.running === null ? 0 : task.ended - task.running;
    const cpuTime = task.cpus * held;
    const gpuTime = task.gpus * held;
    this.#cpuTime += cpuTime;
    this.#memTime += task.mem * held;
    this.#gpuTime += gpuTime;
    if (task.state === 'TASK_FINISHED') {
      this.#attemptsFinished++;
    } else {
      this.#attemptsFailed++;
      this.#cpuTimeLost += cpuTime;
      this.#gpuTimeLost += gpuTime;
    }
  }

  summary(span: number): RoleSummary {
    return {
      role: this.role,
      ...this.jobs.summary(),
      attemptsFinished: this.#attemptsFinished,
      attemptsFailed: this.#attemptsFailed,
      cpuHours: rounded(this.#cpuTime * HOURS),
      memGibHours: rounded((this.#memTime * HOURS) / MIB_PER_GIB),
      gpuHours: rounded(this.#gpuTime * HOURS),
      cpuHoursLost: rounded(this.#cpuTimeLost * HOURS),
      gpuHoursLost: rounded(this.#gpuTimeLost * HOURS),
      share: this.share.summary(span),
    };
  }
}
