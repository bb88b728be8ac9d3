import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { milli } from '../../engine/core/index.ts';
import type { OfferOperation } from '../../engine/protocol/index.ts';
import {
  create,
  destroy,
  dynamic,
  reserve,
  reserved,
  totalOf,
  unreserve,
  volume,
} from '../../engine/master/operations-kit.ts';
import { launch, MasterDriver, resources, SECOND, taskInfo } from '../../engine/master/test-kit.ts';
import { Resources } from '../../engine/resources/index.ts';
import { hierarchicalDrf } from './index.ts';

// The master and this allocator together: after every step the driver compares what both hold, and the agent's total.

const ENG = dynamic('eng');
const CPU = reserved('cpus:1', ENG);
const DISK = reserved('disk:64', ENG);
const SHARED = volume({ shared: true });
const CPUS = Resources.ofScalars({ cpus: milli(500) });

const move = fc.record({ what: fc.nat(8), task: fc.nat(3), isFirst: fc.boolean() });

test('whatever operations frameworks ask for, both books agree, and the agent has what it had', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40, size: 'max' }), (moves) => {
      const driver = new MasterDriver({ policy: hierarchicalDrf });
      const agent = driver.register(1, { resources: resources('cpus:4;mem:4096;disk:1000') });
      const schedulers = [0, 1].map(() =>
        driver.subscribe({ capabilities: ['MULTI_ROLE', 'PARTITION_AWARE', 'SHARED_RESOURCES'] }),
      );
      let uuid = 0;
      for (const { what, task, isFirst } of moves) {
        driver.wait(SECOND);
        const scheduler = schedulers[isFirst ? 0 : 1]!;
        const operations: readonly (readonly OfferOperation[])[] = [
          [reserve(CPU), reserve(DISK)],
          [unreserve(CPU)],
          [create(volume({ id: 'own' }))],
          [create(SHARED)],
          [destroy(volume({ id: 'own' }))],
          [destroy(SHARED)],
          [launch(taskInfo(task, agent.id, {}, CPU))],
          [
            launch(
              taskInfo(task, agent.id, {}, CPUS.plus(SHARED)),
              taskInfo(9, agent.id, {}, CPUS.plus(SHARED)),
            ),
          ],
        ];
        const offers = driver.offersOf(scheduler.id);
        if (what < operations.length) {
          const ids = offers.map(({ id }) => id);
          if (ids.length > 0) driver.accept(scheduler, ids, operations[what]!, { refuseSeconds: 0 });
        } else {
          driver.update(scheduler, agent, task, 'TASK_FINISHED', ++uuid);
          driver.acknowledge(scheduler, agent.id, task, uuid);
        }
        const { cpus, mem, disk } = totalOf(driver, agent);
        expect([cpus, mem, disk]).toEqual([4_000, 4_096_000, 1_000_000]);
      }
    }),
    { numRuns: 100 },
  );
});

test('a shared volume is offered while tasks of both frameworks use it, and destroyed when none does', () => {
  const driver = new MasterDriver({ policy: hierarchicalDrf });
  const agent = driver.register(1, { resources: resources('cpus:4;mem:4096').plus(SHARED) });
  const schedulers = [1, 2].map(() => driver.subscribe({ capabilities: ['MULTI_ROLE', 'SHARED_RESOURCES'] }));
  for (const [index, scheduler] of schedulers.entries()) {
    for (const other of schedulers) {
      const ids = driver.offersOf(other.id).map(({ id }) => id);
      if (other !== scheduler && ids.length > 0) driver.accept(other, ids, [], { refuseSeconds: 3 });
    }
    driver.wait(2 * SECOND);
    const task = taskInfo(index, agent.id, {}, CPUS.plus(SHARED));
    driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [launch(task)], { refuseSeconds: 0 });
    expect(driver.stateOf(scheduler.id, index)).toBe('TASK_STAGING');
  }
  const removal = { type: 'DESTROY_VOLUMES', agentId: agent.id, volumes: SHARED } as const;
  expect(driver.operator(removal)).toMatchObject([{ kind: 'refuseCall' }]);
  for (const [index, scheduler] of schedulers.entries())
    driver.update(scheduler, agent, index, 'TASK_FINISHED', index + 1);
  expect(driver.operator(removal).at(-1)).toMatchObject({ kind: 'answerCall', status: 202 });
  expect(totalOf(driver, agent).equals(resources('cpus:4;mem:4096').plus(DISK))).toBe(true);
});
