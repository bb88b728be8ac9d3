import { expect, test } from 'vitest';
import { micros } from '../../engine/core/index.ts';
import { job, SECOND } from './testing/fixtures.ts';
import { Desk, tasksOf } from './testing/desk.ts';
import { scalars } from './testing/plain-master.ts';

const WHOLE = scalars(4, 16_384);
const LARGE = { resources: scalars(4, 1_024) };

test('several tasks are packed onto one offer, in one ACCEPT per agent', () => {
  const desk = Desk.open({ policy: 'decline' }, [job({ count: 6 })]).offer([WHOLE, WHOLE]);
  expect(desk.calls('ACCEPT').map((call) => tasksOf(call).length)).toEqual([4, 2]);
});

test('all offers of an agent and role go into one ACCEPT', () => {
  const desk = Desk.open({ policy: 'keep' });
  desk
    .offer([scalars(2, 1_024)])
    .offer([scalars(2, 1_024)])
    .submit(job(LARGE));
  expect(desk.calls('ACCEPT')).toMatchObject([{ offerIds: [1, 2] }]);
});

test('a rescinded offer is never used', () => {
  const desk = Desk.open({ policy: 'keep' }).offer([WHOLE]).rescind(1).submit(job({}));
  expect(desk.said).toEqual([]);
});

test('offers held before a new subscription are void', () => {
  const desk = Desk.open({ policy: 'keep' }).offer([WHOLE]).subscribed().submit(job({}));
  expect(desk.calls('ACCEPT')).toEqual([]);
  expect(desk.framework.offersHeld).toBe(0);
});

test('an offer for one role is not used for another', () => {
  const desk = Desk.open({ policy: 'keep' }, [job({ role: 'service' })], ['batch', 'service']).offer(
    [WHOLE],
    'batch',
  );
  expect(desk.calls('ACCEPT')).toEqual([]);
});

test('a task runs only where its constraints hold', () => {
  const constraints = [{ attribute: 'card', operator: 'IN' as const, values: ['V100'] }];
  const desk = Desk.open({ policy: 'decline' }, [job({ constraints })]);
  desk.attributes(1, [{ name: 'card', type: 'TEXT', text: 'V100' }]);
  desk.offer([WHOLE, WHOLE]);
  expect(desk.calls('ACCEPT')).toMatchObject([{ offerIds: [2] }]);
  expect(desk.calls('DECLINE')).toMatchObject([{ offerIds: [1] }]);
});

test('larger priority first, then arrival', () => {
  const jobs = [
    job({ id: 'low', priority: 0, arrival: 1 }),
    job({ id: 'late', priority: 1, arrival: 3 }),
    job({ id: 'early', priority: 1, arrival: 2 }),
  ];
  const desk = Desk.open({ policy: 'decline', order: 'priority' }, jobs).offer([WHOLE]);
  expect(desk.started).toEqual(['early', 'late', 'low']);
});

test('fifo: arrival alone counts', () => {
  const jobs = [
    job({ id: 'second', priority: 9, arrival: 2 }),
    job({ id: 'first', priority: 0, arrival: 1 }),
  ];
  const desk = Desk.open({ policy: 'decline', order: 'fifo' }, jobs).offer([WHOLE]);
  expect(desk.started).toEqual(['first', 'second']);
});

test('without backfill nobody overtakes a blocked head', () => {
  const jobs = [job({ id: 'large', ...LARGE }), job({ id: 'small' })];
  const desk = Desk.open({ policy: 'decline', backfillLookAhead: 0 }, jobs).offer([scalars(2, 2_048)]);
  expect(desk.started).toEqual([]);
});

test('with backfill the jobs within the look-ahead overtake a blocked head, and no others', () => {
  const jobs = ['large', 'larger', 'small', 'beyond'].map((id) =>
    job({ id, ...(id.startsWith('l') ? LARGE : {}) }),
  );
  const one = Desk.open({ policy: 'decline', backfillLookAhead: 1 }, jobs).offer([scalars(2, 2_048)]);
  expect(one.started).toEqual([]);
  const two = Desk.open({ policy: 'decline', backfillLookAhead: 2 }, jobs).offer([scalars(2, 2_048)]);
  expect(two.started).toEqual(['small', 'beyond']);
});

test('a head that was overtaken often enough is not overtaken again', () => {
  const jobs = [
    job({ id: 'large', ...LARGE }),
    ...Array.from({ length: 5 }, (_, index) => job({ id: `s${index}` })),
  ];
  const desk = Desk.open({ policy: 'decline', backfillLookAhead: 3, backfillOvertakesMax: 2 }, jobs);
  desk.offer([scalars(3, 3_072)]);
  expect(desk.started).toEqual(['s0', 's1']);
  desk.offer([scalars(3, 3_072)]);
  expect(desk.started).toEqual([]);
  desk.offer([WHOLE]);
  expect(desk.started).toEqual(['large']);
});

test('a gang waits until the offers in hand hold all of it', () => {
  const desk = Desk.open({ policy: 'decline' }, [job({ gang: true, count: 3, ...LARGE })]);
  expect(desk.offer([WHOLE, WHOLE]).said).toEqual([]);
  expect(desk.framework.offersHeld).toBe(2);
  expect(desk.offer([WHOLE], 'batch', 2).said).toEqual(['ACCEPT', 'ACCEPT', 'ACCEPT']);
});

test('offers that could host no task of the gang are not hoarded', () => {
  const desk = Desk.open({ policy: 'decline' }, [job({ gang: true, count: 3, ...LARGE })]);
  desk.offer([WHOLE, scalars(3, 16_384)]);
  expect(desk.calls('DECLINE')).toMatchObject([{ offerIds: [2] }]);
  expect(desk.framework.offersHeld).toBe(1);
});

test('a gang of two shapes is packed with the large tasks first', () => {
  const small = job({ count: 2, resources: scalars(1, 1_024) }).tasks[0]!;
  const large = job({ count: 1, resources: scalars(3, 1_024) }).tasks[0]!;
  const mixed = { ...job({ id: 'mixed', gang: true }), tasks: [small, large] };
  const desk = Desk.open({ policy: 'decline' }, [mixed]).offer([scalars(3, 4_096), scalars(2, 4_096)]);
  expect(desk.launched).toHaveLength(3);
});

test('a gang that hoards in vain gives its offers up, steps aside and comes back', () => {
  const hold = micros(30 * SECOND);
  const gang = job({ id: 'gang', gang: true, count: 2, ...LARGE });
  const desk = Desk.open({ policy: 'suppress', gangHold: hold }, [gang, job({ id: 'small', arrival: 1 })]);
  expect(desk.offer([WHOLE]).said).toEqual([]);
  desk.pass(38);
  expect(desk.said).toEqual(['ACCEPT', 'SUPPRESS']);
  expect(desk.launched.map((task) => task.template.name)).toEqual(['small']);
  expect(desk.framework.roleCounts('batch')).toMatchObject({ tasksQueued: 2, jobsQueued: 1 });
  expect(desk.pass(40).said).toEqual(['REVIVE']);
  desk.offer([WHOLE, WHOLE]);
  expect(desk.started).toEqual(['gang', 'gang']);
});

test('two frameworks of different names end their holds at different instants', () => {
  const gang = job({ gang: true, count: 2, ...LARGE });
  const instants = [1, 2, 3].map((seed) => {
    const desk = Desk.open({ policy: 'decline', seed }, [gang]).offer([WHOLE]);
    return desk.framework.nextDeadline();
  });
  expect(new Set(instants).size).toBe(3);
});

test('a gang that no cluster can hold lets the others run, and costs less and less', () => {
  const gang = job({ id: 'gang', gang: true, count: 1_000, ...LARGE });
  const desk = Desk.open({ policy: 'suppress' }, [gang]);
  let said = 0;
  for (let round = 0; round < 100; round++) {
    if (round % 10 === 0) desk.submit(job({ id: `s${round}`, arrival: round + 1 }));
    said += desk.offer([WHOLE]).outputs.length + desk.pass(60).outputs.length;
    for (const task of desk.launched.splice(0)) desk.update(task, 'TASK_FINISHED');
  }
  expect(desk.outcomes.length).toBeGreaterThan(5);
  expect(said).toBeLessThan(400);
});

test('an offer that comes twice is held once', () => {
  const desk = Desk.open({ policy: 'keep' }).offer([scalars(2, 2_048)]);
  desk.repeatOffers();
  expect(desk.framework.offersHeld).toBe(1);
  expect(desk.submit(job(LARGE)).said).toEqual([]);
});

test('each hold in vain doubles the next one, up to a bound', () => {
  const desk = Desk.open({ policy: 'decline', gangHold: micros(10 * SECOND) }, [
    job({ gang: true, count: 9, ...LARGE }),
  ]);
  const holds: number[] = [];
  while (holds.length < 8) {
    desk.offer([WHOLE]);
    const begun = desk.now;
    while (desk.framework.offersHeld > 0) desk.pass(1);
    if (desk.now > begun) holds.push((desk.now - begun) / SECOND);
    while (desk.framework.nextDeadline() !== null) desk.pass(1);
  }
  for (const [index, hold] of holds.entries()) {
    const least = 10 * 2 ** Math.min(index, 5);
    expect(hold).toBeGreaterThanOrEqual(least);
    expect(hold).toBeLessThanOrEqual(least * 1.25 + 1);
  }
});

test('another head has a hold of its own', () => {
  const gang = (id: string, priority: number) => job({ id, priority, gang: true, count: 2, ...LARGE });
  const desk = Desk.open({ policy: 'decline', gangHold: micros(30 * SECOND) }, [gang('low', 0)]).offer([
    WHOLE,
  ]);
  desk.pass(25).submit(gang('high', 1)).pass(25);
  expect(desk.said).toEqual([]);
  expect(desk.framework.offersHeld).toBe(1);
  // Begun at 25 s, it lasts 30 s and at most a quarter more.
  expect(desk.pass(15).calls('DECLINE')).toMatchObject([{ offerIds: [1] }]);
});

test('offers kept for one head are looked through again for the next', () => {
  const desk = Desk.open({ policy: 'decline' }, [job({ id: 'small', gang: true, count: 9 })]);
  expect(desk.offer([scalars(2, 2_048), WHOLE]).said).toEqual([]);
  desk.submit(job({ id: 'large', priority: 1, gang: true, count: 2, ...LARGE }));
  expect(desk.calls('DECLINE')).toMatchObject([{ offerIds: [1] }]);
  // And what comes later is looked through for the same head.
  expect(desk.offer([scalars(2, 2_048)], 'batch', 7).calls('DECLINE')).toMatchObject([{ offerIds: [3] }]);
});
