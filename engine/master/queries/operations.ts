import type { Viewer } from '../../authorization/index.ts';
import type { Operation, ResourceOfferOperation } from '../../protocol/index.ts';
import type { Resources } from '../../resources/index.ts';
import type { MasterState } from '../state.ts';
import { visibleResources } from './visible-resources.ts';

/** Operations whose end is not acknowledged, by agent (spec 05 §A, GET_OPERATIONS): those whose resources may be viewed, all of them. */
export function clusterOperations(master: MasterState, viewer: Viewer): Operation[] {
  const operations: Operation[] = [];
  for (const agent of master.agents) {
    for (const { uuid, frameworkId, info, latestStatus } of agent.operations?.values() ?? []) {
      const resources = resourcesOf(info);
      if (visibleResources(resources, viewer) !== resources) continue;
      operations.push({ uuid, frameworkId, agentId: agent.id, info, latestStatus, statuses: [latestStatus] });
    }
  }
  return operations;
}

function resourcesOf(info: ResourceOfferOperation): Resources {
  switch (info.type) {
    case 'RESERVE':
    case 'UNRESERVE':
      return info.resources;
    case 'CREATE':
    case 'DESTROY':
      return info.volumes;
    case 'GROW_VOLUME':
    case 'SHRINK_VOLUME':
      return info.volume;
    case 'CREATE_DISK':
    case 'DESTROY_DISK':
      return info.source;
  }
}
