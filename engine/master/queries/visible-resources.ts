import type { Viewer } from '../../authorization/index.ts';
import type { Resources } from '../../resources/index.ts';

/** What of the resources a viewer may know: reserved for, and allocated to, roles that it may view. */
export function visibleResources(resources: Resources, viewer: Viewer): Resources {
  if (viewer.seesAll) return resources;
  return resources.filter(({ identity }) => {
    const { reservations, allocationRole } = identity;
    if (allocationRole !== null && !viewer.may('view_roles', allocationRole)) return false;
    return reservations.every(({ role }) => viewer.may('view_roles', role));
  });
}
