import { PrincipalViewer } from '../authorization/index.ts';
import { Ring, TimerQueue } from '../core/index.ts';
import { type GraphClass, GraphClasses, type GraphConstants } from '../core/graph/index.ts';
import { NO_SCHEDULE, RegistryState } from '../registry/index.ts';
import { Quantities, ResourceLimits, Resources } from '../resources/index.ts';
import { AgentRecord } from './agent-record.ts';
import type { SnapshotParts } from './allocator.ts';
import { Authorizations, CallQueue } from './authorizations.ts';
import { MasterCounters, OperationEndCounters, TaskEndCounters } from './counters.ts';
import { FrameworkCounters } from './framework-counters.ts';
import { FrameworkRecord } from './framework-record.ts';
import { NO_EXECUTORS, OfferSlot, OfferTable } from './offer-table.ts';
import { OfferTimeouts } from './offer-timeouts.ts';
import { OperationRecord } from './operation-record.ts';
import { OperatorStreams, UNSCOPED } from './operator-streams.ts';
import { Bucket, RateLimiter } from './rate-limits.ts';
import { Registrar } from './registrar.ts';
import { ReservationWatch } from './reservation-watch.ts';
import { RowTable } from './row-table.ts';
import { MasterState } from './state.ts';
import { KindSums, MasterStats } from './stats.ts';
import { NO_STATUSES, TaskHistory } from './task-history.ts';
import { TaskRecord } from './task-record.ts';

/** Values that all machines and allocators keep. */
export const VALUE_CLASSES: readonly GraphClass[] = [Resources, Quantities, ResourceLimits];

/** All that a master keeps objects of, its allocator's apart. An object of any other class cannot be in a snapshot. */
export const MASTER_CLASSES: readonly GraphClass[] = [
  ...VALUE_CLASSES,
  AgentRecord,
  Authorizations,
  Bucket,
  CallQueue,
  FrameworkCounters,
  FrameworkRecord,
  KindSums,
  MasterCounters,
  MasterState,
  MasterStats,
  OfferSlot,
  OfferTable,
  OfferTimeouts,
  OperationEndCounters,
  OperationRecord,
  OperatorStreams,
  PrincipalViewer,
  RateLimiter,
  Registrar,
  RegistryState,
  ReservationWatch,
  Ring,
  RowTable,
  TaskEndCounters,
  TaskHistory,
  TaskRecord,
  TimerQueue,
];

/** Constants that many of them refer to. */
export const MASTER_CONSTANTS: GraphConstants = { NO_EXECUTORS, NO_SCHEDULE, NO_STATUSES, UNSCOPED };

/** All that a master and its allocator keep. */
export function machineClasses({ classes, constants }: SnapshotParts): GraphClasses {
  return new GraphClasses([...MASTER_CLASSES, ...classes], { ...MASTER_CONSTANTS, ...constants });
}
