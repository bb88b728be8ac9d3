import type { AuthorizationAction } from '../protocol/index.ts';

/** `ACL.Entity`: everybody, nobody, or those listed. */
export type AclEntity =
  | { readonly type: 'ANY' | 'NONE' }
  | { readonly type: 'SOME'; readonly values: readonly string[] };

/** One rule of an action. */
export interface AclRule {
  readonly principals: AclEntity;
  readonly objects: AclEntity;
}

/** `--acls` (spec 14 §2): rules by action, in order; `permissive` answers where no rule matches. */
export interface Acls {
  readonly permissive: boolean;
  readonly rules: ReadonlyMap<AuthorizationAction, readonly AclRule[]>;
}
