export type { ContainerFaults, Misbehaviour, SchedulerFaults } from './fault-hooks.ts';
export {
  DEFAULT_FAULT_OPTIONS,
  FAULT_KINDS,
  type FaultKind,
  type FaultOptions,
  NO_FAULTS_PER_HOUR,
  REPLAY_FAULT_KINDS,
  scaledFaults,
  type Span,
} from './fault-options.ts';
export { FAULT_WINDOW, FaultPlan } from './fault-plan.ts';
export { OPERATOR_ACTS, OPERATOR_MOMENTS, type OperatorAct, type OperatorMoment } from './operator-act.ts';
export {
  describeFault,
  type MasterSubject,
  type PartitionSubject,
  type PlannedFault,
} from './planned-fault.ts';
