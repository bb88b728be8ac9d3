import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { micros } from '../../../engine/core/index.ts';
import { agentRecordToWire } from '../codec/agent-link.ts';
import { IdTexts } from '../codec/ids/id-texts.ts';
import { writeBinary } from '../codec/message/binary.ts';
import { AGENT_LINK_PATH, AGENT_LINK_PROTOCOL } from '../http/agent-link-protocol.ts';
import { frameRecord } from '../http/recordio.ts';
import { AgentRecordSchema } from '../proto/generated/orrery/agent_link_pb.ts';
import type { RunningMaster } from './start-master.ts';
import { agentInfo, openStream, post, ScriptedAgent, subscribe, testMaster } from './test-kit.ts';

let master: RunningMaster;

afterEach(async () => {
  await master.close();
});

interface Numbered {
  readonly type: string;
  readonly sequence: number;
}

test('an operator’s stream is resumed after the event that was seen last, without a gap and without a repeat', async () => {
  master = await testMaster();
  const headers = { 'Orrery-Events': 'all' };
  const body = '{"type":"SUBSCRIBE"}';
  const whole = await openStream(master, '/api/v1', { headers, body });
  const first = await whole.next<Numbered>();
  expect(first.type).toBe('SUBSCRIBED');
  await ScriptedAgent.start(master, 'cpus:1;mem:128', 'a');
  const seen = await whole.next<Numbered>(({ type }) => type === 'AGENT_ADDED');
  const { events } = await subscribe(master);
  await ScriptedAgent.start(master, 'cpus:1;mem:128', 'b');
  const rest: Numbered[] = [];
  while (rest.filter(({ type }) => type === 'AGENT_ADDED').length < 1)
    rest.push(await whole.next<Numbered>());
  const resumed = await openStream(master, '/api/v1', {
    headers: { ...headers, 'Orrery-Resume': String(seen.sequence) },
    body,
  });
  for (const expected of rest) expect(await resumed.next<Numbered>()).toEqual(expected);
  // What nobody keeps, or never was, is made up for by a snapshot.
  const unknown = await openStream(master, '/api/v1', {
    headers: { ...headers, 'Orrery-Resume': '1' },
    body,
  });
  expect((await unknown.next<Numbered>()).type).toBe('SUBSCRIBED');
  const bad = await post(master, '/api/v1', { type: 'SUBSCRIBE' }, { 'Orrery-Resume': 'x' });
  expect(bad.status).toBe(400);
  for (const stream of [whole, resumed, unknown, events]) stream.close();
});

test('an agent that does not answer pings becomes unreachable, and one that does stays', async () => {
  master = await testMaster({ master: { agentPingTimeout: micros(100_000), maxAgentPingTimeouts: 2 } });
  const events = await openStream(master, '/api/v1', { body: '{"type":"SUBSCRIBE"}' });
  const alive = await ScriptedAgent.start(master, 'cpus:1;mem:128', 'alive');
  // It registers, and never says a word again.
  const ids = new IdTexts(null);
  const register = agentRecordToWire(ids, {
    type: 'REGISTER_AGENT',
    info: agentInfo('cpus:1;mem:128', 'silent'),
  });
  const silent = request({
    host: master.host,
    port: master.port,
    path: AGENT_LINK_PATH,
    method: 'POST',
    headers: { Connection: 'Upgrade', Upgrade: AGENT_LINK_PROTOCOL },
  });
  silent.on('upgrade', (_response, socket) => {
    socket.on('error', () => {});
    socket.resume();
    socket.write(frameRecord(writeBinary(AgentRecordSchema, register)));
  });
  silent.end();
  const added = await events.next<{ type: string; agent_added: { agent: { agent_info: { id: object } } } }>(
    (event) => event.type === 'AGENT_ADDED' && JSON.stringify(event).includes('"silent"'),
  );
  const removed = await events.next<{ type: string; agent_removed: { agent_id: object } }>(
    ({ type }) => type === 'AGENT_REMOVED',
  );
  expect(removed.agent_removed.agent_id).toEqual(added.agent_added.agent.agent_info.id);
  expect(alive.pings).toBeGreaterThanOrEqual(2);
  expect(alive.closedWith).toBeNull();
  events.close();
});

test('a principal that calls too often is told when to come again', async () => {
  master = await testMaster({
    master: { rateLimits: { limits: [], aggregateDefault: { milliQps: 1, capacity: 2 } } },
  });
  const { events, streamId, frameworkId } = await subscribe(master);
  const revive = () =>
    post(
      master,
      '/api/v1/scheduler',
      { type: 'REVIVE', framework_id: { value: frameworkId } },
      { 'Mesos-Stream-Id': streamId },
    );
  expect((await revive()).status).toBe(202);
  const refused = await revive();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  events.close();
});

test('curl reads the API as it would read Mesos’s', async () => {
  master = await testMaster();
  await ScriptedAgent.start(master);
  const run = promisify(execFile);
  const curl = async (...args: readonly string[]): Promise<string> =>
    (await run('curl', ['-sS', '--max-time', '20', ...args])).stdout;
  const version = await curl(
    '-H',
    'Content-Type: application/json',
    '-d',
    '{"type":"GET_VERSION"}',
    `${master.url}/api/v1`,
  );
  expect(JSON.parse(version)).toMatchObject({
    type: 'GET_VERSION',
    get_version: { version_info: { version: '1.12.0' } },
  });
  const state = await curl('--compressed', `${master.url}/master/state`);
  expect(JSON.parse(state)).toMatchObject({ activated_slaves: 1 });
  const status = await curl('-o', '/dev/null', '-w', '%{http_code}', `${master.url}/api/v1`);
  expect(status).toBe('405');
  const form = await curl(
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-d',
    'frameworkId=none',
    `${master.url}/master/teardown`,
  );
  expect(form).toBe('400');
});
