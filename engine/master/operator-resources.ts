import { assert, mention } from '../core/index.ts';
import { isSpeculative, isTerminal, type ResourceOfferOperation } from '../protocol/index.ts';
import { conversionOf, type ResourceOperation, resourceErrorText, Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import { operationOf, type ResourceCall } from './authorization-questions.ts';
import { refuse } from './frameworks.ts';
import { rescindCopies, validateLeases } from './offer-operations.ts';
import { refusal, rescindOffer } from './offers.ts';
import { validateOperation } from './operation-validation.ts';
import { sendOperation, setTotal, totalAfter } from './operations.ts';
import { answer, type OperatorRequest, refuseInvalid } from './operator-request.ts';
import type { MasterState } from './state.ts';

/**
 * An operator's call on reservations and volumes (spec 05 §A, §C; spec 09): 400 for what is invalid, 409 if even rescinding every offer of the
 * agent would not free enough, else just enough of them are rescinded, the operation is done and sent to the agent, and the answer is 202.
 */
export function operateOnResources(master: MasterState, from: OperatorRequest, call: ResourceCall): void {
  const agent = call.agentId === null ? undefined : master.agentsById.get(call.agentId);
  if (agent === undefined) {
    const missing = "Expecting 'agent_id' to be present";
    refuseInvalid(
      master,
      from,
      call.agentId === null
        ? missing
        : `No agent found with ID ${mention.agent(call.agentId)}: expecting a registered one`,
    );
    return;
  }
  const operation = operationOf(call);
  const scope = { agent, framework: null, role: null, principal: from.principal };
  const invalid =
    validateUnallocated(operation) ??
    (master.options.reservationLeases ? validateLeases(operation) : null) ??
    validateOperation(scope, operation);
  if (invalid !== null) {
    refuseInvalid(master, from, invalid);
    return;
  }
  assert(isSpeculative(operation), 'operators are offered no operations that only providers can do');
  const conversion = conversionOf(operation);
  if (!conversion.ok) {
    refuseInvalid(master, from, resourceErrorText(conversion.error));
    return;
  }
  if (agent.link === null) {
    const message = `Agent ${mention.agent(agent.id)} is not connected: try again once it is back`;
    refuse(master, from.request, { code: 'CONFLICT', message });
    return;
  }
  const { consumed } = conversion.value;
  const unused = unusedOf(agent);
  if (!unused.contains(consumed)) {
    const message = `${call.type} needs '${consumed.toString()}', but only '${unused.toString()}' is not in use on agent ${mention.agent(agent.id)}`;
    refuse(master, from.request, { code: 'CONFLICT', message });
    return;
  }
  operateOn(master, agent, operation, consumed);
  answer(master, from, 202);
}

/** Does an operation that was found valid to what nobody uses, taking back offers as far as it takes. */
export function operateOn(
  master: MasterState,
  agent: AgentRecord,
  operation: ResourceOperation & ResourceOfferOperation,
  consumed: Resources,
): void {
  const operations = [operation];
  if (operation.type === 'DESTROY') rescindCopies(master, agent, operation.volumes);
  rescindFor(master, agent, consumed);
  const isDone = master.allocator.updateAvailable(master.now, agent.row, operations);
  assert(isDone, 'what nobody uses is available once nobody is offered it');
  setTotal(master, agent, totalAfter(agent, operations));
  sendOperation(master, agent, null, operation, null);
}

/**
 * Rescinds offers of the agent until `needed` is not on offer, skipping those that do not help. Their frameworks do not get the same again
 * for the default of 5 s.
 */
function rescindFor(master: MasterState, agent: AgentRecord, needed: Resources): void {
  let available = unusedOf(agent);
  for (let slot = agent.offerHead; slot !== -1; slot = master.offers.nextOfAgent(slot))
    available = available.minus(master.offers.offer(slot).resources.nonShared());
  for (let slot = agent.offerHead; slot !== -1 && !available.contains(needed); ) {
    const next = master.offers.nextOfAgent(slot);
    const offered = master.offers.offer(slot).resources.nonShared();
    const missing = needed.minus(available);
    if (!missing.minus(offered).equals(missing)) {
      rescindOffer(master, slot, refusal(null));
      available = available.plus(offered);
    }
    slot = next;
  }
}

/** What no task, executor or pending operation holds, on offer or not; shared volumes are always there. */
export function unusedOf(agent: AgentRecord): Resources {
  let held = Resources.EMPTY;
  for (const task of agent.tasks) if (!isTerminal(task.state)) held = held.plus(task.info.resources);
  for (const executor of agent.executors) held = held.plus(executor.info.resources);
  for (const operation of agent.operations?.values() ?? []) held = held.plus(operation.held);
  const { resources } = agent.info;
  return resources.nonShared().minus(held.nonShared()).plus(resources.shared());
}

/** What an operator names belongs to nobody: `allocation_info` is for frameworks (spec 09 §2). */
function validateUnallocated(operation: ResourceOfferOperation): string | null {
  const isAllocated = Object.values(operation).some(
    (part) => part instanceof Resources && part.unallocate() !== part,
  );
  return isAllocated ? "'allocation_info' must not be set on the resources of an operator's call" : null;
}
