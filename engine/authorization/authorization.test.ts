import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuthorizationAction } from '../protocol/index.ts';
import { OBJECT_KEY } from './actions.ts';
import { type Acls, aclsErrorText, authorize, parseAcls, viewerOf } from './index.ts';

// Spec 14 §2: local ACLs.

function acls(json: unknown): Acls {
  const parsed = parseAcls(json);
  if (!parsed.ok) throw new Error(aclsErrorText(parsed.error));
  return parsed.value;
}

const ANY = { type: 'ANY' };
const NONE = { type: 'NONE' };
const some = (...values: string[]) => ({ values });

test('without a rule of the action everybody may, unless the ACLs are not permissive', () => {
  const request = { action: 'run_tasks', object: 'root' } as const;
  expect(authorize(acls({}), 'p', request)).toBe(true);
  expect(authorize(acls({ permissive: false }), 'p', request)).toBe(false);
});

test('the first rule whose subject and object both match decides', () => {
  const rules = acls({
    run_tasks: [
      { principals: some('p'), users: some('root') },
      { principals: some('p'), users: NONE },
      { principals: ANY, users: some('guest') },
      { principals: NONE, users: some('root') },
    ],
    permissive: true,
  });
  expect(authorize(rules, 'p', { action: 'run_tasks', object: 'root' })).toBe(true);
  expect(authorize(rules, 'p', { action: 'run_tasks', object: 'guest' })).toBe(false);
  expect(authorize(rules, 'q', { action: 'run_tasks', object: 'guest' })).toBe(true);
  expect(authorize(rules, 'q', { action: 'run_tasks', object: 'root' })).toBe(false);
  expect(authorize(rules, 'q', { action: 'run_tasks', object: 'www' })).toBe(true);
});

test('who proved nothing is matched by ANY and NONE, and by no list', () => {
  const request = { action: 'drain_agents', object: null } as const;
  expect(authorize(acls({ drain_agents: [{ principals: some('p'), agents: ANY }] }), null, request)).toBe(
    true,
  );
  const closed = acls({ permissive: false, drain_agents: [{ principals: some('p'), agents: ANY }] });
  expect(authorize(closed, null, request)).toBe(false);
  expect(authorize(closed, 'p', request)).toBe(true);
  expect(authorize(acls({ drain_agents: [{ principals: NONE, agents: ANY }] }), null, request)).toBe(false);
});

test('eng/% stands for every role strictly below eng, of roles only', () => {
  const rules = acls({
    permissive: false,
    register_frameworks: [{ principals: ANY, roles: some('eng/%', 'ops') }],
    run_tasks: [{ principals: ANY, users: some('eng/%') }],
  });
  const mayRegister = (object: string) => authorize(rules, 'p', { action: 'register_frameworks', object });
  expect(['eng/db', 'eng/db/x', 'ops'].map(mayRegister)).toEqual([true, true, true]);
  expect(['eng', 'eng/', 'engine/db', 'ops/x', '*'].map(mayRegister)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(authorize(rules, 'p', { action: 'run_tasks', object: 'eng/db' })).toBe(false);
});

test.each([
  [[], '', 'expected an object'],
  [null, '', 'expected an object'],
  [{ permissive: 'yes' }, 'permissive', 'true or false'],
  [{ run_task: [] }, 'run_task', 'no such action'],
  [{ run_tasks: {} }, 'run_tasks', 'a list of rules'],
  [{ run_tasks: [1] }, 'run_tasks[0]', "'principals' and 'users'"],
  [{ run_tasks: [{ principals: ANY, roles: ANY }] }, 'run_tasks[0].roles', "only 'principals' and 'users'"],
  [{ run_tasks: [{ principals: ANY }] }, 'run_tasks[0].users', 'is missing'],
  [{ run_tasks: [{ users: ANY }] }, 'run_tasks[0].principals', 'is missing'],
  [{ run_tasks: [{ principals: 'p', users: ANY }] }, 'run_tasks[0].principals', 'expected {"type":"ANY"}'],
  [
    { run_tasks: [{ principals: { type: 'ALL' }, users: ANY }] },
    'run_tasks[0].principals.type',
    'expected ANY',
  ],
  [
    { run_tasks: [{ principals: { type: 'ANY', values: ['p'] }, users: ANY }] },
    'run_tasks[0].principals.values',
    'no values',
  ],
  [{ run_tasks: [{ principals: { values: [] }, users: ANY }] }, 'run_tasks[0].principals', 'not empty'],
  [
    { run_tasks: [{ principals: { values: [7] }, users: ANY }] },
    'run_tasks[0].principals.values[0]',
    'a text',
  ],
  [
    { run_tasks: [{ principals: { value: ['p'] }, users: ANY }] },
    'run_tasks[0].principals.value',
    "only 'type' and 'values'",
  ],
  [{ drain_agents: [{ principals: ANY, agents: some('S1') }] }, 'drain_agents[0].agents', 'ANY or NONE'],
  [
    { view_roles: [{ principals: ANY, roles: some('e%g') }] },
    'view_roles[0].roles',
    "'%' stands only at the end",
  ],
  [
    { view_roles: [{ principals: ANY, roles: some('%') }] },
    'view_roles[0].roles',
    "'%' stands only at the end",
  ],
])('%j is refused at %s', (json, path, message) => {
  const parsed = parseAcls(json);
  if (parsed.ok) throw new Error('It was taken');
  expect(parsed.error.path).toBe(path);
  expect(aclsErrorText(parsed.error)).toContain(message);
});

test('every action takes rules under its own key of objects', () => {
  for (const [action, key] of Object.entries(OBJECT_KEY)) {
    const rules = acls({ [action]: [{ principals: some('p'), [key]: NONE }] });
    expect(authorize(rules, 'p', { action: action as AuthorizationAction, object: 'x' })).toBe(false);
    expect(authorize(rules, 'q', { action: action as AuthorizationAction, object: 'x' })).toBe(true);
  }
});

/** As Mesos writes it: a request's sides are one name or ANY; sets of names are compared. */
function plainly(
  json: { permissive: boolean; run_tasks: PlainRule[] },
  principal: string | null,
  user: string | null,
) {
  const matches = (entity: PlainEntity, name: string | null) =>
    entity.type !== undefined || (name !== null && entity.values!.includes(name));
  const allows = (entity: PlainEntity, name: string | null) =>
    entity.type === 'ANY' || (entity.type === undefined && name !== null && entity.values!.includes(name));
  for (const rule of json.run_tasks) {
    if (matches(rule.principals, principal) && matches(rule.users, user))
      return allows(rule.principals, principal) && allows(rule.users, user);
  }
  return json.permissive;
}

interface PlainEntity {
  type?: 'ANY' | 'NONE';
  values?: string[];
}
interface PlainRule {
  principals: PlainEntity;
  users: PlainEntity;
}

test('the answer is that of a plain reading of the rules', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const entity: fc.Arbitrary<PlainEntity> = fc.oneof(
    fc.constantFrom<PlainEntity>({ type: 'ANY' }, { type: 'NONE' }),
    fc.record({ values: fc.array(name, { minLength: 1, maxLength: 3 }) }),
  );
  const rules = fc.record({
    permissive: fc.boolean(),
    run_tasks: fc.array(fc.record({ principals: entity, users: entity }), { maxLength: 5 }),
  });
  const asking = fc.option(name);
  fc.assert(
    fc.property(rules, asking, asking, (json, principal, object) => {
      expect(authorize(acls(json), principal, { action: 'run_tasks', object })).toBe(
        plainly(json, principal, object),
      );
    }),
  );
});

test('a viewer sees what the ACLs let it see, and everything without ACLs', () => {
  expect(viewerOf(null, null)).toMatchObject({ seesAll: true });
  const viewer = viewerOf(acls({ view_tasks: [{ principals: some('p'), users: NONE }] }), 'p');
  expect(viewer.seesAll).toBe(false);
  expect(viewer.may('view_tasks', 'root')).toBe(false);
  expect(viewer.may('view_frameworks', 'root')).toBe(true);
});
