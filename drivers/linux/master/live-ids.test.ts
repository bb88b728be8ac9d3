import { afterEach, expect, test } from 'vitest';
import { liveIds } from './live-ids.ts';
import type { RunningMaster } from './start-master.ts';
import { ask, openStream, post, ScriptedAgent, subscribe, testMaster } from './test-kit.ts';

let master: RunningMaster;

afterEach(async () => {
  await master.close();
});

test('sweeps forget names that nobody holds, and none that the master may still tell', async () => {
  master = await testMaster();
  const agent = await ScriptedAgent.start(master);
  const { events, streamId, frameworkId } = await subscribe(master);
  const call = (body: object) =>
    post(
      master,
      '/api/v1/scheduler',
      { framework_id: { value: frameworkId }, ...body },
      { 'Mesos-Stream-Id': streamId },
    );
  const { offers } = await events.next<{
    type: string;
    offers: { offers: { id: object; agent_id: object }[] };
  }>(({ type }) => type === 'OFFERS');
  const offer = offers.offers[0]!;
  const task = (id: string, more: object) => ({
    name: id,
    task_id: { value: id },
    agent_id: offer.agent_id,
    resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 } }],
    ...more,
  });
  const command = { value: 'true' };
  const executor = { type: 'CUSTOM', executor_id: { value: 'mine' }, command };
  const launch = {
    task_infos: [task('ended', { command }), task('running', { command }), task('custom', { executor })],
  };
  await call({
    type: 'ACCEPT',
    accept: {
      offer_ids: [offer.id],
      operations: [{ type: 'LAUNCH', launch }],
      filters: { refuse_seconds: 0 },
    },
  });
  for (const state of ['TASK_FINISHED', 'TASK_RUNNING', 'TASK_RUNNING'] as const) {
    agent.update(await agent.next('RUN_TASK'), state);
    const { update } = await events.next<{
      type: string;
      update: { status: { uuid: string; task_id: object; agent_id: object } };
    }>(({ type }) => type === 'UPDATE');
    const { uuid, task_id, agent_id } = update.status;
    await call({ type: 'ACKNOWLEDGE', acknowledge: { uuid, task_id, agent_id } });
  }
  // Names of which nothing is kept.
  for (let index = 0; index < 50; index++) {
    await call({ type: 'KILL', kill: { task_id: { value: `unheard-of-${index}` } } });
  }
  const { names } = master.ids;
  expect(names.size).toBeGreaterThanOrEqual(54);
  for (let sweep = 0; sweep < 2; sweep++) {
    names.sweep((keep) => {
      liveIds(master.loop.machine.state, keep);
    });
  }
  expect(names.size).toBe(4);
  const state = (await ask(master, '/state')).text;
  for (const name of ['ended', 'running', 'custom', 'mine']) expect(state).toContain(`"${name}"`);
  // Those that come back to the event stream hear of every task since the master began.
  const first = await openStream(master, '/api/v1', {
    headers: { 'Orrery-Events': 'all' },
    body: '{"type":"SUBSCRIBE"}',
  });
  const { sequence } = await first.next<{ sequence: number }>();
  const start = Math.floor(sequence / 2 ** 32) * 2 ** 32;
  const resumed = await openStream(master, '/api/v1', {
    headers: { 'Orrery-Events': 'all', 'Orrery-Resume': String(start) },
    body: '{"type":"SUBSCRIBE"}',
  });
  const told = new Set<string>();
  while (told.size < 3) {
    const event = await resumed.next<{ type: string; task_added: { task: { task_id: { value: string } } } }>(
      ({ type }) => type === 'TASK_ADDED',
    );
    told.add(event.task_added.task.task_id.value);
  }
  expect([...told].sort()).toEqual(['custom', 'ended', 'running']);
  for (const stream of [events, first, resumed]) stream.close();
});
