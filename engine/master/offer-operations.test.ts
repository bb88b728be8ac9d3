import { describe, expect, test } from 'vitest';
import type { AgentCapability, FrameworkCapability, OfferOperation } from '../protocol/index.ts';
import { ALL_AGENT_CAPABILITIES } from '../protocol/index.ts';
import { type Reservation, Resources } from '../resources/index.ts';
import {
  appliedOn,
  create,
  destroy,
  disk,
  dynamic,
  grow,
  mountDisk,
  operationStatusesOn,
  reserve,
  reserved,
  shrink,
  toldOperation,
  totalOf,
  unreserve,
  volume,
} from './operations-kit.ts';
import { stateDigest } from './state-digest.ts';
import { launch, MasterDriver, resources, SECOND, taskInfo, toldOf, updatesOn } from './test-kit.ts';

const ENG = dynamic('eng');
const REFINED = [ENG, dynamic('eng/db')];

interface SceneParts {
  readonly total?: Resources;
  readonly roles?: readonly string[];
  readonly principal?: string | null;
  readonly capabilities?: readonly FrameworkCapability[];
  readonly without?: readonly AgentCapability[];
}

/** One agent, all of it offered to one framework of role `eng`. */
function scene(parts: SceneParts = {}) {
  const driver = new MasterDriver();
  const scheduler = driver.subscribe({
    roles: parts.roles ?? ['eng'],
    principal: parts.principal ?? null,
    capabilities: parts.capabilities ?? [
      'MULTI_ROLE',
      'PARTITION_AWARE',
      'RESERVATION_REFINEMENT',
      'SHARED_RESOURCES',
    ],
  });
  const agent = driver.register(1, {
    resources: parts.total ?? resources('cpus:4;mem:4096;disk:1000'),
    capabilities: ALL_AGENT_CAPABILITIES.filter((one) => parts.without?.includes(one) !== true),
  });
  const act = (...operations: OfferOperation[]) => {
    driver.wait(6 * SECOND);
    return driver.accept(scheduler, [driver.offerOf(scheduler.id).id], operations, { refuseSeconds: 0 });
  };
  return { driver, scheduler, agent, act };
}

/** What the framework is told of one operation with an id. */
function refusal(operation: OfferOperation, parts: SceneParts = {}): string {
  const { driver, scheduler, agent, act } = scene(parts);
  const before = totalOf(driver, agent);
  const outputs = act({ ...operation, id: 'o' });
  const told = toldOperation(outputs, scheduler);
  if (told !== '') {
    // A refused operation is no operation: nothing is changed and nobody else hears of it.
    expect(appliedOn(outputs, agent.link)).toEqual([]);
    expect(totalOf(driver, agent).equals(before)).toBe(true);
    expect(operationStatusesOn(outputs, scheduler)).toMatchObject([{ operationId: 'o', uuid: null }]);
    // Nor is anything left of it: the same call without it ends in the same state.
    const twin = scene(parts);
    twin.act();
    expect(stateDigest(driver)).toBe(stateDigest(twin.driver));
  }
  return told;
}

const HELD_DISK = reserved('disk:1000', ENG);
const WITH_DISK = resources('cpus:4;mem:4096').plus(HELD_DISK);
const MOUNTED = resources('cpus:4;mem:4096').plus(disk(500, { source: mountDisk('/mnt'), stack: [ENG] }));

const PROVIDED = { source: { ...mountDisk('/x'), type: 'RAW' as const, root: null }, providerId: 'csi' };
const raw = disk(100, PROVIDED);

describe('RESERVE', () => {
  test('moves what is free to the role, in the total, the offers and the agent', () => {
    const { driver, scheduler, agent, act } = scene();
    const outputs = act(reserve(reserved('cpus:1;mem:512', ENG)));
    expect(totalOf(driver, agent).reserved('eng').equals(reserved('cpus:1;mem:512', ENG))).toBe(true);
    expect(appliedOn(outputs, agent.link)).toMatchObject([
      { frameworkId: scheduler.id, info: { type: 'RESERVE', id: null } },
    ]);
    driver.wait(SECOND);
    expect(driver.offerOf(scheduler.id).resources.equals(totalOf(driver, agent))).toBe(true);
    expect(driver.machine.stats.total).toMatchObject({ cpus: 4_000, mem: 4_096_000, disk: 1_000_000 });
  });

  test('refines a reservation, level by level', () => {
    const { driver, agent, act } = scene({ roles: ['eng/db'], total: reserved('cpus:4', ENG) });
    act(reserve(reserved('cpus:1', ...REFINED)));
    expect(
      totalOf(driver, agent)
        .reserved('eng/db')
        .equals(reserved('cpus:1', ...REFINED)),
    ).toBe(true);
  });

  test.each<readonly [string, OfferOperation, SceneParts, RegExp]>([
    [
      "a 'source', which only operators may give",
      { type: 'RESERVE', id: null, source: reserved('cpus:1', ENG), resources: reserved('cpus:1', ENG) },
      {},
      /'source' is not supported for frameworks/,
    ],
    ['no resources', reserve(Resources.EMPTY), {}, /names no resources/],
    ['unreserved resources', reserve(resources('cpus:1')), {}, /not dynamically reserved/],
    [
      'a static reservation on top',
      reserve(reserved('cpus:1', { ...ENG, type: 'STATIC' })),
      {},
      /not dynamically reserved/,
    ],
    ['a persistent volume', reserve(volume()), {}, /cannot be reserved/],
    [
      'resources of two providers',
      reserve(disk(10, { stack: [ENG], providerId: 'a' }).plus(disk(10, { stack: [ENG], providerId: 'b' }))),
      {},
      /one resource provider/,
    ],
    [
      'a hierarchical role that the agent does not know of',
      reserve(reserved('cpus:1', dynamic('eng/db'))),
      { roles: ['eng/db'], without: ['HIERARCHICAL_ROLE'] },
      /lacks HIERARCHICAL_ROLE/,
    ],
    [
      'a refinement that the agent does not know of',
      reserve(reserved('cpus:1', ...REFINED)),
      { roles: ['eng/db'], without: ['RESERVATION_REFINEMENT'] },
      /agent does not support: it lacks RESERVATION_REFINEMENT/,
    ],
    [
      'a refinement by a framework that lacks the capability',
      reserve(reserved('cpus:1', ...REFINED)),
      { roles: ['eng/db'], capabilities: ['MULTI_ROLE'] },
      /framework may not make: it lacks RESERVATION_REFINEMENT/,
    ],
    [
      'no principal where the framework has one',
      reserve(reserved('cpus:1', ENG)),
      { principal: 'p' },
      /names no principal/,
    ],
    [
      "another's principal",
      reserve(reserved('cpus:1', dynamic('eng', 'q'))),
      { principal: 'p' },
      /by principal 'p', but .* names principal 'q'/,
    ],
    [
      'another role than that of the offers',
      reserve(reserved('cpus:1', dynamic('ops'))),
      {},
      /allocated to role 'eng'.*'ops'/,
    ],
    [
      'resources allocated to another role',
      reserve(reserved('cpus:1', ENG).allocate('ops')),
      {},
      /allocated to role 'ops'/,
    ],
    ['more than there is in the offers', reserve(reserved('cpus:5', ENG)), {}, /cpus/],
  ])('is refused for %s', (_, operation, parts, text) => {
    expect(refusal(operation, parts)).toMatch(text);
  });

  test('of revocable resources is refused', () => {
    const revocable = volume({ revocable: true });
    expect(refusal(reserve(revocable))).toMatch(/revocable/);
  });

  test('under the principal of the framework is done', () => {
    expect(refusal(reserve(reserved('cpus:1', dynamic('eng', 'p'))), { principal: 'p' })).toBe('');
  });

  test('under any principal is done for a framework without one', () => {
    expect(refusal(reserve(reserved('cpus:1', dynamic('eng', 'whoever'))))).toBe('');
  });

  test('of resources that say the role of the offers is done', () => {
    expect(refusal(reserve(reserved('cpus:1', ENG).allocate('eng')))).toBe('');
  });
});

describe('UNRESERVE', () => {
  test('takes one level off', () => {
    const { driver, agent, act } = scene({ roles: ['eng/db'], total: reserved('cpus:4', ...REFINED) });
    act(unreserve(reserved('cpus:1', ...REFINED)));
    expect(totalOf(driver, agent).reserved('eng').equals(reserved('cpus:1', ENG))).toBe(true);
  });

  test.each<readonly [string, OfferOperation, SceneParts, RegExp]>([
    ['no resources', unreserve(Resources.EMPTY), {}, /names no resources/],
    ['unreserved resources', unreserve(resources('cpus:1')), {}, /not dynamically reserved/],
    [
      'a static reservation',
      unreserve(reserved('cpus:1', { ...ENG, type: 'STATIC' })),
      { total: reserved('cpus:4', { ...ENG, type: 'STATIC' }) },
      /not dynamically reserved/,
    ],
    ['a persistent volume', unreserve(volume()), {}, /cannot be unreserved directly/],
    ['a reservation that is not in the offers', unreserve(reserved('cpus:1', ENG)), {}, /cpus/],
    [
      "another's reservation with other labels",
      unreserve(reserved('cpus:1', dynamic('eng', null, [{ key: 'a', value: 'b' }]))),
      { total: reserved('cpus:4', ENG) },
      /cpus/,
    ],
  ])('is refused for %s', (_, operation, parts, text) => {
    expect(refusal(operation, parts)).toMatch(text);
  });
});

describe('CREATE', () => {
  test('makes a volume of reserved disk', () => {
    const { driver, agent, act } = scene({ total: WITH_DISK });
    act(create(volume()));
    expect(totalOf(driver, agent).persistentVolumes().equals(volume())).toBe(true);
    expect(totalOf(driver, agent).disk).toBe(1_000_000);
  });

  test.each<readonly [string, OfferOperation, SceneParts, RegExp]>([
    ['no volumes', create(Resources.EMPTY), {}, /names no volumes/],
    ['plain disk', create(reserved('disk:64', ENG)), {}, /not a persistent volume/],
    ['something other than disk', create(reserved('cpus:1', ENG)), {}, /not a persistent volume/],
    ['unreserved disk', create(volume({ stack: [] })), {}, /must be made of reserved disk/],
    ['an empty id', create(volume({ id: '' })), {}, /Persistence id '' is invalid/],
    ["an id with '/'", create(volume({ id: 'a/b' })), {}, /is invalid/],
    ["the id '..'", create(volume({ id: '..' })), {}, /is invalid/],
    ['an id with a control character', create(volume({ id: 'a\n' })), {}, /is invalid/],
    ['an id that is too long', create(volume({ id: 'x'.repeat(256) })), {}, /is invalid/],
    ['no mount point', create(volume({ mode: null })), {}, /Expecting 'volume'/],
    ['a mount point that cannot be written', create(volume({ mode: 'RO' })), {}, /Read-only/],
    ['revocable disk', create(volume({ revocable: true })), {}, /revocable/],
    ['one id twice', create(volume().plus(volume({ size: 32 }))), {}, /'db' is not unique for role 'eng'/],
    [
      'the id of a volume that exists',
      create(volume({ size: 32 })),
      { total: WITH_DISK.plus(volume()) },
      /not unique/,
    ],
    ['no principal where the framework has one', create(volume()), { principal: 'p' }, /names no principal/],
    ["another's principal", create(volume({ principal: 'q' })), { principal: 'p' }, /principal 'q'/],
    [
      'volumes of two providers',
      create(volume({ id: 'a', providerId: 'x' }).plus(volume({ id: 'b', providerId: 'y' }))),
      {},
      /one resource provider/,
    ],
    [
      'a shared volume by a framework that lacks the capability',
      create(volume({ shared: true })),
      { capabilities: ['MULTI_ROLE'] },
      /SHARED_RESOURCES/,
    ],
    [
      'a part of a MOUNT disk',
      create(volume({ source: mountDisk('/mnt'), size: 100 })),
      { total: MOUNTED },
      /takes the whole disk/,
    ],
    ['more disk than there is', create(volume({ size: 2_000 })), { total: WITH_DISK }, /disk/],
  ])('is refused for %s', (_, operation, parts, text) => {
    expect(refusal(operation, { total: WITH_DISK, ...parts })).toMatch(text);
  });

  test('takes a whole MOUNT disk', () => {
    const { driver, agent, act } = scene({ total: MOUNTED });
    const whole = volume({ source: mountDisk('/mnt'), size: 500 });
    act(create(whole));
    expect(totalOf(driver, agent).persistentVolumes().equals(whole)).toBe(true);
  });

  test('may give one id to volumes of two roles', () => {
    const other: Reservation = dynamic('ops');
    const total = WITH_DISK.plus(volume({ stack: [other] }));
    expect(refusal(create(volume()), { total })).toBe('');
  });
});

describe('DESTROY', () => {
  test('makes disk of a volume, which keeps its reservation', () => {
    const { driver, agent, act } = scene({ total: volume() });
    act(destroy(volume()));
    expect(totalOf(driver, agent).equals(reserved('disk:64', ENG))).toBe(true);
  });

  test.each<readonly [string, OfferOperation, SceneParts, RegExp]>([
    ['no volumes', destroy(Resources.EMPTY), {}, /names no volumes/],
    ['plain disk', destroy(reserved('disk:64', ENG)), {}, /not a persistent volume/],
    ['a volume that the agent does not have', destroy(volume({ id: 'other' })), {}, /not known on the agent/],
    ['a volume of another size', destroy(volume({ size: 32 })), {}, /not known on the agent/],
  ])('is refused for %s', (_, operation, parts, text) => {
    expect(refusal(operation, { total: resources('cpus:1').plus(volume()), ...parts })).toMatch(text);
  });

  test('of a volume in use is refused', () => {
    const shared = volume({ shared: true });
    const { driver, scheduler, agent, act } = scene({ total: resources('cpus:1').plus(shared) });
    act(launch(taskInfo(1, agent.id, {}, resources('cpus:0.5').plus(shared))));
    driver.wait(SECOND);
    expect(toldOperation(act(destroy(shared, 'o')), scheduler)).toMatch(/is in use/);
  });

  test('of a shared volume rescinds the copies on offer elsewhere', () => {
    const shared = volume({ shared: true });
    const { driver, scheduler, act } = scene({ total: resources('cpus:1').plus(shared) });
    driver.wait(SECOND);
    const other = driver.subscribe({ capabilities: ['MULTI_ROLE', 'SHARED_RESOURCES'] });
    driver.wait(SECOND);
    expect(driver.offersOf(other.id)).toHaveLength(1);
    const outputs = act(destroy(shared, 'o'));
    expect(toldOperation(outputs, scheduler)).toBe('');
    expect(driver.offersOf(other.id)).toEqual([]);
  });
});

describe('GROW_VOLUME and SHRINK_VOLUME', () => {
  const total = WITH_DISK.plus(volume());
  const more = reserved('disk:36', ENG);

  test('change the size of a volume', () => {
    const { driver, agent, act } = scene({ total });
    act(grow(volume(), more));
    expect(
      totalOf(driver, agent)
        .persistentVolumes()
        .equals(volume({ size: 100 })),
    ).toBe(true);
    act(shrink(volume({ size: 100 }), 60));
    expect(
      totalOf(driver, agent)
        .persistentVolumes()
        .equals(volume({ size: 40 })),
    ).toBe(true);
    expect(totalOf(driver, agent).disk).toBe(1_064_000);
  });

  test.each<readonly [string, OfferOperation]>([
    ['a grown', grow(volume(), more)],
    ['a shrunk', shrink(volume(), 28)],
  ])('%s volume cannot be used by a later operation of the same call', (what, operation) => {
    const { driver, scheduler, agent, act } = scene({ total });
    const size = what === 'a grown' ? 100 : 36;
    const outputs = act(operation, destroy(volume({ size }), 'o'));
    expect(toldOperation(outputs, scheduler)).toMatch(/OPERATION_ERROR/);
    // It comes with the next offer, at once.
    driver.wait(SECOND);
    expect(driver.offerOf(scheduler.id, agent.id).resources.contains(volume({ size }))).toBe(true);
  });

  test.each<readonly [string, OfferOperation, SceneParts, RegExp]>([
    [
      'an agent without RESIZE_VOLUME, when it grows',
      grow(volume(), more),
      { without: ['RESIZE_VOLUME'] },
      /RESIZE_VOLUME/,
    ],
    [
      'an agent without RESIZE_VOLUME, when it shrinks',
      shrink(volume(), 1),
      { without: ['RESIZE_VOLUME'] },
      /RESIZE_VOLUME/,
    ],
    ['a shared volume that grows', grow(volume({ shared: true }), more), {}, /shared/i],
    ['a shared volume that shrinks', shrink(volume({ shared: true }), 1), {}, /shared/i],
    ["a provider's volume that grows", grow(volume({ providerId: 'x' }), more), {}, /provider/i],
    ["a provider's volume that shrinks", shrink(volume({ providerId: 'x' }), 1), {}, /provider/i],
    [
      'a volume on a MOUNT disk that shrinks',
      shrink(volume({ source: mountDisk('/mnt') }), 1),
      {},
      /whole|MOUNT/,
    ],
    ['an addition that is another kind of disk', grow(volume(), resources('disk:1')), {}, /addition/i],
    ['no addition', grow(volume(), Resources.EMPTY), {}, /OPERATION_ERROR/],
    ['plain disk', grow(reserved('disk:64', ENG), more), {}, /volume/],
    ['nothing taken off', shrink(volume(), 0), {}, /OPERATION_ERROR/],
    ['all taken off', shrink(volume(), 64), {}, /OPERATION_ERROR/],
    ['an addition that is not in the offers', grow(volume(), reserved('disk:2000', ENG)), {}, /disk/],
  ])('are refused for %s', (_, operation, parts, text) => {
    expect(refusal(operation, { total, ...parts })).toMatch(text);
  });
});

describe('CREATE_DISK and DESTROY_DISK', () => {
  const make: OfferOperation = {
    type: 'CREATE_DISK',
    id: null,
    source: raw,
    targetType: 'MOUNT',
    targetProfile: 'fast',
  };
  const total = resources('cpus:1').plus(raw);

  test('hold their disk until the provider has decided', () => {
    const { driver, scheduler, agent, act } = scene({ total });
    const outputs = act({ ...make, id: 'o' });
    expect(appliedOn(outputs, agent.link)).toMatchObject([{ info: { type: 'CREATE_DISK' } }]);
    expect(totalOf(driver, agent).equals(total)).toBe(true);
    driver.wait(10 * SECOND);
    expect(driver.offerOf(scheduler.id).resources.equals(resources('cpus:1'))).toBe(true);
    expect(driver.machine.stats.allocated).toMatchObject({ disk: 100_000 });
  });

  test.each<readonly [string, OfferOperation, SceneParts, RegExp]>([
    [
      'a disk of no provider',
      { ...make, source: disk(100, { source: PROVIDED.source }) },
      {},
      /resource provider manages/,
    ],
    ['plain disk', { ...make, source: resources('disk:1') }, {}, /resource provider manages/],
    [
      'two disks',
      { ...make, source: raw.plus(disk(5, { ...PROVIDED, providerId: 'b' })) },
      {},
      /exactly one disk/,
    ],
    ['no disk', { ...make, source: Resources.EMPTY }, {}, /exactly one disk/],
    [
      'a disk that is not RAW',
      { ...make, source: disk(1, { source: mountDisk('/m'), providerId: 'a' }) },
      {},
      /needs a RAW disk/,
    ],
    ['no profile at all', { ...make, targetProfile: null }, {}, /'target_profile' must be set/],
    [
      'a profile where the disk has one',
      { ...make, source: disk(1, { ...PROVIDED, source: { ...PROVIDED.source, profile: 'slow' } }) },
      {},
      /'target_profile' must not be set/,
    ],
    ['a disk that is not in the offers', make, { total: resources('cpus:1;disk:100') }, /not part of/],
    ['an agent without resource providers', make, { without: ['RESOURCE_PROVIDER'] }, /RESOURCE_PROVIDER/],
    [
      'the destruction of a disk of no provider',
      { type: 'DESTROY_DISK', id: null, source: resources('disk:1') },
      {},
      /resource provider manages/,
    ],
    [
      'the destruction of a volume',
      { type: 'DESTROY_DISK', id: null, source: volume({ source: mountDisk('/m'), providerId: 'a' }) },
      {},
      /holds a persistent volume/,
    ],
  ])('are refused for %s', (_, operation, parts, text) => {
    expect(refusal(operation, { total, ...parts })).toMatch(text);
  });
});

describe('an id', () => {
  test('on an agent without RESOURCE_PROVIDER is an OPERATION_ERROR', () => {
    expect(refusal(reserve(reserved('cpus:1', ENG)), { without: ['RESOURCE_PROVIDER'] })).toMatch(
      /required RESOURCE_PROVIDER/,
    );
  });

  test('on an agent without AGENT_OPERATION_FEEDBACK is an OPERATION_ERROR', () => {
    expect(refusal(reserve(reserved('cpus:1', ENG)), { without: ['AGENT_OPERATION_FEEDBACK'] })).toMatch(
      /required AGENT_OPERATION_FEEDBACK/,
    );
  });

  test('that is missing spares the framework all news of a refusal', () => {
    const { scheduler, act } = scene();
    expect(operationStatusesOn(act(reserve(reserved('cpus:9', ENG))), scheduler)).toEqual([]);
  });
});

test('an agent without RESOURCE_PROVIDER is told its total', () => {
  const { driver, agent, act } = scene({ without: ['RESOURCE_PROVIDER'] });
  const outputs = act(reserve(reserved('cpus:1', ENG)));
  expect(outputs).toContainEqual({
    kind: 'toAgent',
    link: agent.link,
    message: { type: 'CHECKPOINT_RESOURCES', resources: totalOf(driver, agent) },
  });
  expect(appliedOn(outputs, agent.link)).toEqual([]);
});

describe('operations of one call', () => {
  test('consume what earlier ones made: RESERVE, CREATE, LAUNCH (spec 09 §7)', () => {
    const { driver, scheduler, agent, act } = scene();
    const outputs = act(
      reserve(reserved('cpus:1;disk:64', ENG)),
      create(volume()),
      launch(taskInfo(1, agent.id, {}, reserved('cpus:1', ENG).plus(volume()))),
    );
    expect(updatesOn(outputs, scheduler.stream)).toEqual([]);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
    expect(outputs.flatMap((one) => (one.kind === 'toAgent' ? [one.message.type] : []))).toEqual([
      'APPLY_OPERATION',
      'APPLY_OPERATION',
      'RUN_TASK',
    ]);
  });

  test('fail each alone: what comes after a refused one is done', () => {
    const { driver, scheduler, agent, act } = scene();
    const outputs = act(
      reserve(reserved('cpus:99', ENG), 'a'),
      reserve(reserved('cpus:1', ENG)),
      launch(taskInfo(1, agent.id, {}, reserved('cpus:2', ENG))),
      launch(taskInfo(2, agent.id, {}, reserved('cpus:1', ENG))),
    );
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['1 TASK_ERROR REASON_TASK_INVALID']);
    expect(driver.stateOf(scheduler.id, 2)).toBe('TASK_STAGING');
  });

  test('leave what they made without a filter, and what nobody touched with the filter of the call', () => {
    const { driver, scheduler, agent } = scene();
    driver.allocator.recoveries.length = 0;
    const { id } = driver.offerOf(scheduler.id);
    const operations = [
      reserve(reserved('cpus:2', ENG)),
      launch(taskInfo(1, agent.id, {}, reserved('cpus:0.5', ENG))),
    ];
    driver.accept(scheduler, [id], operations, { refuseSeconds: 60 });
    expect(
      driver.allocator.recoveries.map(({ resources: back, refuse }) => [back.toString(), refuse]),
    ).toEqual([
      [reserved('cpus:1.5', ENG).toString(), null],
      ['cpus:2;disk:1000;mem:4096', 60 * SECOND],
    ]);
  });

  test('that undo each other leave everything untouched', () => {
    const { driver, scheduler } = scene();
    driver.allocator.recoveries.length = 0;
    const what = reserved('cpus:2', ENG);
    driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [reserve(what), unreserve(what)]);
    expect(driver.allocator.recoveries.map(({ refuse }) => refuse)).toEqual([5 * SECOND]);
  });
});

test('fractions that are reserved and given back leave the total as it was (bug ledger B32)', () => {
  const { driver, agent, act } = scene({ total: resources('cpus:1') });
  const tenths = Array.from({ length: 10 }, () => reserved('cpus:0.1', ENG));
  act(...tenths.map((one) => reserve(one)));
  expect(totalOf(driver, agent).equals(reserved('cpus:1', ENG))).toBe(true);
  act(unreserve(reserved('cpus:0.3', ENG)), unreserve(reserved('cpus:0.7', ENG)));
  expect(totalOf(driver, agent).equals(resources('cpus:1'))).toBe(true);
});
