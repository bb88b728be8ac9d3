import { expect, test } from 'vitest';
import { micros } from '../../engine/core/index.ts';
import { job, SECOND } from './testing/fixtures.ts';
import { Desk } from './testing/desk.ts';
import { scalars } from './testing/plain-master.ts';

const WHOLE = scalars(4, 16_384);

test('the first subscription has no id, later ones the id that the master gave, in both places', () => {
  const desk = new Desk({}).step({ kind: 'connected' });
  expect(desk.calls('SUBSCRIBE')).toMatchObject([{ frameworkId: null, frameworkInfo: { id: null } }]);
  desk.subscribed().step({ kind: 'disconnected' }).step({ kind: 'connected' });
  expect(desk.calls('SUBSCRIBE')).toMatchObject([{ frameworkId: 7, frameworkInfo: { id: 7 } }]);
});

test('without a subscription no call is made', () => {
  const desk = new Desk({ policy: 'decline' }).submit(job({})).step({ kind: 'connected' }).offer([WHOLE]);
  expect(desk.said).toEqual([]);
  expect(desk.update(1 as never, 'TASK_RUNNING').said).toEqual([]);
});

test('a first subscription reconciles nothing; a later one asks for the live tasks, and then for strays', () => {
  const desk = Desk.open({}, [job({ count: 2 })]).offer([WHOLE]);
  desk.step({ kind: 'disconnected' }).step({ kind: 'connected' }).subscribed();
  expect(desk.calls('RECONCILE').map((call) => call.tasks.length)).toEqual([2]);
  for (const task of desk.launched) desk.update(task, 'TASK_RUNNING', null);
  expect(
    desk
      .pass(10)
      .calls('RECONCILE')
      .map((call) => call.tasks.length),
  ).toEqual([0]);
});

test('a stranger alive under our name is killed after reconciliation', () => {
  const desk = Desk.open({});
  expect(desk.update(5_000_000 as never, 'TASK_RUNNING', null).calls('KILL')).toMatchObject([
    { taskId: 5_000_000 },
  ]);
});

test('a SUBSCRIBE without answer leads to a new connection', () => {
  const desk = new Desk({ subscribeWait: micros(15 * SECOND) }).step({ kind: 'connected' });
  expect(desk.pass(14).said).toEqual([]);
  expect(desk.pass(2).said).toEqual(['reconnect']);
  expect(desk.pass(1_000).said).toEqual([]);
});

test('a stream silent for five heartbeats counts as broken, any event keeps it alive', () => {
  const desk = new Desk({ heartbeatsMissedMax: 5 }).step({ kind: 'connected' }).subscribed(15);
  for (let minute = 0; minute < 10; minute++) {
    expect(desk.pass(60).said).toEqual([]);
    desk.event({ type: 'HEARTBEAT' });
  }
  expect(desk.pass(74).said).toEqual([]);
  expect(desk.pass(2).said).toEqual(['reconnect']);
});

test('a refused subscription is tried again after a back-off that doubles', () => {
  const desk = new Desk({ subscribeBackoff: micros(SECOND) });
  const waits: number[] = [];
  for (let round = 0; round < 4; round++) {
    desk.step({ kind: 'connected' });
    const begun = desk.now;
    while (desk.calls('SUBSCRIBE').length === 0) {
      desk.now = desk.framework.nextDeadline()!;
      desk.step({ kind: 'tick' });
    }
    waits.push((desk.now - begun) / SECOND);
    desk.event({ type: 'ERROR', message: 'Not authorized' }).step({ kind: 'disconnected' });
  }
  expect(waits).toEqual([0, 1, 2, 4]);
});

test('if the connection does not close after an ERROR, a new one is asked for', () => {
  const desk = Desk.open({}).event({ type: 'ERROR', message: 'Framework failed over' });
  expect(desk.pass(5).said).toEqual(['reconnect']);
});

test('offers in hand are gone with the connection', () => {
  const desk = Desk.open({ policy: 'keep' }).offer([WHOLE]).step({ kind: 'disconnected' });
  expect(desk.framework.offersHeld).toBe(0);
});
