import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AgentId, FrameworkId, OfferId } from '../core/index.ts';
import { AgentRecord } from './agent-record.ts';
import type { Agent, Framework, Role } from './allocator.ts';
import { FrameworkRecord } from './framework-record.ts';
import { OFFER_SLOTS, OfferTable } from './offer-table.ts';
import { AGENT_RESOURCES, agentInfo, executorInfo, frameworkInfo } from './test-kit.ts';

const AGENTS = 3;
const FRAMEWORKS = 2;

function table() {
  const agents = Array.from(
    { length: AGENTS },
    (_, n) => new AgentRecord(n as Agent, n as AgentId, agentInfo(n), null),
  );
  const frameworks = Array.from(
    { length: FRAMEWORKS },
    (_, n) => new FrameworkRecord(n as Framework, n as FrameworkId, frameworkInfo(), false),
  );
  return { offers: new OfferTable(), agents, frameworks };
}

interface Known {
  readonly id: OfferId;
  readonly agent: AgentRecord;
  readonly framework: FrameworkRecord;
  readonly role: Role;
}

/** What two lists of the table say, against a plain list of what is out. */
function check(
  offers: OfferTable,
  agents: AgentRecord[],
  frameworks: FrameworkRecord[],
  out: Known[],
  spent: OfferId[],
) {
  expect(offers.count).toBe(out.length);
  for (const known of out) {
    const slot = offers.slotOf(known.id);
    expect(slot).not.toBe(-1);
    expect(offers.offer(slot)).toMatchObject({
      id: known.id,
      agentId: known.agent.id,
      frameworkId: known.framework.id,
    });
    expect(offers.agent(slot)).toBe(known.agent);
    expect(offers.framework(slot)).toBe(known.framework);
    expect(offers.role(slot)).toBe(known.role);
  }
  for (const id of spent) expect(offers.slotOf(id)).toBe(-1);
  const newestFirst = (list: Known[]) => list.map((known) => known.id).reverse();
  for (const agent of agents) {
    const listed: OfferId[] = [];
    for (let slot = agent.offerHead; slot !== -1; slot = offers.nextOfAgent(slot))
      listed.push(offers.offer(slot).id);
    expect(listed).toEqual(newestFirst(out.filter((known) => known.agent === agent)));
  }
  for (const framework of frameworks) {
    const listed: OfferId[] = [];
    for (let slot = framework.offerHead; slot !== -1; slot = offers.nextOfFramework(slot))
      listed.push(offers.offer(slot).id);
    expect(listed).toEqual(newestFirst(out.filter((known) => known.framework === framework)));
  }
}

test('offers are found by id until removed, never after, and hang in the lists of their agent and framework', () => {
  const add = fc.record({ agent: fc.nat(AGENTS - 1), framework: fc.nat(FRAMEWORKS - 1), role: fc.nat(2) });
  const remove = fc.nat(1_000);
  // More come than go, so that lists have a middle; enough go for slots to be used again.
  const step = fc.oneof({ weight: 3, arbitrary: add }, { weight: 2, arbitrary: remove });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const { offers, agents, frameworks } = table();
      const out: Known[] = [];
      const spent: OfferId[] = [];
      for (const step of steps) {
        if (typeof step === 'number') {
          if (out.length === 0) continue;
          const [known] = out.splice(step % out.length, 1);
          offers.remove(offers.slotOf(known!.id));
          spent.push(known!.id);
        } else {
          const agent = agents[step.agent]!;
          const framework = frameworks[step.framework]!;
          const role = step.role as Role;
          const { id } = offers.add(framework, agent, role, 'eng', AGENT_RESOURCES);
          expect(spent).not.toContain(id);
          out.push({ id, agent, framework, role });
        }
        check(offers, agents, frameworks, out, spent);
      }
    }),
  );
});

test.each([-1, 0.5, 12_345, Number.NaN, 2 ** 53])('%d is no offer’s id', (id) => {
  const { offers, agents, frameworks } = table();
  offers.add(frameworks[0]!, agents[0]!, 0 as Role, 'eng', AGENT_RESOURCES);
  expect(offers.slotOf(id as OfferId)).toBe(-1);
});

test('an offer is removed once', () => {
  const { offers, agents, frameworks } = table();
  const { id } = offers.add(frameworks[0]!, agents[0]!, 0 as Role, 'eng', AGENT_RESOURCES);
  const slot = offers.slotOf(id);
  offers.remove(slot);
  expect(() => {
    offers.remove(slot);
  }).toThrow('an offer is removed once');
  expect(offers.count).toBe(0);
});

test('an offer names the executors that its framework runs on the agent, and no others', () => {
  const { offers, agents, frameworks } = table();
  const agent = agents[0]!;
  for (const [number, framework] of frameworks.entries())
    agent.executors.push({
      agent,
      framework,
      role: 0 as Role,
      info: executorInfo(10 + number),
      link: null,
    });
  const idsOf = (framework: FrameworkRecord, on: AgentRecord) =>
    offers.add(framework, on, 0 as Role, 'eng', AGENT_RESOURCES).executorIds;
  expect(idsOf(frameworks[1]!, agent)).toEqual([11]);
  expect(idsOf(frameworks[0]!, agent)).toEqual([10]);
  expect(idsOf(frameworks[0]!, agents[1]!)).toEqual([]);
});

test('the versions of an agent and a framework count the offers made and removed', () => {
  const { offers, agents, frameworks } = table();
  const versions = () => [...agents, ...frameworks].map(({ version }) => version);
  const [a, b, c, d, e] = versions() as [number, number, number, number, number];
  const { id } = offers.add(frameworks[1]!, agents[2]!, 0 as Role, 'eng', AGENT_RESOURCES);
  expect(versions()).toEqual([a, b, c + 1, d, e + 1]);
  offers.remove(offers.slotOf(id));
  expect(versions()).toEqual([a, b, c + 2, d, e + 2]);
});

test('a removed offer keeps nothing alive', () => {
  const { offers, agents, frameworks } = table();
  const { id } = offers.add(frameworks[0]!, agents[0]!, 0 as Role, 'eng', AGENT_RESOURCES);
  const slot = offers.slotOf(id);
  offers.remove(slot);
  expect([offers.offer(slot), offers.agent(slot), offers.framework(slot)]).toEqual([null, null, null]);
});

test('the table is full with OFFER_SLOTS offers, and refuses one more', () => {
  const { offers, agents, frameworks } = table();
  const add = () => offers.add(frameworks[0]!, agents[0]!, 0 as Role, 'eng', AGENT_RESOURCES).id;
  const first = add();
  for (let count = 2; count < OFFER_SLOTS; count++) add();
  expect(offers.isFull).toBe(false);
  const last = add();
  expect(offers.isFull).toBe(true);
  expect(offers.slotOf(first)).toBe(0);
  expect(offers.slotOf(last)).toBe(OFFER_SLOTS - 1);
  expect(add).toThrow('the caller has checked that the table is not full');
});

test('a full table has room again when one offer is removed', () => {
  const { offers, agents, frameworks } = table();
  const add = () => offers.add(frameworks[0]!, agents[0]!, 0 as Role, 'eng', AGENT_RESOURCES).id;
  const first = add();
  while (!offers.isFull) add();
  offers.remove(offers.slotOf(first));
  expect(offers.isFull).toBe(false);
  const again = add();
  expect(again).toBe(OFFER_SLOTS);
  expect(offers.isFull).toBe(true);
});
