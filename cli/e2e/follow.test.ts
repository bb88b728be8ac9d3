import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ClusterError } from '../cluster/cluster-error.ts';
import { follow } from '../cluster/logs-command.ts';
import { eventually } from './daemons.ts';

// An agent whose one file has this text, away when it is closed.
async function agentWith(text: () => string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes: Buffer) => {
      body += String(bytes);
    });
    request.on('end', () => {
      const { read_file } = JSON.parse(body) as { read_file: { offset: number } };
      const bytes = Buffer.from(text());
      const data = bytes.subarray(read_file.offset).toString('base64');
      response.end(JSON.stringify({ type: 'READ_FILE', read_file: { size: bytes.length, data } }));
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

test('a log is followed over a restart of its agent, and each byte is told once', async () => {
  let text = 'before ';
  let asked = 0;
  let isOver = false;
  const first = await agentWith(() => text, 0);
  const { port } = first.address() as AddressInfo;
  const agent = { url: `http://127.0.0.1:${port}`, authorization: null, ca: null, isAgent: true } as const;
  const to = new PassThrough();
  let read = '';
  to.on('data', (bytes: Buffer) => {
    read += String(bytes);
  });
  const following = follow(
    agent,
    '/stdout',
    0,
    () => {
      asked++;
      return Promise.resolve(isOver);
    },
    to,
  );
  await eventually('the first part is read', () => (read === 'before ' ? true : null));
  await closed(first);
  const before = asked;
  await eventually('the agent was asked while it was away', () => (asked > before + 1 ? true : null));
  text += 'after';
  const second = await agentWith(() => text, port);
  isOver = true;
  await following;
  await closed(second);
  expect(read).toBe('before after');
  await expect(follow(agent, '/stdout', 0, () => Promise.resolve(true), to)).rejects.toThrow(
    new ClusterError(
      `the agent cannot be reached at ${agent.url}: nothing listens there. Try again when it is back`,
    ),
  );
});
