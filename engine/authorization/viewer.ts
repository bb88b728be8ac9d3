import { valueLayout } from '../core/graph/index.ts';
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

/** What the ACLs let a principal see, null without ACLs. */
export class PrincipalViewer implements Viewer {
  readonly seesAll: boolean;
  readonly acls: Acls | null;
  readonly principal: string | null;

  constructor(acls: Acls | null, principal: string | null) {
    this.seesAll = acls === null;
    this.acls = acls;
    this.principal = principal;
  }

  may(action: ViewAction, object: string | null): boolean {
    return this.acls === null || authorize(this.acls, this.principal, { action, object });
  }

  static readonly layout = valueLayout({
    pack: ({ acls, principal }: PrincipalViewer) => ({ acls, principal }),
    unpack: ({ acls, principal }) => viewerOf(acls, principal),
  });
}

export const ALL_SEEING = new PrincipalViewer(null, null);

/** What the ACLs let a principal see; without ACLs everything. */
export function viewerOf(acls: Acls | null, principal: string | null): PrincipalViewer {
  return acls === null ? ALL_SEEING : new PrincipalViewer(acls, principal);
}
