import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import * as fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { AGENT_LINK_PATH, AGENT_LINK_PROTOCOL } from '../http/agent-link-protocol.ts';
import { frameRecord, RecordError, RecordParser } from '../http/recordio.ts';
import type { RunningMaster } from './start-master.ts';
import { ask, openStream, post, ScriptedAgent, subscribe, testMaster } from './test-kit.ts';

let master: RunningMaster;

afterEach(async () => {
  await master.close();
});

/** A connection, and all that came back when it was closed. */
async function raw(bytes: string | Uint8Array): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(master.port, master.host, () => {
      socket.write(bytes);
    });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', () => {
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
    socket.on('error', reject);
  });
}

async function opened(): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect(master.port, master.host, () => {
      resolve(socket);
    });
    socket.on('error', reject);
  });
}

/** What the master knows, as text. */
async function books(): Promise<string> {
  const state = await post(master, '/api/v1', { type: 'GET_STATE' });
  return state.text;
}

test('bytes that are no HTTP are answered 400 and change nothing', async () => {
  master = await testMaster();
  const before = await books();
  expect(await raw('\u0000\u0001garbage\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  );
  expect(await books()).toBe(before);
});

test('a body that is too large is refused as soon as that is known', async () => {
  master = await testMaster({ limits: { bodyMax: 1_000 } });
  const headers = { 'Content-Type': 'application/json' };
  const large = await ask(master, '/api/v1', { method: 'POST', headers, body: 'x'.repeat(1_001) });
  expect([large.status, large.text]).toEqual([413, 'The body is larger than 1000 bytes']);
  const chunked = { ...headers, 'Transfer-Encoding': 'chunked' };
  const streamed = await ask(master, '/api/v1', {
    method: 'POST',
    headers: chunked,
    body: 'x'.repeat(2_000),
  });
  expect(streamed.status).toBe(413);
});

/** Opens connections in a process of its own, so that each side has file descriptors enough; tells how many, and when all are closed. */
const HALF_OPEN = `
const { connect } = require('node:net');
const [port, count] = process.argv.slice(1).map(Number);
let open = 0;
let closed = 0;
const next = () => {
  if (open === count) {
    process.send(open);
    return;
  }
  const socket = connect(port, '127.0.0.1', () => {
    if (open++ % 2 === 0) socket.write('POST /api/v1 HTTP/1.1\\r\\nHost: x\\r\\n');
    next();
  });
  socket.resume();
  socket.on('error', () => {});
  socket.on('close', () => {
    if (++closed === count) process.send('closed');
  });
};
next();
`;

test('ten thousand half-open connections are closed in time and stop nobody', async () => {
  const COUNT = 10_000;
  master = await testMaster({ limits: { headersTimeoutMs: 5_000, connectionsMax: COUNT + 100 } });
  const child = spawn(process.execPath, ['-e', HALF_OPEN, String(master.port), String(COUNT)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    const next = (): Promise<unknown> => new Promise((resolve) => child.once('message', resolve));
    expect(await next()).toBe(COUNT);
    expect((await ask(master, '/health')).status).toBe(200);
    const { events } = await subscribe(master);
    expect(await next()).toBe('closed');
    expect((await ask(master, '/health')).status).toBe(200);
    events.close();
  } finally {
    child.kill('SIGKILL');
  }
});

test('connections beyond the limit are turned away while the others go on', async () => {
  master = await testMaster({ limits: { connectionsMax: 5 } });
  const { events } = await subscribe(master);
  const kept: Socket[] = [];
  for (let index = 0; index < 4; index++) kept.push(await opened());
  // The sixth is closed without an answer.
  expect(await raw('GET /health HTTP/1.1\r\nHost: x\r\n\r\n').catch(() => '')).toBe('');
  await events.next<{ type: string }>(({ type }) => type === 'HEARTBEAT');
  for (const socket of kept) socket.destroy();
  events.close();
});

test('a subscriber that does not read is dropped, and the master goes on', async () => {
  master = await testMaster({ limits: { streamBufferMax: 50_000 } });
  const slow = await opened();
  const body = JSON.stringify({
    type: 'SUBSCRIBE',
    subscribe: {
      framework_info: { user: 'u', name: 'slow', roles: ['eng'], capabilities: [{ type: 'MULTI_ROLE' }] },
    },
  });
  const closed = new Promise<void>((resolve) => {
    slow.on('close', () => {
      resolve();
    });
    slow.on('error', () => {
      resolve();
    });
  });
  slow.write(
    `POST /api/v1/scheduler HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const id = await new Promise<string>((resolve) => {
    let head = '';
    slow.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1');
      const found = /"framework_id":\{"value":"([^"]+)"/.exec(head);
      if (found === null) return;
      // From now on it reads nothing.
      slow.pause();
      resolve(found[1]!);
    });
  });
  const operator = await openStream(master, '/api/v1', { body: '{"type":"SUBSCRIBE"}' });
  const agent = await ScriptedAgent.start(master);
  const data = Buffer.alloc(100_000).toString('base64');
  // Far more than sockets and buffers take.
  const messages = 400;
  for (let index = 0; index < messages; index++) {
    agent.link.send({
      type: 'EXECUTOR_TO_FRAMEWORK',
      agentId: agent.ids.agent(agent.agentText),
      frameworkId: agent.ids.framework(id),
      executorId: agent.ids.executor('e'),
      data: Buffer.from(data),
    });
  }
  const updated = await operator.next<{
    type: string;
    framework_updated: { framework: { connected: boolean } };
  }>(({ type }) => type === 'FRAMEWORK_UPDATED' || type === 'FRAMEWORK_REMOVED');
  expect(['FRAMEWORK_UPDATED', 'FRAMEWORK_REMOVED']).toContain(updated.type);
  slow.resume();
  await closed;
  const metrics = JSON.parse((await ask(master, '/metrics/snapshot')).text) as Record<string, number>;
  expect(metrics['http/scheduler_streams_dropped']).toBe(1);
  const { events } = await subscribe(master);
  await events.next<{ type: string }>(({ type }) => type === 'OFFERS');
  events.close();
  operator.close();
});

test('what is no record, or too long a one, ends an agent’s link and nothing else', async () => {
  master = await testMaster({ limits: { recordMax: 10_000 } });
  const ask101 = `POST ${AGENT_LINK_PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${AGENT_LINK_PROTOCOL}\r\n\r\n`;
  const agent = await ScriptedAgent.start(master);
  for (const bytes of ['garbage', '10001\n', '5\nxxxxx', '99999999999999999999999\n']) {
    expect(await raw(ask101 + bytes)).toMatch(/^HTTP\/1\.1 101 /);
  }
  const wrong = ask101.replace(AGENT_LINK_PROTOCOL, 'h2c');
  expect(await raw(wrong)).toMatch(/^HTTP\/1\.1 426 /);
  expect(agent.closedWith).toBeNull();
  const slaves = JSON.parse((await ask(master, '/slaves')).text) as { slaves: object[] };
  expect(slaves.slaves).toMatchObject([{ id: agent.agentText, active: true }]);
});

test('random calls on a live stream are answered with a status of the API and keep the books in order', async () => {
  master = await testMaster();
  await ScriptedAgent.start(master);
  const { events, streamId, frameworkId } = await subscribe(master);
  const noise = fc.jsonValue({ maxDepth: 3 });
  const type = fc.constantFrom(
    'ACCEPT',
    'DECLINE',
    'KILL',
    'RECONCILE',
    'REVIVE',
    'ACKNOWLEDGE',
    'REQUEST',
    'SHUTDOWN',
    'FLY',
  );
  await fc.assert(
    fc.asyncProperty(type, noise, async (call, body) => {
      const answer = await post(
        master,
        '/api/v1/scheduler',
        { type: call, framework_id: { value: frameworkId }, [call.toLowerCase()]: body },
        { 'Mesos-Stream-Id': streamId },
      );
      expect([202, 400]).toContain(answer.status);
      master.loop.machine.checkInvariants();
    }),
    { numRuns: 150 },
  );
  events.close();
});

test('RecordIO is taken apart alike in whatever pieces it comes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 30 })),
      fc.array(fc.nat(10), { minLength: 1 }),
      (records, cuts) => {
        const bytes = Buffer.concat(records.flatMap((record) => [frameRecord(record), Buffer.from('')]));
        const parser = new RecordParser(100);
        const found: Uint8Array[] = [];
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const length = 1 + cuts[cut % cuts.length]!;
          parser.push(bytes.subarray(at, at + length), (record) => found.push(Uint8Array.from(record)));
          at += length;
        }
        expect(found).toEqual(records.map((record) => Uint8Array.from(record)));
        expect(parser.isInside).toBe(false);
      },
    ),
  );
});

test('empty lines before a length are passed over, and what is no framing is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
      const parser = new RecordParser(20);
      try {
        parser.push(noise, (record) => {
          expect(record.length).toBeLessThanOrEqual(20);
        });
      } catch (error) {
        expect(error).toBeInstanceOf(RecordError);
      }
    }),
  );
  const found: string[] = [];
  new RecordParser(20).push(Buffer.from('\r\n\n3\nabc\n\n2\nde'), (record) => {
    found.push(Buffer.from(record).toString());
  });
  expect(found).toEqual(['abc', 'de']);
});
