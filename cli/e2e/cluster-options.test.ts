import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, orrery } from '../testing/command.ts';

// Whom a command asks, and as whom: a master that notes it and refuses.

const asked: string[] = [];
const master = createServer((request, response) => {
  asked.push(request.headers.authorization ?? 'nobody');
  request.resume();
  response.writeHead(403).end('not you');
});
let address: string;

beforeAll(async () => {
  await build();
  master.listen(0, '127.0.0.1');
  await once(master, 'listening');
  address = `127.0.0.1:${(master.address() as AddressInfo).port}`;
});

afterAll(() => {
  master.close();
});

test.each([
  'agents deactivate S0',
  'agents reactivate S0',
  'agents gone S0',
  'frameworks teardown 0000',
  'quota set eng --limit cpus:1',
  'quota remove eng',
  'weights set eng=2',
  'maintenance schedule h/10.0.0.1',
  'maintenance cancel h/10.0.0.1',
  'maintenance start h/10.0.0.1',
  'maintenance stop h/10.0.0.1',
  'drain S0',
])('orrery %s asks the master that --master names, as the principal that is given', async (line) => {
  const before = asked.length;
  process.env['ORRERY_SECRET'] = 'secret';
  const ended = await orrery('.', ...line.split(' '), '--master', address, '--principal', 'ops');
  expect(ended).toMatchObject({ code: 1, out: '' });
  expect(ended.err).toContain(`http://${address} answers 403: not you`);
  expect(asked.slice(before)).toEqual([`Basic ${btoa('ops:secret')}`]);
});
