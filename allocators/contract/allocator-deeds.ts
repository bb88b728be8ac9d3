import { assertNever } from '../../engine/core/index.ts';
import type { AllocatorAgent, AllocatorFramework, Usage } from '../../engine/master/index.ts';
import { applyOperations, type ResourceOperation } from '../../engine/resources/index.ts';
import { type AllocatorStep, areGiven, type FieldsOf } from './allocator-steps.ts';
import type { AllocatorWorld } from './allocator-world.ts';
import { parseOfferConstraints } from './constraints-json.ts';
import { MalformedInput } from './decode.ts';
import { ExpectationFailed } from './failure.ts';

/** The steps that are neither expectations nor `repeat`. */
export type Deed = Exclude<AllocatorStep, { op: 'repeat' | `expect${string}` }>;

/** Performs a step of conformance README §6. */
export function performDeed(world: AllocatorWorld, step: Deed): void {
  const { allocator, now } = world;
  switch (step.op) {
    case 'addAgent':
      return addAgent(world, step.fields);
    case 'updateAgent':
      return updateAgent(world, step.fields);
    case 'removeAgent':
      return world.removeAgent(step.fields.agent);
    case 'activateAgent':
      return allocator.activateAgent(now, world.knownAgent(step.fields.agent));
    case 'deactivateAgent':
      return allocator.deactivateAgent(now, world.knownAgent(step.fields.agent));
    case 'addResourceProvider':
      return addResourceProvider(world, step.fields);
    case 'addFramework':
      return addFramework(world, step);
    case 'updateFramework':
      return updateFramework(world, step);
    case 'removeFramework':
      return world.removeFramework(step.fields.framework);
    case 'activateFramework':
      return allocator.activateFramework(now, world.knownFramework(step.fields.framework));
    case 'deactivateFramework':
      return allocator.deactivateFramework(now, world.knownFramework(step.fields.framework));
    case 'suppressOffers': {
      const { framework, roles } = step.fields;
      return allocator.suppressOffers(now, world.knownFramework(framework), world.roles(roles));
    }
    case 'reviveOffers': {
      const { framework, roles } = step.fields;
      return allocator.reviveOffers(now, world.knownFramework(framework), world.roles(roles));
    }
    case 'setQuota':
      return allocator.setQuota(now, world.role(step.fields.role), step.fields);
    case 'setWeight':
      return allocator.setWeight(now, world.role(step.fields.role), step.fields.weight);
    case 'setWhitelist':
      return allocator.setWhitelist(now, step.fields.hostnames);
    case 'recoverResources':
      return recoverResources(world, step.fields);
    case 'recoverOffers':
      return recoverOffers(world, step.fields);
    case 'updateAllocation':
      return updateAllocation(world, step.fields);
    case 'updateAvailable':
      return updateAvailable(world, step.fields);
    case 'setUnavailability': {
      const { agent, unavailability } = step.fields;
      world.noteAgent(agent, { ...world.agentInfo(agent), unavailability });
      return allocator.setUnavailability(now, world.agent(agent), unavailability);
    }
    case 'respondInverseOffer': {
      const { agent, framework, status, filterSeconds } = step.fields;
      return allocator.respondInverseOffer(
        now,
        world.knownAgent(agent),
        world.knownFramework(framework),
        status,
        filterSeconds,
      );
    }
    case 'recover': {
      const quotas = new Map(step.fields.quotas.map((quota) => [world.role(quota.role), quota]));
      return allocator.recover(now, step.fields.expectedAgents, quotas);
    }
    case 'advance':
      return world.advance(step.fields.ms);
    case 'allocate':
      return world.allocate();
    default:
      return assertNever(step);
  }
}

function usageOn(world: AllocatorWorld, agent: string, used: FieldsOf<'addAgent'>['used']): readonly Usage[] {
  return used.map(({ framework, role, resources }) => ({
    framework: world.framework(framework),
    role: world.role(role),
    agent: world.agent(agent),
    resources,
  }));
}

function addAgent(world: AllocatorWorld, fields: FieldsOf<'addAgent'>): void {
  const info: AllocatorAgent = {
    hostname: fields.hostname ?? fields.agent,
    total: fields.resources,
    capabilities: fields.capabilities,
    attributes: fields.attributes,
    domain: fields.domain,
    unavailability: fields.unavailability,
  };
  world.addAgent(fields.agent, info, usageOn(world, fields.agent, fields.used));
}

function updateAgent(world: AllocatorWorld, fields: FieldsOf<'updateAgent'>): void {
  const known = world.agentInfo(fields.agent);
  const info: AllocatorAgent = {
    hostname: fields.hostname ?? known.hostname,
    total: fields.resources ?? known.total,
    capabilities: fields.capabilities ?? known.capabilities,
    attributes: fields.attributes ?? known.attributes,
    domain: fields.domain === undefined ? known.domain : fields.domain,
    unavailability: known.unavailability,
  };
  world.noteAgent(fields.agent, info);
  world.allocator.updateAgent(world.now, world.agent(fields.agent), info);
}

function addResourceProvider(world: AllocatorWorld, fields: FieldsOf<'addResourceProvider'>): void {
  const known = world.agentInfo(fields.agent);
  const used = usageOn(world, fields.agent, fields.used);
  world.noteAgent(fields.agent, { ...known, total: known.total.plus(fields.resources) });
  world.allocator.addResourceProvider(world.now, world.agent(fields.agent), fields.resources, used);
}

/** The framework as the master would pass it on; or why the call is refused, as the master would refuse it. */
function readFramework(
  world: AllocatorWorld,
  fields: FieldsOf<'updateFramework'>,
):
  | { readonly ok: true; readonly info: AllocatorFramework }
  | { readonly ok: false; readonly reason: string } {
  let offerConstraints: AllocatorFramework['offerConstraints'] = null;
  if (areGiven(fields.offerConstraints)) {
    const parsed = parseOfferConstraints(fields.offerConstraints);
    if (!parsed.ok) return { ok: false, reason: parsed.error };
    const foreign = [...parsed.value.roleConstraints.keys()].find((role) => !fields.roles.includes(role));
    if (foreign !== undefined)
      return { ok: false, reason: `constraints for "${foreign}", a role it does not have` };
    offerConstraints = parsed.value;
  }
  const minAllocatable = new Map(
    [...fields.minAllocatable].map(([role, least]) => [world.role(role), least]),
  );
  return {
    ok: true,
    info: {
      tieRank: world.tieRank(fields.framework),
      roles: world.roles(fields.roles),
      suppressedRoles: world.roles(fields.suppressedRoles),
      capabilities: fields.capabilities,
      minAllocatable,
      offerConstraints,
    },
  };
}

function addFramework(world: AllocatorWorld, { path, fields }: Extract<Deed, { op: 'addFramework' }>): void {
  const info = acceptedFramework(world, path, fields);
  if (info === null) return;
  const used = fields.used.map(({ agent, role, resources }) => ({
    framework: world.framework(fields.framework),
    role: world.role(role),
    agent: world.agent(agent),
    resources,
  }));
  world.addFramework(fields.framework, info, fields.active, used);
}

function updateFramework(
  world: AllocatorWorld,
  { path, fields }: Extract<Deed, { op: 'updateFramework' }>,
): void {
  const info = acceptedFramework(world, path, fields);
  if (info === null) return;
  world.allocator.updateFramework(world.now, world.knownFramework(fields.framework), info);
}

/** Null when the call is refused, as expected. */
function acceptedFramework(
  world: AllocatorWorld,
  path: string,
  fields: FieldsOf<'updateFramework'>,
): AllocatorFramework | null {
  const read = readFramework(world, fields);
  if (read.ok && !fields.expectError) return read.info;
  if (!read.ok && fields.expectError) return null;
  if (read.ok) throw new ExpectationFailed('the call', 'refused', 'accepted');
  throw new MalformedInput(path, read.reason);
}

/** Ignored, by the master already, if the framework or the agent is unknown. */
function recoverResources(world: AllocatorWorld, fields: FieldsOf<'recoverResources'>): void {
  const { framework, agent, role, resources, filterSeconds } = fields;
  if (!world.hasFramework(framework) || !world.hasAgent(agent)) return;
  world.allocator.recoverResources(
    world.now,
    world.framework(framework),
    world.role(role),
    world.agent(agent),
    resources,
    filterSeconds,
  );
}

function recoverOffers(world: AllocatorWorld, fields: FieldsOf<'recoverOffers'>): void {
  for (const record of world.ledger.lastClaimed) {
    if (fields.framework !== undefined && fields.framework !== record.framework) continue;
    recoverResources(world, { ...record, filterSeconds: fields.filterSeconds });
  }
}

function updateAllocation(world: AllocatorWorld, fields: FieldsOf<'updateAllocation'>): void {
  const { framework, agent, role, offered, operations } = fields;
  world.allocator.updateAllocation(
    world.now,
    world.knownFramework(framework),
    world.role(role),
    world.knownAgent(agent),
    offered,
    operations,
  );
  noteOperations(world, agent, operations);
}

function updateAvailable(world: AllocatorWorld, fields: FieldsOf<'updateAvailable'>): void {
  const { agent, operations, expectFailure } = fields;
  const isDone = world.allocator.updateAvailable(world.now, world.knownAgent(agent), operations);
  if (isDone === expectFailure) {
    throw new ExpectationFailed(
      'the operations',
      expectFailure ? 'failure' : 'success',
      isDone ? 'success' : 'failure',
    );
  }
  if (isDone) noteOperations(world, agent, operations);
}

/** Keeps the total that a later `updateAgent` without `resources` repeats in step with the allocator's. */
function noteOperations(
  world: AllocatorWorld,
  agent: string,
  operations: readonly ResourceOperation[],
): void {
  const info = world.agentInfo(agent);
  const total = applyOperations(info.total, operations);
  if (total.ok) world.noteAgent(agent, { ...info, total: total.value });
}
