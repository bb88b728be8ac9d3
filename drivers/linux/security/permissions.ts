import { type Acls, aclsErrorText, authorize, parseAcls } from '../../../engine/authorization/index.ts';
import type { AuthorizationAction } from '../../../engine/protocol/index.ts';
import { FlagError } from '../flags/parse-flags.ts';
import { Refusal } from '../http/refusal.ts';

/** Whether a principal, null for who proved nothing, may do an action on an object, null for any at all. */
export type May = (principal: string | null, action: AuthorizationAction, object?: string | null) => boolean;

/** As the ACLs have it; always without ACLs. */
export function mayBy(acls: Acls | null): May {
  return (principal, action, object = null) =>
    acls === null || authorize(acls, principal, { action, object });
}

/** Throws Refusal: 403. */
export function checkMay(
  { may }: { readonly may: May },
  principal: string | null,
  action: AuthorizationAction,
  object: string | null = null,
): void {
  if (may(principal, action, object)) return;
  const of = object === null ? '' : ` on '${object}'`;
  throw new Refusal(403, `Principal '${principal ?? ''}' is not authorized to ${action}${of}`);
}

/** `--acls`. Throws FlagError. */
export function aclsOf(json: unknown): Acls | null {
  if (json === null) return null;
  const acls = parseAcls(json);
  if (acls.ok) return acls.value;
  throw new FlagError(`--acls: ${aclsErrorText(acls.error)}`);
}
