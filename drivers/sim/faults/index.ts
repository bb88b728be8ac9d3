export {
  DEFAULT_FAULT_OPTIONS,
  FAULT_KINDS,
  type FaultKind,
  type FaultOptions,
  scaledFaults,
  type Span,
} from './fault-options.ts';
export { FAULT_WINDOW, FaultPlan } from './fault-plan.ts';
export { describeFault, type PartitionSubject, type PlannedFault } from './planned-fault.ts';
