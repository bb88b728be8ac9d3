import { err, ok, type Result } from '../core/index.ts';
import type { ResourceError, RoleFault } from './resource-error.ts';

/** The role of resources that nobody reserved (spec 01 §3). */
export const DEFAULT_ROLE = '*';

const SLASH = 0x2f;
const DASH = 0x2d;
const DELETE = 0x7f;

/** Whether `name` is a role's name (spec 08 §1): `*`, or components joined by `/`. */
export function validateRole(name: string): Result<void, ResourceError> {
  const reason = roleFault(name);
  return reason === null ? ok(undefined) : err({ code: 'ROLE_INVALID', role: name, reason });
}

/** `a/b` is a strict subrole of `a`; no role is one of itself. */
export function isStrictSubrole(role: string, of: string): boolean {
  return role.length > of.length && role.charCodeAt(of.length) === SLASH && role.startsWith(of);
}

/** The roles above `role`, nearest first: `a/b/c` → `a/b`, `a`. */
export function ancestors(role: string): string[] {
  const above: string[] = [];
  for (let slash = role.lastIndexOf('/'); slash > 0; slash = role.lastIndexOf('/', slash - 1)) {
    above.push(role.slice(0, slash));
  }
  return above;
}

function roleFault(name: string): RoleFault | null {
  if (name === DEFAULT_ROLE) return null;
  if (name === '') return 'EMPTY';
  if (name.charCodeAt(0) === SLASH || name.charCodeAt(name.length - 1) === SLASH) return 'SLASH_AT_END';
  for (let index = 0; index < name.length; index++) {
    if (isForbiddenCharacter(name.charCodeAt(index))) return 'FORBIDDEN_CHARACTER';
  }
  for (const component of name.split('/')) {
    if (component === '') return 'EMPTY_COMPONENT';
    if (component === '.' || component === '..' || component === '*') return 'RESERVED_COMPONENT';
    if (component.charCodeAt(0) === DASH) return 'LEADING_DASH';
  }
  return null;
}

/** Tab, line feed, vertical tab, form feed, carriage return, space, and DEL. */
function isForbiddenCharacter(code: number): boolean {
  return (code >= 0x09 && code <= 0x0d) || code === 0x20 || code === DELETE;
}
