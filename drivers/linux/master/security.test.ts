import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAcls } from '../../../engine/authorization/index.ts';
import { IdTexts } from '../codec/ids/id-texts.ts';
import { AgentLink } from '../http/agent-link.ts';
import { Authentication } from '../security/authentication.ts';
import { parseCredentials } from '../security/credentials.ts';
import type { RunningMaster } from './start-master.ts';
import { ask, openStream, post, ScriptedAgent, subscribe, testMaster } from './test-kit.ts';

let master: RunningMaster | null = null;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orrery-security-'));
});

afterEach(async () => {
  await master?.close();
  master = null;
  rmSync(folder, { recursive: true, force: true });
});

const CREDENTIALS = parseCredentials(
  '{"credentials":[{"principal":"ops","secret":"s3cret"},{"principal":"web","secret":"hush"}]}',
);

function basic(principal: string, secret: string): { readonly Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}` };
}

test('each realm asks for credentials by itself; health and version never do', async () => {
  const realms = new Set(['mesos-master-readonly', 'mesos-master-scheduler', 'orrery-master-agent'] as const);
  master = await testMaster({ authentication: new Authentication(CREDENTIALS, realms) });
  const refused = await ask(master, '/state');
  expect([refused.status, refused.headers['www-authenticate']]).toEqual([
    401,
    'Basic realm="mesos-master-readonly"',
  ]);
  for (const headers of [basic('ops', 'wrong'), basic('nobody', 's3cret'), { Authorization: 'Bearer x' }]) {
    expect((await ask(master, '/state', { headers })).status).toBe(401);
  }
  expect((await ask(master, '/state', { headers: basic('ops', 's3cret') })).status).toBe(200);
  for (const path of ['/health', '/version', '/master/health'])
    expect((await ask(master, path)).status).toBe(200);
  expect((await post(master, '/api/v1', { type: 'GET_HEALTH' })).status).toBe(200);
  const anonymous = await post(master, '/api/v1/scheduler', { type: 'SUBSCRIBE' });
  expect([anonymous.status, anonymous.headers['www-authenticate']]).toEqual([
    401,
    'Basic realm="mesos-master-scheduler"',
  ]);
  await expect(
    AgentLink.open(
      new IdTexts(null),
      { host: master.host, port: master.port },
      { message() {}, pinged() {}, closed() {} },
    ),
  ).rejects.toThrow('gives no link: 401');
});

test('a scheduler’s principal is the one that it proved, and no other', async () => {
  const realms = new Set(['mesos-master-scheduler'] as const);
  master = await testMaster({ authentication: new Authentication(CREDENTIALS, realms) });
  const body = (principal?: string) =>
    JSON.stringify({
      type: 'SUBSCRIBE',
      subscribe: {
        framework_info: { user: 'u', name: 'n', ...(principal === undefined ? {} : { principal }) },
      },
    });
  const headers = { 'Content-Type': 'application/json', ...basic('web', 'hush') };
  const other = await ask(master, '/api/v1/scheduler', { method: 'POST', headers, body: body('ops') });
  expect([other.status, other.text]).toEqual([
    400,
    expect.stringContaining("'web' does not match principal 'ops'"),
  ]);
  const events = await openStream(master, '/api/v1/scheduler', { headers, body: body() });
  const { subscribed } = await events.next<{ subscribed: { framework_id: { value: string } } }>();
  const frameworks = JSON.parse((await ask(master, '/frameworks')).text) as {
    frameworks: { principal: string }[];
  };
  expect(frameworks.frameworks[0]!.principal).toBe('web');
  const streamId = String(events.headers['mesos-stream-id']);
  const call = { type: 'REVIVE', framework_id: subscribed.framework_id };
  const stolen = await post(master, '/api/v1/scheduler', call, {
    ...basic('ops', 's3cret'),
    'Mesos-Stream-Id': streamId,
  });
  expect([stolen.status, stolen.text]).toEqual([400, expect.stringContaining('does not match')]);
  const own = await post(master, '/api/v1/scheduler', call, {
    ...basic('web', 'hush'),
    'Mesos-Stream-Id': streamId,
  });
  expect(own.status).toBe(202);
  events.close();
});

test('get_endpoints guards what it names', async () => {
  const acls = parseAcls({
    get_endpoints: [
      { principals: { type: 'ANY' }, paths: { values: ['/logging/toggle'] } },
      { principals: { type: 'NONE' }, paths: { values: ['/files/debug', '/metrics/snapshot'] } },
    ],
  });
  if (!acls.ok) throw new Error(acls.error.message);
  master = await testMaster({ master: { acls: acls.value } });
  for (const path of ['/files/debug', '/metrics/snapshot', '/metrics/prometheus']) {
    const { status, text } = await ask(master, path);
    expect([path, status, text]).toEqual([path, 403, expect.stringContaining('get_endpoints')]);
  }
  const toggled = await ask(master, '/logging/toggle?level=1&duration=1secs');
  expect([toggled.status, (await ask(master, '/state')).status]).toEqual([200, 200]);
});

test('ACLs refuse who may not, and show what one may see', async () => {
  const acls = parseAcls({
    permissive: true,
    update_weights: [
      { principals: { values: ['ops'] }, roles: { type: 'ANY' } },
      { principals: { type: 'NONE' }, roles: { type: 'ANY' } },
    ],
    view_frameworks: [
      { principals: { values: ['ops'] }, users: { type: 'ANY' } },
      { principals: { type: 'ANY' }, users: { type: 'NONE' } },
    ],
    view_flags: [
      { principals: { values: ['ops'] }, flags: { type: 'ANY' } },
      { principals: { type: 'ANY' }, flags: { type: 'NONE' } },
    ],
    register_frameworks: [
      { principals: { type: 'ANY' }, roles: { values: ['eng'] } },
      { principals: { type: 'ANY' }, roles: { type: 'NONE' } },
    ],
  });
  if (!acls.ok) throw new Error('the test’s own ACLs are wrong');
  const realms = new Set(['mesos-master-readonly', 'mesos-master-readwrite'] as const);
  master = await testMaster({
    authentication: new Authentication(CREDENTIALS, realms),
    master: { acls: acls.value },
  });
  const framework = await subscribe(master);
  const weights = { type: 'UPDATE_WEIGHTS', update_weights: { weight_infos: [{ role: 'eng', weight: 2 }] } };
  expect((await post(master, '/api/v1', weights, basic('web', 'hush'))).status).toBe(403);
  expect((await post(master, '/api/v1', weights, basic('ops', 's3cret'))).status).toBe(200);
  const seen = async (headers: object) =>
    JSON.parse((await ask(master!, '/state', { headers: { ...headers } })).text) as {
      frameworks: object[];
      flags?: object;
    };
  expect(await seen(basic('web', 'hush'))).toMatchObject({ frameworks: [] });
  expect(await seen(basic('web', 'hush'))).not.toHaveProperty('flags');
  expect((await seen(basic('ops', 's3cret'))).frameworks).toHaveLength(1);
  expect((await ask(master, '/flags', { headers: basic('web', 'hush') })).status).toBe(403);
  const refused = await openStream(master, '/api/v1/scheduler', {
    body: '{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n","role":"other"}}}',
  });
  expect(await refused.next<object>()).toMatchObject({
    type: 'ERROR',
    error: { message: expect.stringContaining('Not authorized') },
  });
  framework.events.close();
});

test('TLS and plain HTTP share the port if that is allowed, and plain is refused if not', async () => {
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '1',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=IP:127.0.0.1',
    ],
    { stdio: 'ignore' },
  );
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  const secureHealth = async (): Promise<number> =>
    await new Promise((resolve, reject) => {
      request(
        { host: master!.host, port: master!.port, path: '/health', ca: options.cert, agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      )
        .on('error', reject)
        .end();
    });
  master = await testMaster({ tls: { options, allowsPlain: true } });
  expect(await secureHealth()).toBe(200);
  expect((await ask(master, '/health')).status).toBe(200);
  const received: string[] = [];
  const link = await AgentLink.open(
    new IdTexts(null),
    { host: master.host, port: master.port, secure: true, ca: options.cert.toString() },
    { message: ({ type }) => received.push(type), pinged() {}, closed() {} },
  );
  expect(link.isOpen).toBe(true);
  link.close();
  await master.close();
  master = await testMaster({ tls: { options, allowsPlain: false } });
  expect(await secureHealth()).toBe(200);
  await expect(ask(master, '/health')).rejects.toThrow();
});

test('a log shows no credentials, whatever is asked with them', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  const realms = new Set(['mesos-master-readonly'] as const);
  master = await testMaster({ log, authentication: new Authentication(CREDENTIALS, realms) });
  await ask(master, '/state', { headers: basic('ops', 's3cret') });
  await ask(master, '/state', { headers: basic('ops', 'wr0ng') });
  await ScriptedAgent.start(master);
  expect(lines.join('')).not.toMatch(/s3cret|wr0ng|Basic /);
});

test('files are shown under their virtual path only; nothing escapes by dots or links', async () => {
  const file = join(folder, 'master.log');
  writeFileSync(file, 'line one\nline two\n');
  writeFileSync(join(folder, 'secret'), 'no');
  master = await testMaster({ logFile: file });
  const read = await ask(master, '/files/read?path=/master/log&offset=5&length=3');
  expect(JSON.parse(read.text)).toEqual({ data: 'one', offset: 5 });
  expect(JSON.parse((await ask(master, '/files/read?path=/master/log')).text)).toEqual({
    data: '',
    offset: 18,
  });
  const download = await ask(master, '/files/download?path=/master/log');
  expect([download.text, download.headers['content-disposition']]).toEqual([
    'line one\nline two\n',
    'attachment; filename="log"',
  ]);
  symlinkSync('/etc/passwd', join(folder, 'link'));
  for (const path of [
    '/master/log/../secret',
    '/master/../master/log',
    '/etc/passwd',
    `${folder}/secret`,
    '/master/log%00',
    '',
  ]) {
    const status = (await ask(master, `/files/read?path=${path}&offset=0`)).status;
    expect([400, 404]).toContain(status);
  }
  expect((await ask(master, '/files/read?path=/master/log&offset=-2')).status).toBe(400);
});

test('malformed credentials are refused with their place and without a secret', () => {
  const cases: [string, string][] = [
    ['{"credentials":[{"principal":"p"}]}', "entry 1: 'p' has no secret"],
    ['{"credentials":[{"secret":"hidden"}]}', "malformed at 'credentials[0].principal'"],
    ['{"credentials": hidden', 'the JSON is malformed'],
    ['p hidden\np hidden2', "line 2: 'p' is given twice"],
    ['p hidden too', 'line 1: expected a principal'],
  ];
  for (const [text, message] of cases) {
    expect(() => parseCredentials(text)).toThrow(message);
    expect(() => parseCredentials(text)).not.toThrow('hidden');
  }
});
