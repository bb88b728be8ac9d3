import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import Dockerode from 'dockerode';
import { pack } from 'tar-stream';

/** The image that tests run: Debian's static busybox and nothing else. */
export const BUSYBOX_IMAGE = 'orrery-test/busybox:1';
const BUSYBOX = '/bin/busybox';
const READY_MILLIS = 60_000;
const COMMANDS = [
  'sh',
  'echo',
  'sleep',
  'cat',
  'test',
  'touch',
  'true',
  'false',
  'ls',
  'id',
  'setsid',
  'env',
  'nc',
  'httpd',
  'kill',
  'stty',
];

/** A Docker Engine of a test's own. */
export interface DockerEngine {
  readonly socket: string;
  readonly docker: Dockerode;
  /** The engine's process, for tests that freeze it. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Why no engine can be started here, or null. */
export function dockerMissing(): string | null {
  if (spawnSync('dockerd', ['--version']).status !== 0)
    return 'dockerd is not installed (apt install docker.io)';
  if (!existsSync(BUSYBOX)) return 'busybox is not installed (apt install busybox-static)';
  if (process.getuid?.() !== 0) return 'only root may start a Docker Engine';
  return null;
}

/** Starts an engine with folders, socket and network of its own, and the busybox image in it. */
export async function startDockerEngine(): Promise<DockerEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'orrery-docker-'));
  const socket = join(folder, 'docker.sock');
  const daemon = spawn(
    'dockerd',
    [
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '-H', `unix://${socket}`],
      ...['-p', join(folder, 'pid'), '--bridge=none', '--iptables=false'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  daemon.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-4_000);
  });
  const docker = new Dockerode({ socketPath: socket });
  await ready(daemon, docker, () => said);
  await importBusybox(docker);
  return {
    socket,
    docker,
    pid: daemon.pid!,
    async stop() {
      for (const { Id } of await docker.listContainers({ all: true }))
        await docker.getContainer(Id).remove({ force: true, v: true });
      const ended = once(daemon, 'exit');
      daemon.kill('SIGTERM');
      await ended;
      // The engine leaves its own network namespace mounted.
      spawnSync('umount', [join(folder, 'exec', 'netns', 'default')]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ready(daemon: ChildProcess, docker: Dockerode, said: () => string): Promise<void> {
  for (let waited = 0; waited < READY_MILLIS; waited += 100) {
    if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}:\n${said()}`);
    try {
      await docker.ping();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`dockerd is not ready after ${READY_MILLIS} ms:\n${said()}`);
}

async function importBusybox(docker: Dockerode): Promise<void> {
  const tar = pack();
  tar.entry({ name: 'bin/busybox', mode: 0o755 }, await readFile(BUSYBOX));
  for (const name of COMMANDS) tar.entry({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' });
  for (const name of ['tmp', 'etc', 'root']) tar.entry({ name, type: 'directory', mode: 0o777 });
  tar.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n');
  tar.finalize();
  const [repo, tag] = BUSYBOX_IMAGE.split(':');
  const stream = await docker.importImage(Readable.from([await buffer(tar)]), { repo, tag });
  await new Promise<void>((resolve, reject) => {
    stream.once('end', resolve).once('error', reject).resume();
  });
}
