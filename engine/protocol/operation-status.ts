import type { AgentId, UpdateId } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';

/** `OperationState` (spec 03 §9). */
export type OperationState =
  | 'OPERATION_UNSUPPORTED'
  | 'OPERATION_PENDING'
  | 'OPERATION_FINISHED'
  | 'OPERATION_FAILED'
  | 'OPERATION_ERROR'
  | 'OPERATION_DROPPED'
  | 'OPERATION_UNREACHABLE'
  | 'OPERATION_GONE_BY_OPERATOR'
  | 'OPERATION_RECOVERING'
  | 'OPERATION_UNKNOWN';

/** `OperationStatus` (spec 03 §9). */
export interface OperationStatus {
  /** Chosen by the framework; null when it asked for no feedback, and for operators. */
  readonly operationId: string | null;
  readonly state: OperationState;
  readonly message: string | null;
  /** What the operation made, of a finished one; null else. */
  readonly convertedResources: Resources | null;
  /** Set if the status must be acknowledged. */
  readonly uuid: UpdateId | null;
  readonly agentId: AgentId | null;
  readonly resourceProviderId: string | null;
}

/** Whether nothing comes after it (spec 03 §9). UNREACHABLE is none: the agent may come back and tell. */
export function isTerminalOperation(state: OperationState): boolean {
  return (
    state === 'OPERATION_FINISHED' ||
    state === 'OPERATION_FAILED' ||
    state === 'OPERATION_ERROR' ||
    state === 'OPERATION_DROPPED' ||
    state === 'OPERATION_GONE_BY_OPERATOR'
  );
}
