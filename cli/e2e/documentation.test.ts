import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, finished, ORRERY, temporaryFolder } from '../testing/command.ts';
import { blocksOf, commandsOf, ROOT } from '../testing/documentation.ts';
import { freePort } from '../../drivers/linux/testing/free-port.ts';
import { eventually } from './daemons.ts';

// The commands of the pages that need a cluster, by hand as it were: one `orrery local` for all of them, in order, and in the end the replay of its journal.

// Half a minute on a machine that does nothing else; it may do much else.
const PATIENCE_MILLIS = 300_000;

let folder: string;
let local: ChildProcess;
let port: number;
let isReady = false;

beforeAll(async () => {
  await build();
  folder = temporaryFolder();
  symlinkSync(join(ROOT, 'docs'), join(folder, 'docs'));
  port = await freePort();
  const args = ['local', '--agents', '3', '--work-dir', 'cluster', '--port', String(port)];
  local = spawn(process.execPath, [ORRERY, ...args], { cwd: folder });
  let said = '';
  local.stdout!.on('data', (bytes: Buffer) => {
    said += String(bytes);
  });
  await eventually('the cluster is ready', () =>
    said.includes(`ready http://127.0.0.1:${port}\n`) ? true : null,
  );
  isReady = true;
});

afterAll(() => {
  if (local.exitCode === null) local.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

interface Beside {
  readonly line: string;
  readonly child: ChildProcess;
  readonly ended: ReturnType<typeof finished>;
}

const READY = /^ready |"msg":"listening"|linked to the master|TASK_RUNNING/m;

/** As a user's shell runs a line: `npx orrery` is the compiled program, the ports are those of this test. */
function started(line: string, ports: ReadonlyMap<string, number>): ChildProcess {
  let command = line.replaceAll('npx orrery', 'orrery');
  for (const [written, real] of ports) command = command.replaceAll(written, String(real));
  // `exec`, so that a signal reaches the program.
  const script = /^(?:\w+=\S+ )*orrery [^|;&]*$/.test(command.replaceAll(/'[^']*'/g, ''))
    ? command.replace(/^((?:\w+=\S+ )*)orrery/, '$1 exec "$NODE" "$ORRERY"')
    : `orrery() { "$NODE" "$ORRERY" "$@"; }\n${command}`;
  const env = { ...process.env, NODE: process.execPath, ORRERY, ORRERY_MASTER: `127.0.0.1:${port}` };
  return spawn('bash', ['-c', script], { cwd: folder, env });
}

async function runPage(page: string): Promise<void> {
  const beside: Beside[] = [];
  try {
    await runLines(page, beside);
    // Ctrl-C, the latest first: 130 of a task that is killed, 0 of a daemon.
    for (const { line, child, ended } of beside.reverse()) {
      child.kill('SIGINT');
      const { code, err } = await ended;
      expect(code, `${line}\n${err}`).toBe(line.includes('orrery run') ? 130 : 0);
    }
  } finally {
    for (const { child } of beside) if (child.exitCode === null) child.kill('SIGTERM');
  }
}

async function runLines(page: string, beside: Beside[]): Promise<void> {
  // A page that starts daemons of its own does so on ports of its own.
  const ports = new Map([
    ['5050', port],
    ['6050', await freePort()],
    ['6051', await freePort()],
  ]);
  for (const { language, text, file } of blocksOf(page)) {
    if (file !== null) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    if (language !== 'sh') continue;
    for (const { line, code, isBeside } of commandsOf(text)) {
      // It runs since the beginning.
      if (line.startsWith('npx orrery local')) continue;
      const child = started(line, ports);
      const ended = finished(child);
      if (isBeside) {
        beside.push({ line, child, ended });
        let said = '';
        for (const stream of [child.stdout!, child.stderr!])
          stream.on('data', (bytes: Buffer) => {
            said += String(bytes);
          });
        await eventually(line, () => {
          expect(child.exitCode, `${line}\n${said}`).toBeNull();
          return READY.test(said) ? true : null;
        });
      } else {
        const { code: is, out, err } = await ended;
        expect(is, `${line}\n${out}${err}`).toBe(code);
      }
    }
  }
}

test.each(['docs/local.md', 'docs/cli.md', 'docs/operate.md'])(
  'the commands of %s do what they should',
  async (page) => {
    expect(isReady).toBe(true);
    await runPage(page);
  },
  PATIENCE_MILLIS,
);

test('systemd takes the units of docs/examples', () => {
  const units = ['orrery-master', 'orrery-agent'].map((name) =>
    join(ROOT, 'docs', 'examples', 'systemd', `${name}.service`),
  );
  const { error, stdout, stderr } = spawnSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8' });
  if (error !== undefined) {
    if (process.env['CI'] !== undefined) throw error;
    process.stderr.write('systemd-analyze is not here: the units are not checked\n');
    return;
  }
  // Where there is no /opt/orrery it says that, and nothing else.
  const said = `${stdout}${stderr}`.split('\n').filter((text) => /orrery-(master|agent)/.test(text));
  expect(said.filter((text) => !/is not executable|not found/.test(text))).toEqual([]);
});

test(
  'orrery local ends clean, and the commands of docs/replay.md work on its journal',
  async () => {
    const ended = once(local, 'exit');
    local.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    await runPage('docs/replay.md');
  },
  PATIENCE_MILLIS,
);
