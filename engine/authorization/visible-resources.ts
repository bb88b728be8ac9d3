import type { ResourceOfferOperation } from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import type { Viewer } from './viewer.ts';

/** What of the resources a viewer may know: reserved for, and allocated to, roles that it may view. */
export function visibleResources(resources: Resources, viewer: Viewer): Resources {
  if (viewer.seesAll) return resources;
  return resources.filter(({ identity }) => {
    const { reservations, allocationRole } = identity;
    if (allocationRole !== null && !viewer.may('view_roles', allocationRole)) return false;
    return reservations.every(({ role }) => viewer.may('view_roles', role));
  });
}

/** Whether an operation may be known: all resources that it is about may be. */
export function isVisibleOperation(info: ResourceOfferOperation, viewer: Viewer): boolean {
  const resources = resourcesOf(info);
  return visibleResources(resources, viewer) === resources;
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
