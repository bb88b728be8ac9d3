export { type Job, type JobTasks, type PlacementConstraint, taskCount } from './job.ts';
export type { MachineEvent, MachineSpec } from './machine-spec.ts';
export type {
  ClusterSample,
  FaultRecord,
  JobOutcome,
  JobState,
  KindAmounts,
  RoleSample,
  RunObserver,
  TaskOutcome,
} from './outcome.ts';
