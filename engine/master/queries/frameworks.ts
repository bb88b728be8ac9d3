import { ALL_SEEING, type Viewer } from '../../authorization/index.ts';
import {
  type ClusterFrameworks,
  type FrameworkStatus,
  type InverseOffer,
  isTerminal,
  type Offer,
} from '../../protocol/index.ts';
import type { Resources } from '../../resources/index.ts';
import type { FrameworkRecord } from '../framework-record.ts';
import type { MasterState } from '../state.ts';
import { ResourceSum } from './resource-sum.ts';

/** GET_FRAMEWORKS (spec 05 §A): those whose user may be viewed. */
export function clusterFrameworks(master: MasterState, viewer: Viewer): ClusterFrameworks {
  return {
    frameworks: [...frameworkStatuses(master, viewer)],
    completedFrameworks: [...completedFrameworkStatuses(master, viewer)],
  };
}

/** One by one, each of the instant it is asked for: a driver may let the master go on in between. */
export function* frameworkStatuses(master: MasterState, viewer: Viewer): Generator<FrameworkStatus> {
  for (const framework of master.frameworks) {
    if (viewer.may('view_frameworks', framework.info.user)) yield frameworkStatus(master, framework);
  }
}

/** The removed ones, oldest first; only with `history: 'full'`. */
export function* completedFrameworkStatuses(
  master: MasterState,
  viewer: Viewer = ALL_SEEING,
): Generator<FrameworkStatus> {
  for (const framework of master.completedFrameworks.values()) {
    if (framework !== null && viewer.may('view_frameworks', framework.info.user))
      yield frameworkStatus(master, framework);
  }
}

/** `Framework`. The same as long as `framework.version` stays the same. O(its tasks, executors and offers). */
export function frameworkStatus(master: MasterState, framework: FrameworkRecord): FrameworkStatus {
  const offers = offersOf(master, framework);
  return {
    frameworkInfo: framework.info,
    active: framework.stream !== null,
    connected: framework.stream !== null,
    recovered: framework.recovered,
    registeredTime: framework.registeredTime,
    reregisteredTime: framework.reregisteredTime,
    unregisteredTime: framework.unregisteredTime,
    offers,
    inverseOffers: inverseOffersOf(master, framework),
    allocatedResources: allocatedTo(master, framework),
    offeredResources: offeredTo(offers),
    offerConstraints: framework.offerConstraints,
  };
}

function inverseOffersOf(
  { inverseOffers }: MasterState,
  framework: FrameworkRecord,
): readonly InverseOffer[] {
  const found: InverseOffer[] = [];
  for (const record of inverseOffers.values()) if (record.framework === framework) found.push(record.offer);
  return found;
}

function offersOf({ offers }: MasterState, framework: FrameworkRecord): readonly Offer[] {
  const found: Offer[] = [];
  for (let slot = framework.offerHead; slot !== -1; slot = offers.nextOfFramework(slot))
    found.push(offers.offer(slot));
  return found;
}

function offeredTo(offers: readonly Offer[]): Resources {
  const sum = new ResourceSum();
  for (const { resources, role } of offers) sum.add(resources, role);
  return sum.total();
}

function allocatedTo(master: MasterState, framework: FrameworkRecord): Resources {
  const sum = new ResourceSum();
  for (const task of framework.tasks.values()) {
    if (!isTerminal(task.state)) sum.add(task.info.resources, master.allocator.roleName(task.role));
  }
  for (const { info, role } of framework.supersededTasks ?? [])
    sum.add(info.resources, master.allocator.roleName(role));
  for (const { info, role } of framework.executors) sum.add(info.resources, master.allocator.roleName(role));
  return sum.total();
}
