import {
  applyOperations,
  conversionOf,
  resourceErrorText,
  Resources,
  withCount,
} from '../resources/index.ts';
import { isSpeculative, type OperationState, type ResourceOfferOperation } from '../protocol/index.ts';

/** What came of an operation on the agent's total. */
export interface OperationOutcome {
  readonly state: Extract<OperationState, 'OPERATION_FINISHED' | 'OPERATION_FAILED' | 'OPERATION_DROPPED'>;
  readonly message: string | null;
  /** The new total, the same unless finished. */
  readonly total: Resources;
  /** What it made; null unless finished. */
  readonly converted: Resources | null;
}

/**
 * Does `operation` to the agent's `total` (spec 02 §9). One that does not fit was made for another total than this: it is dropped, and the
 * master must hear what the agent has. Disks are made and destroyed by resource providers, of which this agent has none.
 */
export function performOperation(total: Resources, operation: ResourceOfferOperation): OperationOutcome {
  if (!isSpeculative(operation)) {
    const id = operation.source.entries[0]?.identity.providerId ?? 'none';
    return {
      state: 'OPERATION_FAILED',
      message: `${operation.type} needs resource provider '${id}', which is not subscribed with this agent`,
      total,
      converted: null,
    };
  }
  const conversion = conversionOf(operation);
  const applied = applyOperations(total, [operation]);
  if (conversion.ok && applied.ok) {
    const converted = conversion.value.produced;
    return { state: 'OPERATION_FINISHED', message: null, total: applied.value, converted };
  }
  const error = conversion.ok ? applied : conversion;
  const message = error.ok ? null : resourceErrorText(error.error);
  return { state: 'OPERATION_DROPPED', message, total, converted: null };
}

/**
 * Whether the agent lacks a reservation or volume that a task needs (spec 07 §4, REASON_RESOURCES_UNKNOWN): the operation that should have
 * made it did not reach this agent. Copies of a shared volume are one volume.
 */
export function lacksReserved(total: Resources, needed: Resources): boolean {
  if (needed.isPlain) return false;
  const special = needed
    .unallocate()
    .nonRevocable()
    .filter(({ identity }) => identity.reservations.length > 0 || identity.disk !== null);
  return !total.contains(Resources.of(special.entries.map((entry) => withCount(entry, 1))));
}
