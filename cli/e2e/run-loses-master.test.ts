import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../drivers/linux/testing/free-port.ts';
import { ORRERY } from '../testing/command.ts';
import { eventually, TestDaemon } from './daemons.ts';

const folder = mkdtempSync(join(tmpdir(), 'orrery-run-'));

// Its agent lives on and could be asked for the output for ever.
test('orrery run ends with 1 when its master dies', async () => {
  const [port, agentPort] = [await freePort(), await freePort()];
  const at = `127.0.0.1:${port}`;
  const master = new TestDaemon('master', join(folder, 'master.log'), () => [
    'master',
    `--port=${port}`,
    `--work_dir=${join(folder, 'master')}`,
  ]);
  const agent = new TestDaemon('agent', join(folder, 'agent.log'), () => [
    'agent',
    `--master=${at}`,
    `--port=${agentPort}`,
    `--work_dir=${join(folder, 'agent')}`,
    '--resources=cpus:1;mem:512;disk:100',
  ]);
  await master.start();
  await agent.start();
  await eventually('the master answers', () =>
    fetch(`http://${at}/health`).then(
      ({ ok }) => (ok ? true : null),
      () => null,
    ),
  );
  const words = ['run', '--master', at, '--cpus', '0.1', '--mem', '32', '--', 'sleep 100'];
  const run = spawn(process.execPath, [ORRERY, ...words]);
  const ended = once(run, 'exit');
  let said = '';
  run.stderr.on('data', (bytes: Buffer) => {
    said += String(bytes);
  });
  await eventually('the task runs', () => (said.includes('TASK_RUNNING') ? true : null));
  await master.end('SIGKILL');
  expect(await ended, said).toEqual([1, null]);
  // Whichever of its connections it noticed first.
  expect(said.trimEnd().split('\n').at(-1)).toMatch(new RegExp(`^orrery: .*${at}`));
  // It shuts down with its tasks.
  await agent.end('SIGUSR1');
  rmSync(folder, { recursive: true });
});
