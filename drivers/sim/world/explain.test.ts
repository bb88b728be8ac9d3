import { expect, test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { micros } from '../../../engine/core/index.ts';
import { Quantities } from '../../../engine/resources/index.ts';
import { Simulation, type SimulationExplanation } from './simulation.ts';
import { HOUR, job, LARGE_TASK, machines, optionsFor, randomJobs, SECOND } from './test-kit.ts';

const MINUTE = 60 * SECOND;

function explained(
  simulation: Simulation,
  role: string,
  demand: string | null = null,
): SimulationExplanation {
  const wanted = demand === null ? null : Quantities.parse(demand);
  const answer = simulation.explain(role, 0, wanted?.ok ? wanted.value : null);
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value;
}

test('a role whose frameworks hold the whole cluster is said to keep it from the other role', () => {
  const simulation = new Simulation(optionsFor(1, hierarchicalDrf, { machines: machines(2) }));
  const tasks = [{ count: 2, resources: LARGE_TASK, duration: micros(HOUR), constraints: [] }];
  simulation.feed([
    job({ id: 'first', role: 'a', arrival: micros(MINUTE), tasks }),
    job({ id: 'second', role: 'b', arrival: micros(2 * MINUTE), tasks }),
  ]);
  simulation.runUntil(micros(5 * MINUTE));
  const { why, head, framework, nameOf } = explained(simulation, 'b');
  expect(head).toMatchObject({ job: 'second', tasks: 2, gang: false });
  expect(why.demand?.toString()).toBe('cpus:3;mem:1024');
  expect(why).toMatchObject({ agents: 2, offerable: 0 });
  expect(why.shortage).toMatchObject({ kind: 'inUse', holders: [{ role: 'a' }] });
  expect(framework).toBe('b');
  expect(nameOf(why.framework)).toBe('b');
});

test('a role with nothing to run is suppressed, and would be offered all if it revived', () => {
  const simulation = new Simulation(optionsFor(1, hierarchicalDrf));
  simulation.runUntil(micros(5 * MINUTE));
  const { why, head } = explained(simulation, 'a');
  expect(head).toBeNull();
  expect(why.demand).toBeNull();
  expect(why.reasons.map(({ rule, agents }) => [rule, agents])).toEqual([['suppressed', 20]]);
  expect(why.suggestions).toEqual([{ changes: [{ kind: 'reviveRole' }], agents: 20 }]);
  expect(explained(simulation, 'a', 'gpus:3').why.shortage).toMatchObject({ kind: 'noAgentHas', most: 0 });
});

test('there is no explanation for a role or framework that is not there, nor before it has subscribed', () => {
  const simulation = new Simulation(optionsFor(1, hierarchicalDrf));
  expect(simulation.explain('a', 0, null)).toMatchObject({ ok: false, error: { code: 'NOT_LEADING' } });
  simulation.runUntil(micros(5 * MINUTE));
  expect(simulation.explain('c', 0, null)).toMatchObject({
    error: { code: 'ROLE_UNKNOWN', roles: ['a', 'b'] },
  });
  expect(simulation.explain('a', 1, null)).toMatchObject({ error: { code: 'NO_SUCH_FRAMEWORK' } });
});

test('a run that is asked for explanations on its way has the hash of one that is not', () => {
  const jobs = randomJobs(3, 60);
  const run = (isAsked: boolean): string => {
    const simulation = new Simulation(optionsFor(3, hierarchicalDrf, { machines: machines(4) }));
    simulation.feed(jobs);
    simulation.endOfWorkload();
    for (let at = MINUTE; at < HOUR; at += MINUTE) {
      simulation.runUntil(micros(at));
      if (isAsked) for (const role of ['a', 'b', 'c']) simulation.explain(role, 0, null);
    }
    simulation.checkInvariants();
    return simulation.hash();
  };
  expect(run(true)).toBe(run(false));
});
