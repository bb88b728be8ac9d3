import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContainerHandle, Probe, ProbeResult } from '../../../engine/agent/index.ts';
import { micros } from '../../../engine/core/index.ts';
import type { AgentContainer } from './agent-containers.ts';
import { Prober } from './prober.ts';

const CONTAINER = 1 as ContainerHandle;
let server: Server;
let port: number;
let prober: Prober;
let results: ProbeResult[];
let wake: () => void;

beforeEach(async () => {
  server = createServer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { Location: '/there' }).end();
    else if (request.url === '/circle') response.writeHead(302, { Location: '/circle' }).end();
    else if (request.url === '/to-file') response.writeHead(302, { Location: 'file:///x' }).end();
    else if (request.url === '/there') response.writeHead(204).end();
    else if (request.url === '/sick') response.writeHead(503).end('a long story');
    // Anything else is not answered.
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  port = (server.address() as AddressInfo).port;
  results = [];
  wake = () => {};
  const running = { state: 'running', ipAddresses: [], parent: null } as unknown as AgentContainer;
  const inPod = { ...running, ipAddresses: [], parent: { ...running, ipAddresses: ['127.0.0.1'] } };
  prober = new Prober(
    {
      find: (handle) => (handle === CONTAINER ? running : handle === 2 ? inPod : null),
      runtimeOf: () => null,
    },
    (_container, _use, result) => {
      results.push(result);
      wake();
    },
  );
});
afterEach(() => {
  prober.close();
  server.closeAllConnections();
  server.close();
});

const http = (path: string): Probe => ({ type: 'HTTP', scheme: 'http', protocol: 'IPv4', port, path });

async function probed(probe: Probe, handle = CONTAINER, timeoutMs = 10_000): Promise<ProbeResult> {
  prober.probe(handle, 'check', probe, micros(timeoutMs * 1_000));
  if (results.length === 0)
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  return results.shift()!;
}

test('an HTTP probe tells the status after redirects, whatever it is', async () => {
  expect(await probed(http('/there'))).toEqual({ kind: 'responded', statusCode: 204 });
  expect(await probed(http('/moved'))).toEqual({ kind: 'responded', statusCode: 204 });
  expect(await probed(http('/sick'))).toEqual({ kind: 'responded', statusCode: 503 });
  expect(await probed(http('/there'), 2 as ContainerHandle)).toEqual({ kind: 'responded', statusCode: 204 });
});

test('a probe that cannot be carried out says why', async () => {
  const failed = async (probe: Probe, handle = CONTAINER) => {
    const result = await probed(probe, handle);
    return result.kind === 'failed' ? result.message : result.kind;
  };
  expect(await failed(http('/circle'))).toContain('redirected more than 10 times');
  expect(await failed(http('/to-file'))).toContain('only http and https');
  expect(await failed({ ...http('/'), port: 1 } as Probe)).toContain('ECONNREFUSED');
  expect(await failed(http('/there'), 9 as ContainerHandle)).toContain('does not run');
});

test('a TCP probe tells whether a connection comes about', async () => {
  const tcp = (to: number): Probe => ({ type: 'TCP', protocol: 'IPv4', port: to });
  expect(await probed(tcp(port))).toEqual({ kind: 'connected', succeeded: true });
  expect(await probed(tcp(1))).toEqual({ kind: 'connected', succeeded: false });
});

test('a probe without an answer times out, and one that is stopped says nothing', async () => {
  expect(await probed(http('/never'), CONTAINER, 20)).toEqual({ kind: 'timedOut' });
  prober.probe(CONTAINER, 'check', http('/never'), null);
  prober.probe(CONTAINER, 'healthCheck', http('/never'), null);
  prober.stop(CONTAINER);
  expect(await probed(http('/there'))).toEqual({ kind: 'responded', statusCode: 204 });
  expect(results).toEqual([]);
});
