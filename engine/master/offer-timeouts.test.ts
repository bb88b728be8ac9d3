import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Micros, micros, type OfferId } from '../core/index.ts';
import { OfferTimeouts } from './offer-timeouts.ts';
import { eventsOn, MasterDriver, SECOND } from './test-kit.ts';

test('an offer that nobody answers is rescinded after the timeout, and offered again', () => {
  const driver = new MasterDriver({ options: { offerTimeout: micros(30 * SECOND) } });
  const { id, stream } = driver.subscribe();
  driver.register(1);
  const offer = driver.offerOf(id);
  expect(eventsOn(driver.wait(29 * SECOND), stream).map((event) => event.type)).not.toContain('RESCIND');
  const events = eventsOn(driver.wait(2 * SECOND), stream);
  expect(events).toContainEqual({ type: 'RESCIND', offerId: offer.id });
  expect(events.filter((event) => event.type === 'OFFERS')).toHaveLength(1);
  expect(driver.machine.stats.offersTimedOut).toBe(1);
});

test('without a timeout an offer stays out', () => {
  const driver = new MasterDriver();
  const { stream } = driver.subscribe();
  driver.register(1);
  expect(eventsOn(driver.wait(3_600 * SECOND), stream).map((event) => event.type)).not.toContain('RESCIND');
});

test('the queue gives out what is still outstanding, at its deadline, as a sorted list would', () => {
  const step = fc.record({ wait: fc.nat(20), answered: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const timeouts = new OfferTimeouts();
      const outstanding = new Map<OfferId, Micros>();
      const isOutstanding = (id: OfferId) => outstanding.has(id);
      let now = 0;
      let next = 0;
      for (const { wait, answered } of steps) {
        now += wait;
        for (let id = timeouts.pop(micros(now), isOutstanding); id !== null; ) {
          expect(outstanding.get(id)! <= now).toBe(true);
          outstanding.delete(id);
          id = timeouts.pop(micros(now), isOutstanding);
        }
        for (const deadline of outstanding.values()) expect(deadline > now).toBe(true);
        const id = next++ as OfferId;
        outstanding.set(id, micros(now + 50));
        timeouts.add(id, micros(now + 50));
        outstanding.delete((next - answered) as OfferId);
        const earliest = [...outstanding.values()][0] ?? null;
        expect(timeouts.earliest(isOutstanding)).toBe(earliest);
      }
    }),
  );
});
