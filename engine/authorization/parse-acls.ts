import { err, ok, type Result } from '../core/index.ts';
import type { AuthorizationAction } from '../protocol/index.ts';
import type { AclEntity, AclRule, Acls } from './acls.ts';
import { hasObjectValues, isAuthorizationAction, OBJECT_KEY } from './actions.ts';

/** What in the JSON is wrong, as a path like `run_tasks[0].users`, and what it should be. */
export interface AclsError {
  readonly path: string;
  readonly message: string;
}

export function aclsErrorText({ path, message }: AclsError): string {
  return path === '' ? `The ACLs are invalid: ${message}` : `The ACLs are invalid at '${path}': ${message}`;
}

/** Reads `--acls` from parsed JSON. Refused whole if any part of it is not understood: a rule that is skipped would grant or deny in silence. */
export function parseAcls(json: unknown): Result<Acls, AclsError> {
  if (!isObject(json)) return invalid('', 'expected an object with actions and lists of rules');
  const rules = new Map<AuthorizationAction, readonly AclRule[]>();
  let permissive = true;
  for (const [name, value] of Object.entries(json)) {
    if (name === 'permissive') {
      if (typeof value !== 'boolean') return invalid(name, 'expected true or false');
      permissive = value;
    } else if (!isAuthorizationAction(name)) {
      return invalid(name, `there is no such action; the actions are ${Object.keys(OBJECT_KEY).join(', ')}`);
    } else {
      const parsed = parseRules(name, value);
      if (!parsed.ok) return parsed;
      rules.set(name, parsed.value);
    }
  }
  return ok({ permissive, rules });
}

function parseRules(action: AuthorizationAction, json: unknown): Result<readonly AclRule[], AclsError> {
  if (!Array.isArray(json)) return invalid(action, 'expected a list of rules');
  const objectKey = OBJECT_KEY[action];
  const rules: AclRule[] = [];
  for (let index = 0; index < json.length; index++) {
    const path = `${action}[${index}]`;
    const rule: unknown = json[index];
    if (!isObject(rule)) return invalid(path, `expected an object with 'principals' and '${objectKey}'`);
    for (const key of Object.keys(rule)) {
      if (key !== 'principals' && key !== objectKey)
        return invalid(`${path}.${key}`, `a rule of ${action} has only 'principals' and '${objectKey}'`);
    }
    const principals = parseEntity(`${path}.principals`, rule['principals']);
    if (!principals.ok) return principals;
    const objects = parseEntity(`${path}.${objectKey}`, rule[objectKey]);
    if (!objects.ok) return objects;
    const error = objectError(action, objects.value);
    if (error !== null) return invalid(`${path}.${objectKey}`, error);
    rules.push({ principals: principals.value, objects: objects.value });
  }
  return ok(rules);
}

function parseEntity(path: string, json: unknown): Result<AclEntity, AclsError> {
  if (json === undefined)
    return invalid(path, 'is missing: {"type":"ANY"}, {"type":"NONE"} or {"values":[…]}');
  if (!isObject(json)) return invalid(path, 'expected {"type":"ANY"}, {"type":"NONE"} or {"values":[…]}');
  for (const key of Object.keys(json)) {
    if (key !== 'type' && key !== 'values')
      return invalid(`${path}.${key}`, "an entity has only 'type' and 'values'");
  }
  const { type = 'SOME', values } = json;
  if (type === 'ANY' || type === 'NONE') {
    if (values !== undefined) return invalid(`${path}.values`, `type ${type} takes no values`);
    return ok({ type });
  }
  if (type !== 'SOME')
    return invalid(`${path}.type`, `expected ANY, NONE or SOME, not ${JSON.stringify(type)}`);
  if (!Array.isArray(values) || values.length === 0)
    return invalid(path, 'expected {"type":"ANY"}, {"type":"NONE"} or a list of values that is not empty');
  const names: string[] = [];
  for (let index = 0; index < values.length; index++) {
    const value: unknown = values[index];
    if (typeof value !== 'string' || value === '')
      return invalid(`${path}.values[${index}]`, 'expected a text that is not empty');
    names.push(value);
  }
  return ok({ type: 'SOME', values: names });
}

/** What the objects of a rule may not say. */
function objectError(action: AuthorizationAction, objects: AclEntity): string | null {
  if (objects.type !== 'SOME') return null;
  if (!hasObjectValues(action)) return 'the objects of this action are not told apart: use ANY or NONE';
  if (OBJECT_KEY[action] !== 'roles') return null;
  for (const role of objects.values) {
    const percent = role.indexOf('%');
    if (percent !== -1 && (percent !== role.length - 1 || !role.endsWith('/%') || role === '/%'))
      return `'${role}' is no role: '%' stands only at the end, after the name of a role, as in 'eng/%'`;
  }
  return null;
}

function isObject(json: unknown): json is { readonly [key: string]: unknown } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function invalid(path: string, message: string): Result<never, AclsError> {
  return err({ path, message });
}
