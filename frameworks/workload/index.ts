export { type HeadDemand, type RoleCounts, WorkloadFramework } from './framework.ts';
export type { AttemptEnded, WorkloadInput, WorkloadOutput } from './framework-io.ts';
export { hashWorkloadOutput } from './hash-output.ts';
export { refusedOutcome } from './live-job.ts';
export { DEFAULT_WORKLOAD_OPTIONS, type OfferPolicy, type WorkloadOptions } from './options.ts';
export { satisfies } from './shape.ts';
