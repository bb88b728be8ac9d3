import { expect, test } from 'vitest';
import { micros } from '../../engine/core/index.ts';
import { launch, MasterDriver, resources, SECOND, taskInfo } from '../../engine/master/test-kit.ts';
import { hierarchicalDrf } from './index.ts';

// What an ACCEPT leaves of its offers (`MasterOptions.remaindersAtOnce`), with timing `event`.

const EVENT = { timing: 'event', eventDelay: micros(5_000), declinerGuard: true } as const;
const SMALL = resources('cpus:0.1;mem:32');

/** Tasks that a framework has launched after two seconds, one on each offer; beside it some that decline without a filter. */
function launchedOnePerOffer(remaindersAtOnce: boolean, decliners: number): number {
  const driver = new MasterDriver({
    policy: hierarchicalDrf,
    options: { remaindersAtOnce },
    allocatorOptions: EVENT,
  });
  const agent = driver.register(1, { resources: resources('cpus:1000;mem:1000000;disk:1') });
  const one = driver.subscribe({ name: 'one' });
  const others = Array.from({ length: decliners }, (_one, index) =>
    driver.subscribe({ name: `decliner-${index}` }),
  );
  let launched = 0;
  for (const end = driver.now + 2 * SECOND; driver.now < end; driver.wait(1_000)) {
    for (const { id } of driver.offersOf(one.id))
      driver.accept(one, [id], [launch(taskInfo(++launched, agent.id, {}, SMALL))], { refuseSeconds: 0 });
    for (const other of others) {
      const offerIds = driver.offersOf(other.id).map(({ id }) => id);
      if (offerIds.length === 0) continue;
      driver.call(other.stream, {
        type: 'DECLINE',
        frameworkId: other.id,
        offerIds,
        filters: { refuseSeconds: 0 },
      });
    }
  }
  return launched;
}

test('it is offered again within milliseconds, if it is not a refusal', () => {
  expect(launchedOnePerOffer(true, 0)).toBeGreaterThan(300);
  expect(launchedOnePerOffer(false, 0)).toBeLessThan(4);
});

test('those who hold less are asked first each time, and if they decline it goes on', () => {
  const launched = launchedOnePerOffer(true, 3);
  expect(launched).toBeGreaterThan(50);
  expect(launched).toBeLessThan(150);
});
