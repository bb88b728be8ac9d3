import type { Viewer } from '../../authorization/index.ts';
import type { FrameworkId } from '../../core/index.ts';
import { isTerminal, type RoleStatus } from '../../protocol/index.ts';
import { ancestors, type Resources } from '../../resources/index.ts';
import type { MasterState } from '../state.ts';
import { ResourceSum } from './resource-sum.ts';

interface KnownRole {
  readonly frameworks: Set<FrameworkId>;
  readonly resources: ResourceSum;
}

/**
 * GET_ROLES (spec 05 §A): every role that a framework subscribes to or holds something in, that something is reserved for, or that has a
 * weight or a quota; with their ancestors, by name. `resources` are offered or in use, `allocate`d to the role itself.
 */
export function roleStatuses(master: MasterState, viewer: Viewer): readonly RoleStatus[] {
  const known = new Map<string, KnownRole>();
  addFrameworks(master, known);
  for (const agent of master.agents) {
    for (const { identity } of agent.info.resources.reserved().entries) {
      for (const { role } of identity.reservations) roleOf(known, role);
    }
  }
  for (const name of master.weights.keys()) roleOf(known, name);
  for (const name of master.quotas.keys()) roleOf(known, name);
  for (const name of [...known.keys()]) {
    for (const ancestor of ancestors(name)) roleOf(known, ancestor);
  }
  return [...known]
    .filter(([name]) => viewer.may('view_roles', name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { frameworks, resources }]) => ({
      name,
      weight: master.weights.get(name) ?? 1,
      frameworks: [...frameworks].filter((id) => {
        const framework = master.frameworksById.get(id);
        return framework !== undefined && viewer.may('view_frameworks', framework.info.user);
      }),
      resources: resources.total(),
    }));
}

function addFrameworks(master: MasterState, known: Map<string, KnownRole>): void {
  const { allocator, offers } = master;
  for (const framework of master.frameworks) {
    for (const name of framework.roles) roleOf(known, name).frameworks.add(framework.id);
    const hold = (name: string, resources: Resources) => {
      const role = roleOf(known, name);
      role.frameworks.add(framework.id);
      role.resources.add(resources, name);
    };
    for (const { role, state, info } of framework.tasks.values()) {
      if (!isTerminal(state)) hold(allocator.roleName(role), info.resources);
    }
    for (const { role, info } of framework.supersededTasks ?? [])
      hold(allocator.roleName(role), info.resources);
    for (const { role, info } of framework.executors) hold(allocator.roleName(role), info.resources);
    for (let slot = framework.offerHead; slot !== -1; slot = offers.nextOfFramework(slot)) {
      const offer = offers.offer(slot);
      hold(offer.role, offer.resources);
    }
  }
}

function roleOf(known: Map<string, KnownRole>, name: string): KnownRole {
  let role = known.get(name);
  if (role === undefined) {
    role = { frameworks: new Set(), resources: new ResourceSum() };
    known.set(name, role);
  }
  return role;
}
