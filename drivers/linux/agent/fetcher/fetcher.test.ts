import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandUri } from '../../../../engine/protocol/index.ts';
import { Users } from '../users.ts';
import { Fetcher } from './fetcher.ts';

let folder: string;
let sandbox: string;
let server: Server;
let url: string;
const files = new Map<string, Buffer | 'stall'>();
const asked: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orrery-fetcher-'));
  sandbox = join(folder, 'sandbox');
  await mkdir(sandbox);
  asked.length = 0;
  files.clear();
  server = createServer((request, response) => {
    const path = request.url!;
    asked.push(path);
    const file = files.get(path);
    if (path === '/moved') response.writeHead(302, { Location: '/a.txt' }).end();
    else if (path === '/to-file') response.writeHead(302, { Location: 'file:///etc/hostname' }).end();
    else if (file === undefined) response.writeHead(404).end();
    else if (file === 'stall') response.writeHead(200).write('begins');
    else response.end(file);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const uri = (value: string, more: Partial<CommandUri> = {}): CommandUri => ({
  value,
  executable: false,
  extract: true,
  cache: false,
  outputFile: null,
  ...more,
});

async function fetcher(cacheSize = 1_000_000, stallTimeoutMs = 30_000): Promise<Fetcher> {
  return await Fetcher.open({
    cacheFolder: join(folder, 'cache'),
    cacheSize,
    stallTimeoutMs,
    frameworksHome: folder,
    users: new Users(),
  });
}

async function fetch(one: Fetcher, ...uris: CommandUri[]): Promise<void> {
  await one.fetch({ uris, sandbox, owner: null, signal: new AbortController().signal });
}

const inSandbox = async (name: string) => await readFile(join(sandbox, name), 'utf8');

async function tarOf(entries: readonly (readonly [object, string?])[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, text] of entries) tar.entry(header as never, text ?? '');
  tar.finalize();
  return await buffer(tar);
}

test('files come from the host, from servers and through redirects, under the names that are wanted', async () => {
  files.set('/a.txt', Buffer.from('from a server'));
  await writeFile(join(folder, 'local.sh'), 'local');
  await fetch(
    await fetcher(),
    uri(`${url}/a.txt?x=1#y`.replace('?x=1#y', '')),
    uri(`${url}/moved`, { outputFile: 'sub/dir/b.txt' }),
    uri(`file://${folder}/local.sh`, { executable: true }),
    uri('local.sh', { outputFile: 'relative' }),
    uri(join(folder, 'local.sh'), { outputFile: 'absolute' }),
  );
  expect(await inSandbox('a.txt')).toBe('from a server');
  expect(await inSandbox('sub/dir/b.txt')).toBe('from a server');
  expect(await inSandbox('relative')).toBe('local');
  expect(await inSandbox('absolute')).toBe('local');
  expect((await stat(join(sandbox, 'local.sh'))).mode & 0o777).toBe(0o755);
});

test('archives of every kind are extracted, and left alone where that is not wanted', async () => {
  const source = join(folder, 'source');
  await mkdir(join(source, 'd'), { recursive: true });
  await writeFile(join(source, 'd', 'f'), 'inside');
  await chmod(join(source, 'd', 'f'), 0o750);
  const tar = (options: string, name: string) =>
    execFileSync('tar', [options, join(folder, name), '-C', source, 'd']);
  tar('-cf', 'a.tar');
  tar('-czf', 'a.tgz');
  tar('-cjf', 'a.tar.bz2');
  tar('-cJf', 'a.tar.xz');
  await writeFile(join(folder, 'word.gz'), gzipSync('unpacked'));
  const python = `import zipfile; z=zipfile.ZipFile('${folder}/a.zip','w',zipfile.ZIP_DEFLATED); z.write('${source}/d/f','z/f')`;
  execFileSync('python3', ['-c', python]);
  const one = await fetcher();
  for (const name of ['a.tar', 'a.tgz', 'a.tar.bz2', 'a.tar.xz']) {
    await fetch(one, uri(join(folder, name)));
    expect(await inSandbox('d/f')).toBe('inside');
    expect((await stat(join(sandbox, 'd/f'))).mode & 0o777).toBe(0o750);
    await rm(join(sandbox, 'd'), { recursive: true });
  }
  await fetch(one, uri(join(folder, 'a.zip')), uri(join(folder, 'word.gz')));
  expect(await inSandbox('z/f')).toBe('inside');
  expect(await inSandbox('word')).toBe('unpacked');
  await fetch(one, uri(join(folder, 'a.tar'), { extract: false, outputFile: 'kept.tar' }));
  expect(await readdir(sandbox)).not.toContain('d');
});

test('nothing that an archive or a name says leads out of the sandbox', async () => {
  const one = await fetcher();
  const evil: [string, readonly (readonly [object, string?])[]][] = [
    ['a path with ..', [[{ name: '../escaped' }, 'x']]],
    ['an absolute path', [[{ name: '/tmp/orrery-escaped' }, 'x']]],
    ['a link out', [[{ name: 'l', type: 'symlink', linkname: '/etc' }]]],
    ['a relative link out', [[{ name: 'd/l', type: 'symlink', linkname: '../../..' }]]],
    [
      'a path through a link',
      [
        [{ name: 'd', type: 'directory' }],
        [{ name: 'l', type: 'symlink', linkname: 'd' }],
        [{ name: 'l/f' }, 'x'],
      ],
    ],
    ['a hard link out', [[{ name: 'h', type: 'link', linkname: '../../etc/passwd' }]]],
    ['a device', [[{ name: 'dev', type: 'character-device', devmajor: 1, devminor: 3 }]]],
  ];
  for (const [what, entries] of evil) {
    await writeFile(join(folder, 'evil.tar'), await tarOf(entries));
    await expect(fetch(one, uri(join(folder, 'evil.tar'))), what).rejects.toThrow(
      /URI .*evil\.tar could not be fetched: .*(leads out of the sandbox|no directory|character-device)/,
    );
  }
  for (const outputFile of ['../x', '/x', 'a/../../x', '..'])
    await expect(fetch(one, uri(join(folder, 'evil.tar'), { outputFile }))).rejects.toThrow('leads out');
  expect(await readdir(folder)).toEqual(['cache', 'evil.tar', 'sandbox']);
});

test('what cannot be fetched says which URI and why', async () => {
  files.set('/slow', 'stall');
  const cases: [CommandUri, string][] = [
    [uri(`${url}/none`), 'answers 404'],
    [uri(`${url}/to-file`), 'followed to http and https only'],
    [uri('ftp://example.org/x'), 'not ftp'],
    [uri('/no/such/file'), 'there is no such file'],
    [uri(folder), 'no regular file'],
    [uri(`${url}/`), 'answers 404'],
    [uri(`${url}/slow`), 'nothing came for 0.05 s'],
    [uri('http://127.0.0.1:1/x'), 'ECONNREFUSED'],
  ];
  const one = await fetcher(1_000, 50);
  for (const [each, why] of cases) {
    if (each.value === `${url}/`) continue;
    await expect(fetch(one, each)).rejects.toThrow(`URI ${each.value} could not be fetched: `);
    await expect(fetch(one, each)).rejects.toThrow(why);
  }
  expect(await readdir(sandbox)).toEqual([]);
});

test('the cache downloads once for all who want the same, and the longest unused goes when it is full', async () => {
  const size = 400;
  for (const name of ['a', 'b', 'c']) files.set(`/${name}`, Buffer.alloc(size, name));
  files.set('/large', Buffer.alloc(5_000, 'l'));
  const one = await fetcher(1_000);
  const cached = (name: string) => uri(`${url}/${name}`, { cache: true });
  await Promise.all([
    fetch(one, uri(`${url}/a`, { cache: true, outputFile: 'a1' })),
    fetch(one, uri(`${url}/a`, { cache: true, outputFile: 'a2' })),
  ]);
  expect(asked).toEqual(['/a']);
  expect(await inSandbox('a2')).toBe('a'.repeat(size));
  await fetch(one, cached('b'));
  await fetch(one, cached('a'));
  await fetch(one, cached('c'));
  expect(one.cache.size).toBe(2 * size);
  await fetch(one, cached('a'));
  expect(asked).toEqual(['/a', '/b', '/c']);
  await fetch(one, cached('b'));
  expect(asked).toEqual(['/a', '/b', '/c', '/b']);
  await fetch(one, cached('large'));
  expect(await inSandbox('large')).toBe('l'.repeat(5_000));
  expect(one.cache.size).toBeLessThanOrEqual(1_000);
});

test('a user is not given what only the agent may read', async ({ skip }) => {
  if (process.getuid?.() !== 0) {
    const missing = 'only root can act as another user';
    if (process.env['CI'] !== undefined) throw new Error(missing);
    skip(missing);
  }
  await writeFile(join(folder, 'secret'), 'secret', { mode: 0o600 });
  await chmod(folder, 0o755);
  const one = await fetcher();
  const order = { uris: [uri(join(folder, 'secret'))], sandbox, owner: 'nobody' };
  await expect(one.fetch({ ...order, signal: new AbortController().signal })).rejects.toThrow(
    'Permission denied',
  );
});
