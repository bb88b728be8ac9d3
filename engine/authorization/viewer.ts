import type { AuthorizationAction } from '../protocol/index.ts';
import type { Acls } from './acls.ts';
import { authorize } from './authorize.ts';

/** Actions that decide what is shown. */
export type ViewAction = Extract<
  AuthorizationAction,
  | 'view_roles'
  | 'view_frameworks'
  | 'view_tasks'
  | 'view_executors'
  | 'view_containers'
  | 'get_quotas'
  | 'get_maintenance_schedules'
  | 'get_maintenance_statuses'
>;

/** Who reads: what the answer may contain. `object` is a role for `view_roles` and `get_quotas`, a user for the others, null for machines. */
export interface Viewer {
  /** True if everything may be seen: nothing need be filtered. */
  readonly seesAll: boolean;
  may(action: ViewAction, object: string | null): boolean;
}

export const ALL_SEEING: Viewer = { seesAll: true, may: () => true };

/** What the ACLs let a principal see; without ACLs everything. */
export function viewerOf(acls: Acls | null, principal: string | null): Viewer {
  if (acls === null) return ALL_SEEING;
  return { seesAll: false, may: (action, object) => authorize(acls, principal, { action, object }) };
}
