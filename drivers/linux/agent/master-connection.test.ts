import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { IdTexts } from '../codec/ids/id-texts.ts';
import { MemoryRegistry } from '../storage/memory-registry.ts';
import type { RunningMaster } from '../master/start-master.ts';
import { testMaster } from '../master/test-kit.ts';
import { MasterConnection, masterPlace, type MasterPlace } from './master-connection.ts';

let masters: RunningMaster[];
let events: string[];
let wake: (() => void) | null;
let connection: MasterConnection | null;

beforeEach(() => {
  masters = [];
  events = [];
  wake = null;
  connection = null;
});
afterEach(async () => {
  connection?.close();
  for (const master of masters) await master.close();
});

async function master(options: Parameters<typeof testMaster>[0] = {}): Promise<RunningMaster> {
  const started = await testMaster(options);
  masters.push(started);
  return started;
}

const placeOf = ({ host, port }: RunningMaster): MasterPlace => ({ host, port });

function connect(leader: () => MasterPlace, pingTimeoutMs = 60_000): MasterConnection {
  const say = (event: string): void => {
    events.push(event);
    wake?.();
  };
  connection = new MasterConnection(
    {
      ids: new IdTexts(null),
      log: pino({ level: 'silent' }),
      leader: () => Promise.resolve(leader()),
      link: {},
      pingTimeoutMs,
      retryMs: { first: 5, max: 20 },
    },
    {
      opened: () => {
        say('opened');
      },
      message: ({ type }) => {
        say(type);
      },
      closed: () => {
        say('closed');
      },
      pingsMissed: () => {
        say('pingsMissed');
      },
    },
  );
  connection.reconnect();
  return connection;
}

async function next(): Promise<string> {
  while (events.length === 0) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  return events.shift()!;
}

test('a link is tried for until a master is there, and again when it has gone', async () => {
  const first = await master();
  const place = placeOf(first);
  await first.close();
  masters = [];
  const link = connect(() => place);
  const second = await master({ port: place.port });
  expect(await next()).toBe('opened');
  expect(link.master).toEqual(place);
  await second.close();
  masters = [];
  expect(await next()).toBe('closed');
  expect(link.master).toBeNull();
  await master({ port: place.port });
  link.reconnect();
  expect(await next()).toBe('opened');
});

test('a master that does not lead says who does, and is believed', async () => {
  const leading = await master();
  const other = await master({
    registry: new MemoryRegistry(),
    leader: () => ({ hostname: leading.host, port: leading.port }),
  });
  other.loop.stop();
  const link = connect(() => placeOf(other));
  expect(await next()).toBe('opened');
  expect(link.master).toEqual(placeOf(leading));
});

test('a master that says nothing for the ping timeout is missed', async () => {
  const pinging = await master();
  const link = connect(() => placeOf(pinging), 100);
  expect(await next()).toBe('opened');
  // Stands still: the link is open, and nothing comes on it.
  pinging.loop.stop();
  expect(await next()).toBe('pingsMissed');
  link.close();
  expect(events).toEqual([]);
});

test.each([
  ['h:5050', { host: 'h', port: 5050 }],
  ['[::1]:1', { host: '::1', port: 1 }],
  ['10.0.0.1:65535', { host: '10.0.0.1', port: 65_535 }],
])('%s is a place', (text, place) => {
  expect(masterPlace(text)).toEqual(place);
});

test.each(['', 'h', ':1', 'h:', 'h:0', 'h:65536', 'h:x', 'zk://h:1/mesos', '::1:5050'])(
  '%s is no place',
  (text) => {
    expect(() => masterPlace(text)).toThrow('expected the master as host:port');
  },
);
