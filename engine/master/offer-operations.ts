import { assert } from '../core/index.ts';
import { isSpeculative, type ResourceOfferOperation } from '../protocol/index.ts';
import {
  applyOperations,
  conversionOf,
  type Resource,
  type ResourceOperation,
  Resources,
  resourceText,
  withCount,
} from '../resources/index.ts';
import type { Acceptance } from './acceptance.ts';
import type { AgentRecord } from './agent-record.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { rescindOffer } from './offers.ts';
import { unavailable, validateFeedback, validateOperation } from './operation-validation.ts';
import { dropOperation, sendOperation, setTotal, totalAfter } from './operations.ts';
import { leaseFault, ownerOf } from './reservation-labels.ts';
import type { MasterState } from './state.ts';

/**
 * One operation of an ACCEPT on resources (spec 03 §5, spec 09): validated against the running remainder, then done on the master's books and
 * sent to the agent. One that fails is dropped by itself.
 */
export function performOfferOperation(
  master: MasterState,
  acceptance: Acceptance,
  given: ResourceOfferOperation,
): void {
  const { framework, agent, role, roleName } = acceptance;
  const operation = withoutAllocation(given);
  const error =
    given.fault ??
    validateAllocation(given, roleName) ??
    validateFeedback(agent, operation) ??
    (master.options.reservationOwners ? validateOwners(framework, operation) : null) ??
    (master.options.reservationLeases ? validateLeases(operation) : null) ??
    validateOperation({ agent, framework, role: roleName, principal: framework.info.principal }, operation) ??
    unavailable(acceptance.remaining, operation);
  if (error !== null) {
    dropOperation(master, framework, operation, error, agent);
    return;
  }
  acceptance.isConverted = true;
  if (isSpeculative(operation)) {
    convert(master, acceptance, operation);
    sendOperation(master, agent, framework.id, operation, null);
  } else {
    // Its end says what becomes of the disk; until then it is the framework's.
    acceptance.remaining = acceptance.remaining.minus(operation.source);
    sendOperation(master, agent, framework.id, operation, { framework, role });
  }
}

/** A framework changes nothing that bears another's name, and reserves nothing in one (option `reservationOwners`; bug ledger B49). */
function validateOwners(framework: FrameworkRecord, operation: ResourceOfferOperation): string | null {
  const { name } = framework.info;
  for (const entry of namedBy(operation).entries) {
    const { identity } = entry;
    let owner = ownerOf(identity.reservations);
    // What is refined has an owner too.
    if (operation.type === 'RESERVE' && (owner === null || owner === name))
      owner = ownerOf(identity.reservations.slice(0, -1));
    if (owner !== null && owner !== name)
      return `'${resourceText(entry)}' belongs to '${owner}' by its reservation's label, not to '${name}'`;
  }
  return null;
}

/** A lease that could not be kept is not made (option `reservationLeases`). */
export function validateLeases(operation: ResourceOfferOperation): string | null {
  if (operation.type !== 'RESERVE') return null;
  for (const { identity } of operation.resources.entries) {
    for (const reservation of identity.reservations) {
      const fault = leaseFault(reservation);
      if (fault !== null) return fault;
    }
  }
  return null;
}

/** What is left after the operations: what they made comes back at once, what nobody touched with the filter (spec 03 §5). */
export function splitLeftovers(acceptance: Acceptance): { converted: Resources; untouched: Resources } {
  const { offered, remaining, setAside } = acceptance;
  const converted = remaining.minus(offered);
  return { converted: converted.plus(setAside), untouched: remaining.minus(converted) };
}

function convert(master: MasterState, acceptance: Acceptance, operation: ResourceOperation): void {
  const { framework, agent, role, remaining } = acceptance;
  const operations = [operation];
  if (operation.type === 'DESTROY') rescindCopies(master, agent, operation.volumes);
  setTotal(master, agent, totalAfter(agent, operations));
  master.allocator.updateAllocation(master.now, framework.row, role, agent.row, remaining, operations);
  const result = applyOperations(remaining, operations);
  const conversion = conversionOf(operation);
  assert(result.ok && conversion.ok, 'an operation that was found to fit fits');
  acceptance.remaining = result.value;
  if (operation.type === 'CREATE') acceptance.sharable = acceptance.sharable.plus(operation.volumes.shared());
  if (operation.type !== 'GROW_VOLUME' && operation.type !== 'SHRINK_VOLUME') return;
  const { produced } = conversion.value;
  acceptance.setAside = acceptance.setAside.plus(produced);
  acceptance.remaining = result.value.minus(produced);
}

/** The copies of shared volumes that `needed` takes beyond what is left of the offers (spec 02 §10). */
export function missingCopies({ agent, sharable, remaining }: Acceptance, needed: Resources): Resources {
  if (sharable.isEmpty || needed.isPlain) return Resources.EMPTY;
  const missing: Resource[] = [];
  for (const entry of needed.shared().entries) {
    const one = Resources.of([withCount(entry, 1)]);
    if (!sharable.contains(one) || !agent.info.resources.contains(one)) continue;
    const left = remaining.shared().entries.find(({ identity }) => identity.key === entry.identity.key);
    const count = entry.count - (left?.count ?? 0);
    if (count > 0) missing.push(withCount(entry, count));
  }
  return Resources.of(missing);
}

/** Copies of a shared volume that is destroyed may be on offer elsewhere. */
export function rescindCopies(master: MasterState, agent: AgentRecord, volumes: Resources): void {
  const keys = new Set(volumes.shared().entries.map(({ identity }) => identity.key));
  if (keys.size === 0) return;
  for (let slot = agent.offerHead; slot !== -1; ) {
    const next = master.offers.nextOfAgent(slot);
    const { resources } = master.offers.offer(slot);
    if (resources.entries.some(({ identity }) => keys.has(identity.key))) rescindOffer(master, slot, null);
    slot = next;
  }
}

/** The resources of operations carry no allocation role inside, as those of offers: it is the offer's. */
function withoutAllocation(operation: ResourceOfferOperation): ResourceOfferOperation {
  switch (operation.type) {
    case 'RESERVE': {
      const source = operation.source.unallocate();
      return { ...operation, source, resources: operation.resources.unallocate() };
    }
    case 'UNRESERVE':
      return { ...operation, resources: operation.resources.unallocate() };
    case 'CREATE':
    case 'DESTROY':
      return { ...operation, volumes: operation.volumes.unallocate() };
    case 'GROW_VOLUME':
      return {
        ...operation,
        volume: operation.volume.unallocate(),
        addition: operation.addition.unallocate(),
      };
    case 'SHRINK_VOLUME':
      return { ...operation, volume: operation.volume.unallocate() };
    default:
      return { ...operation, source: operation.source.unallocate() };
  }
}

/** Resources that say whom they are allocated to say the role of the offers. */
function validateAllocation(operation: ResourceOfferOperation, role: string): string | null {
  const other = namedBy(operation).entries.find(
    ({ identity }) => identity.allocationRole !== null && identity.allocationRole !== role,
  );
  return other === undefined
    ? null
    : `The operation's resources are allocated to role '${other.identity.allocationRole}', but the offers to '${role}'`;
}

/** What the operation names. */
function namedBy(operation: ResourceOfferOperation): Resources {
  switch (operation.type) {
    case 'RESERVE':
    case 'UNRESERVE':
      return operation.resources;
    case 'CREATE':
    case 'DESTROY':
      return operation.volumes;
    case 'GROW_VOLUME':
      return operation.volume.plus(operation.addition);
    case 'SHRINK_VOLUME':
      return operation.volume;
    default:
      return operation.source;
  }
}
