import { describe, expect, test } from 'vitest';
import { milli } from '../core/index.ts';
import type { FrameworkCapability } from '../protocol/index.ts';
import { resourceIdentity, Resources, scalarResource } from '../resources/index.ts';
import type { LinkId } from './index.ts';
import { AGENT_RESOURCES, MasterDriver, type RegisteredAgent, SECOND, words } from './test-kit.ts';

const CAPABLE: readonly FrameworkCapability[] = ['MULTI_ROLE', 'REVOCABLE_RESOURCES'];

/** Revocable cpus. */
function lent(cpus: number): Resources {
  const identity = resourceIdentity({ name: 'cpus', type: 'SCALAR', revocable: true });
  return Resources.of([scalarResource(identity, milli(cpus * 1_000))]);
}

function tell(driver: MasterDriver, agent: RegisteredAgent, oversubscribed: Resources, link = agent.link) {
  return driver.fromAgent(link, { type: 'UPDATE_AGENT', agentId: agent.id, oversubscribed });
}

function totalOf(driver: MasterDriver, agent: RegisteredAgent): Resources {
  return driver.machine.state.agentsById.get(agent.id)!.info.resources;
}

function scene() {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const scheduler = driver.subscribe({ capabilities: CAPABLE });
  return { driver, agent, scheduler };
}

// Spec 12 §11.
describe('the revocable total of an agent', () => {
  test('is what the agent said last, beside its other resources', () => {
    const { driver, agent } = scene();
    tell(driver, agent, lent(2));
    expect(totalOf(driver, agent).equals(AGENT_RESOURCES.plus(lent(2)))).toBe(true);
    tell(driver, agent, lent(3));
    expect(totalOf(driver, agent).equals(AGENT_RESOURCES.plus(lent(3)))).toBe(true);
    tell(driver, agent, Resources.EMPTY);
    expect(totalOf(driver, agent).equals(AGENT_RESOURCES)).toBe(true);
  });

  test('changes by the agent’s own link only, and what is not revocable in it is no part of it', () => {
    const { driver, agent } = scene();
    expect(tell(driver, agent, lent(2), 99_999 as LinkId)).toEqual([]);
    tell(driver, agent, lent(2).plus(Resources.ofScalars({ cpus: milli(1_000) })));
    expect(totalOf(driver, agent).equals(AGENT_RESOURCES.plus(lent(2)))).toBe(true);
  });

  test('once it is less, offers with revocable resources are rescinded, and none shows more than there is (bug ledger B02)', () => {
    const { driver, agent, scheduler } = scene();
    tell(driver, agent, lent(2));
    driver.wait(SECOND);
    expect(driver.offersOf(scheduler.id).some(({ resources }) => !resources.revocable().isEmpty)).toBe(true);
    const outputs = tell(driver, agent, lent(1));
    expect(words(outputs)).toContain('RESCIND');
    for (let second = 0; second < 10; second++) {
      for (const offer of driver.offersOf(scheduler.id))
        expect(lent(1).contains(offer.resources.revocable().unallocate())).toBe(true);
      driver.wait(SECOND);
    }
  });

  test('that grows or stays rescinds nothing, nor does less of it what is not revocable', () => {
    const { driver, agent } = scene();
    driver.wait(SECOND);
    expect(words(tell(driver, agent, lent(2)))).not.toContain('RESCIND');
    expect(tell(driver, agent, lent(2))).toEqual([]);
    const plain = new MasterDriver();
    const other = plain.register(1);
    plain.subscribe({ capabilities: ['MULTI_ROLE'] });
    plain.wait(SECOND);
    // The offers that are out were made before there was anything to lend.
    plain.allocator.isPaused = true;
    tell(plain, other, lent(2));
    expect(words(tell(plain, other, lent(1)))).not.toContain('RESCIND');
  });
});
