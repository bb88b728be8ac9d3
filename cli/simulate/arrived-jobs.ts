import type { Micros } from '../../engine/core/index.ts';
import type { RunObserver } from '../../engine/workload/index.ts';

/**
 * Passes on what a run tells, but for jobs that had not arrived when it was cut short: a batch of the trace is fed ahead of time, and how
 * far ahead is no part of the result.
 */
export function arrivedOnly(observer: RunObserver, now: () => Micros): RunObserver {
  return {
    jobEnded(outcome) {
      if (outcome.state !== 'UNFINISHED' || outcome.arrival <= now()) observer.jobEnded(outcome);
    },
    taskEnded(outcome) {
      observer.taskEnded(outcome);
    },
    sampled(sample) {
      observer.sampled(sample);
    },
    faultInjected(fault) {
      observer.faultInjected(fault);
    },
  };
}
