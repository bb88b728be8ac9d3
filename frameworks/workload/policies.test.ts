import { expect, test } from 'vitest';
import { micros } from '../../engine/core/index.ts';
import { job, SECOND } from './testing/fixtures.ts';
import { Desk } from './testing/desk.ts';
import { scalars } from './testing/plain-master.ts';

const WHOLE = scalars(4, 16_384);
const PART = scalars(1, 16_384);
const LARGE = { resources: scalars(4, 1_024) };

test('keep: offers are neither declined nor given back, and a later job uses them', () => {
  const desk = Desk.open({ policy: 'keep' }).offer([WHOLE, WHOLE]);
  expect(desk.said).toEqual([]);
  expect(desk.framework.offersHeld).toBe(2);
  desk.submit(job({ count: 3 }));
  expect(desk.calls('ACCEPT')).toMatchObject([{ offerIds: [1], filters: { refuseSeconds: 0 } }]);
  expect(desk.framework.offersHeld).toBe(1);
});

test('keep: idle roles decline what they hold while another role waits', () => {
  const desk = Desk.open({ policy: 'keep' }, [], ['batch', 'service']).offer([WHOLE], 'service');
  desk.submit(job({ role: 'batch' }));
  expect(desk.calls('DECLINE')).toMatchObject([{ offerIds: [1], filters: { refuseSeconds: 5 } }]);
});

test('keep: a role that is blocked for the hold gives up what it holds, and stays in its place', () => {
  const desk = Desk.open({ policy: 'keep', gangHold: micros(30 * SECOND) }, [job(LARGE)]).offer([PART, PART]);
  expect(desk.said).toEqual([]);
  desk.pass(29);
  expect(desk.said).toEqual([]);
  desk.pass(20);
  expect(desk.calls('DECLINE')).toMatchObject([{ offerIds: [1, 2] }]);
  desk.offer([WHOLE]);
  expect(desk.started).toEqual(['job']);
});

test('decline: all that does not fit is declined in one call with the filter', () => {
  const desk = Desk.open({ policy: 'decline', refuseSeconds: 7 }).offer([WHOLE, WHOLE, PART]);
  expect(desk.said).toEqual(['DECLINE']);
  expect(desk.calls('DECLINE')).toMatchObject([{ offerIds: [1, 2, 3], filters: { refuseSeconds: 7 } }]);
});

test('suppress: a framework subscribes with its idle roles suppressed', () => {
  const desk = new Desk({ policy: 'suppress' }, ['batch', 'service']);
  desk.submit(job({ role: 'service' })).step({ kind: 'connected' });
  expect(desk.calls('SUBSCRIBE')).toMatchObject([{ frameworkId: null, suppressedRoles: ['batch'] }]);
  expect(desk.subscribed().said).toEqual([]);
});

test('suppress: a job that comes before SUBSCRIBED is revived for then', () => {
  const desk = new Desk({ policy: 'suppress' }).step({ kind: 'connected' }).submit(job({}));
  expect(desk.said).toEqual([]);
  expect(desk.subscribed().calls('REVIVE')).toMatchObject([{ roles: ['batch'] }]);
});

test('suppress: REVIVE for a job; then ACCEPT, one DECLINE of the rest, SUPPRESS', () => {
  const desk = Desk.open({ policy: 'suppress' }).submit(job({ count: 6 }));
  expect(desk.said).toEqual(['REVIVE']);
  desk.offer([WHOLE, WHOLE, WHOLE, WHOLE]);
  expect(desk.said).toEqual(['ACCEPT', 'ACCEPT', 'DECLINE', 'SUPPRESS']);
  expect(desk.calls('DECLINE')).toMatchObject([{ offerIds: [3, 4], filters: { refuseSeconds: 5 } }]);
  expect(desk.launched).toHaveLength(6);
});

test('suppress: offers that crossed the SUPPRESS are declined', () => {
  const desk = Desk.open({ policy: 'suppress' }, [job({})])
    .offer([WHOLE])
    .offer([WHOLE]);
  expect(desk.said).toEqual(['DECLINE']);
});

test('suppress: a job new at the front clears the filters that an earlier one set', () => {
  const desk = Desk.open({ policy: 'suppress' }, [job({ ...LARGE })]).offer([PART]);
  expect(desk.said).toEqual(['DECLINE']);
  expect(desk.submit(job({ priority: 1 })).said).toEqual(['REVIVE']);
  desk.pass(10);
  expect(desk.submit(job({ priority: 2 })).said).toEqual([]);
});

test('a second SUBSCRIBED on one stream has everything said again', () => {
  const desk = Desk.open({ policy: 'suppress' }, [job({})], ['batch', 'service']).subscribed();
  expect(desk.calls('REVIVE')).toMatchObject([{ roles: ['batch'] }]);
  expect(desk.calls('SUPPRESS')).toMatchObject([{ roles: ['service'] }]);
});

test('demand: every role is suppressed from the start, and a job states what it needs', () => {
  const desk = new Desk({ policy: 'demand' }).submit(job({ count: 8 })).step({ kind: 'connected' });
  expect(desk.calls('SUBSCRIBE')).toMatchObject([{ suppressedRoles: ['batch'] }]);
  const [call] = desk.subscribed().calls('REQUEST');
  expect(call!.requests.map((each) => `${each.role} ${each.quantities.toString()}`)).toEqual([
    'batch cpus:8;mem:8192',
  ]);
  desk.offer([WHOLE, WHOLE]);
  expect(desk.said).toEqual(['ACCEPT', 'ACCEPT']);
});

test('demand: offers that nothing is queued for are declined without a filter', () => {
  const desk = Desk.open({ policy: 'demand' }, [job({})]).offer([WHOLE, WHOLE]);
  expect(desk.said).toEqual(['ACCEPT', 'DECLINE']);
  expect(desk.calls('DECLINE')).toMatchObject([{ offerIds: [2], filters: { refuseSeconds: 0 } }]);
});

test('demand: with nothing left to launch, what is still owed is given up', () => {
  const desk = Desk.open({ policy: 'demand', requestWait: micros(SECOND) }, [job(LARGE)]);
  desk.offer([PART, PART, PART, PART]).pass(1);
  expect(desk.calls('REQUEST')[0]!.requests[0]!.quantities.toString()).toBe('cpus:16;mem:4096');
  expect(desk.offer([WHOLE]).said).toEqual(['ACCEPT', 'REQUEST']);
  expect(desk.calls('REQUEST')[0]!.requests[0]!.quantities.isEmpty).toBe(true);
  expect(desk.pass(1_000).calls('REQUEST')).toEqual([]);
});

test('demand: a job that comes while another waits has both stated', () => {
  const desk = Desk.open({ policy: 'demand' }, [job(LARGE)]).submit(job({ count: 2 }));
  expect(desk.calls('REQUEST')[0]!.requests[0]!.quantities.toString()).toBe('cpus:6;mem:3072');
});

test('demand: what is hoarded for a gang is not asked for again', () => {
  const desk = Desk.open({ policy: 'demand' }, [
    job({ gang: true, count: 3, resources: scalars(4, 16_384) }),
  ]);
  expect(desk.offer([WHOLE]).said).toEqual([]);
  desk.submit(job({ arrival: 1, resources: scalars(1, 1_024) }));
  expect(desk.calls('REQUEST')[0]!.requests[0]!.quantities.toString()).toBe('cpus:9;mem:33792');
});

test('demand: a demand covered by offers of no use is stated again, larger each time', () => {
  const desk = Desk.open({ policy: 'demand', requestWait: micros(SECOND) }, [job({ ...LARGE })]);
  const stated: string[] = [];
  for (let round = 0; round < 3; round++) {
    desk.offer([PART, PART, PART, PART], 'batch', round * 4);
    expect(desk.calls('DECLINE')).toMatchObject([{ filters: { refuseSeconds: 5 } }]);
    for (let more = 0; more < 4 ** (round + 1); more++) desk.offer([PART]);
    for (const call of desk.pass(8).calls('REQUEST')) stated.push(call.requests[0]!.quantities.toString());
  }
  expect(stated).toContain('cpus:16;mem:4096');
  expect(stated).toContain('cpus:64;mem:16384');
});

test('demand: while nothing is offered the demand is repeated as it is, less and less often', () => {
  const desk = Desk.open({ policy: 'demand', requestWait: micros(SECOND) }, [job({ ...LARGE })]).pass(200);
  const texts = desk.calls('REQUEST').map((call) => call.requests[0]!.quantities.toString());
  expect(new Set(texts)).toEqual(new Set(['cpus:4;mem:1024']));
  expect(texts.length).toBeGreaterThan(4);
  expect(texts.length).toBeLessThan(12);
});

test('demand: after a new subscription the demand is stated anew', () => {
  const desk = Desk.open({ policy: 'demand' }, [job({})]);
  desk.step({ kind: 'disconnected' }).step({ kind: 'connected' });
  expect(desk.calls('SUBSCRIBE')).toMatchObject([{ frameworkId: 7, suppressedRoles: ['batch'] }]);
  expect(desk.subscribed().calls('REQUEST')).toHaveLength(1);
});

test('demand: what offers left over of a demand that they covered is stated at once', () => {
  const desk = Desk.open({ policy: 'demand' }, [job({ count: 2, resources: scalars(2, 1_024) })]);
  desk.offer([scalars(3, 1_024), scalars(1, 1_024)]);
  expect(desk.said).toEqual(['ACCEPT', 'DECLINE', 'REQUEST']);
  expect(desk.calls('REQUEST')[0]!.requests[0]!.quantities.toString()).toBe('cpus:2;mem:1024');
});
