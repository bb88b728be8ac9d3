import type { AuthorizationRequest } from '../protocol/index.ts';
import type { AclEntity, Acls } from './acls.ts';
import { OBJECT_KEY } from './actions.ts';

/**
 * Whether `principal`, null for one who proved nothing, may do what is asked (spec 14 §2). The first rule whose subject and object both match
 * decides; NONE on either side of it denies. A null object means any object at all: only ANY allows it. Pure.
 */
export function authorize(acls: Acls, principal: string | null, request: AuthorizationRequest): boolean {
  const rules = acls.rules.get(request.action);
  if (rules === undefined) return acls.permissive;
  const isRole = OBJECT_KEY[request.action] === 'roles';
  for (const { principals, objects } of rules) {
    if (!matches(principals, principal, false) || !matches(objects, request.object, isRole)) continue;
    return principals.type !== 'NONE' && objects.type !== 'NONE';
  }
  return acls.permissive;
}

/** ANY and NONE match everybody; a list matches those on it, and never the nameless. */
function matches(entity: AclEntity, name: string | null, isRole: boolean): boolean {
  if (entity.type !== 'SOME') return true;
  if (name === null) return false;
  for (const value of entity.values) {
    if (value === name || (isRole && isBelow(value, name))) return true;
  }
  return false;
}

/** `eng/%` stands for every role strictly below `eng`. */
function isBelow(pattern: string, role: string): boolean {
  if (!pattern.endsWith('/%')) return false;
  const prefix = pattern.slice(0, -1);
  return role.length > prefix.length && role.startsWith(prefix);
}
