import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, finished, orrery, startOrrery, temporaryFolder } from '../testing/command.ts';
import { freePort } from '../../drivers/linux/testing/free-port.ts';
import { eventually } from './daemons.ts';

// The commands that use a cluster, each against the real one of `orrery local`.

let folder: string;
let local: ChildProcess;
let master: string;
let localOut = '';

beforeAll(async () => {
  await build();
  folder = temporaryFolder();
  const resources = 'cpus:2;mem:1024;disk:1000';
  local = startOrrery(
    folder,
    ['local', '--agents', '2', '--port', '0', '--json', '--resources', resources],
    0,
  );
  local.stdout!.setEncoding('utf8').on('data', (text: string) => {
    localOut += text;
  });
  const ready = await eventually('the cluster is ready', () => (localOut.endsWith('\n') ? localOut : null));
  master = (JSON.parse(ready) as { readonly ready: string }).ready;
});

afterAll(async () => {
  const ended = once(local, 'exit');
  local.kill('SIGTERM');
  const [code] = (await ended) as [number | null];
  expect(code).toBe(0);
  const left = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`--master=${master.slice('http://'.length)}`));
  expect(left).toEqual([]);
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) => orrery(folder, ...args, '--master', master);
const json = async (...args: string[]) => {
  const { out, err, code } = await run(...args, '--json');
  expect(err).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out) as never;
};

/** A task that runs until it is told to end. */
async function longTask(...command: string[]) {
  const child = startOrrery(folder, ['run', '--master', master, ...command]);
  const end = finished(child);
  const id = await eventually('the task runs', async () => {
    const tasks: readonly { task_id: { value: string }; state: string }[] = await json('tasks');
    return tasks.find((task) => task.state === 'TASK_RUNNING')?.task_id.value ?? null;
  });
  return { child, id, end };
}

test('run shows what a task says and ends as it ends', async () => {
  const good = await orrery(
    folder,
    'run',
    '--master',
    master,
    '--env',
    'NAME=world',
    'echo "hello $NAME"; echo oops >&2',
  );
  expect(good).toMatchObject({ code: 0, out: 'hello world\n' });
  expect(good.err).toContain('oops\n');
  expect(good.err).toContain('TASK_FINISHED');
  const bad = await orrery(folder, 'run', '--master', master, '--', 'sh', '-c', 'exit 3');
  expect(bad).toMatchObject({ code: 1, out: '' });
  expect(bad.err).toContain('TASK_FAILED (Command exited with status 3)');
});

test('a task is watched, entered, and killed by Ctrl-C of its run', async () => {
  const { child, id, end } = await longTask('i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.1; done');
  await eventually('it has said something', async () =>
    (await run('logs', id)).out.includes('tick 3') ? true : null,
  );
  const tail = await run('logs', id, '--lines', '1');
  expect(tail.out).toMatch(/^tick \d+\n(tick \d+\n)?$/);
  const inside = await orrery(folder, 'exec', '--master', master, id, '--', 'sh', '-c', 'ls stdout; exit 4');
  expect(inside).toMatchObject({ code: 4, out: 'stdout\n', err: '' });
  child.kill('SIGINT');
  const { code, err } = await end;
  expect(code).toBe(130);
  expect(err).toContain('TASK_KILLED');
  const all: readonly { task_id: { value: string }; state: string }[] = await json('tasks', '--all');
  expect(all.find((task) => task.task_id.value === id)).toMatchObject({ state: 'TASK_KILLED' });
});

test('listings tell agents, frameworks, offers, roles and the state', async () => {
  const agents: readonly unknown[] = await json('agents');
  expect(agents).toHaveLength(2);
  expect((await run('agents')).out).toMatch(/^ID +HOST +STATE +TOTAL +ALLOCATED +OFFERED\n/);
  expect((await run('frameworks')).code).toBe(0);
  expect((await run('offers')).out).toBe('no offer is outstanding\n');
  expect((await run('roles')).code).toBe(0);
  expect((await run('state')).out).toMatch(/agents +2 registered, 2 active/);
});

test('quotas and weights are set, shown, and taken away', async () => {
  expect((await run('quota', 'set', 'eng', '--guarantee', 'cpus:1;mem:100', '--limit', 'cpus:2')).code).toBe(
    0,
  );
  expect(await json('quota')).toMatchObject([
    { role: 'eng', guarantees: { cpus: { value: 1 }, mem: { value: 100 } }, limits: { cpus: { value: 2 } } },
  ]);
  const tooMuch = await run('quota', 'set', 'ops', '--guarantee', 'cpus:1000');
  expect(tooMuch.code).toBe(1);
  expect(tooMuch.err).toContain('answers 400');
  expect((await run('quota', 'remove', 'eng')).code).toBe(0);
  expect(await json('quota')).toEqual([]);
  expect((await run('weights', 'set', 'eng=2', 'ops=0.5')).code).toBe(0);
  expect(await json('weights')).toMatchObject([
    { role: 'eng', weight: 2 },
    { role: 'ops', weight: 0.5 },
  ]);
});

test('resources are reserved for a role and given back', async () => {
  const reserve = ['S0', '--role', 'eng', '--resources', 'cpus:0.5;mem:64'];
  expect((await run('reserve', ...reserve)).code).toBe(0);
  const reserved = async () => {
    const agents: readonly { total_resources: readonly { reservations?: readonly unknown[] }[] }[] =
      await json('agents');
    return agents.flatMap((agent) => agent.total_resources.filter((one) => one.reservations !== undefined))
      .length;
  };
  expect(await reserved()).toBe(2);
  const again = await run('reserve', 'S0', '--role', 'eng', '--resources', 'cpus:100');
  expect(again.code).toBe(1);
  expect(again.err).toMatch(/answers 409: .*agent \S+-S0/);
  expect((await run('unreserve', ...reserve)).code).toBe(0);
  expect(await reserved()).toBe(0);
});

test('an agent is drained with what runs on it, and taken back', async () => {
  const { end, id } = await longTask('trap "" TERM; while :; do sleep 0.1; done');
  const tasks: readonly { task_id: { value: string }; agent_id: { value: string } }[] = await json('tasks');
  const agent = tasks.find((task) => task.task_id.value === id)!.agent_id.value;
  expect(await json('drain', agent, '--max-grace', '1s', '--wait')).toMatchObject({ state: 'drained' });
  const { code, err } = await end;
  expect(code).toBe(1);
  expect(err).toContain('REASON_AGENT_DRAINING');
  expect((await run('agents')).out).toContain('drained');
  expect((await run('agents', 'reactivate', agent)).code).toBe(0);
  expect((await run('agents')).out).not.toContain('drained');
});

test('maintenance is scheduled, shown, and cancelled', async () => {
  const agents: readonly { agent_info: { hostname: string } }[] = await json('agents');
  const machine = `${agents[0]!.agent_info.hostname}/127.0.0.1`;
  expect((await run('maintenance', 'schedule', machine, '--in', '1h', '--for', '10m')).code).toBe(0);
  expect((await run('maintenance')).out).toMatch(/draining +\d{4}-.* +600 s/);
  expect((await run('maintenance', 'cancel', machine)).code).toBe(0);
  expect((await run('maintenance')).out).toBe('no maintenance is scheduled\n');
});

test.each([
  [['tasks', '--master', 'not an address'], 2, /--master not an address: not an address; give host:port/],
  [['quota', 'set', 'eng'], 2, /quota set eng: nothing to set/],
  [['quota', 'set', 'eng', '--limit', 'cpus'], 2, /--limit cpus: cpus is not of the form name:amount/],
  [['weights', 'set', 'eng'], 2, /not of the form ROLE=WEIGHT/],
  [['drain', 'S77'], 2, /no agent is called S77; there is \S+-S0, \S+-S1/],
  [['logs', 'nobody'], 2, /no task is called nobody/],
  [['exec', 'nobody', 'ls'], 2, /no task is called nobody/],
  [['run'], 2, /run: nothing to run; give a command/],
  [['run', '--cpus', 'many', 'true'], 2, /--cpus many: not a number/],
  [['run', '--env', 'NAME', 'true'], 2, /--env NAME: not of the form NAME=value/],
  [['maintenance', 'schedule', 'host'], 2, /host: not a machine; give HOST\/IP/],
  [['reserve', 'S0', '--role', 'eng', '--resources', 'cpus'], 2, /--resources cpus/],
  [['frameworks', 'teardown', 'none'], 2, /no framework is called none/],
  [['agents', '--principal', 'me'], 2, /--principal me: there is no secret/],
])('%j is refused in one line', async (args, code, why) => {
  const given = args.includes('--master') ? args : [...args, '--master', master];
  const refused = await orrery(folder, ...given);
  expect(refused.err.trim().split('\n')).toHaveLength(1);
  expect(refused.err).toMatch(why);
  expect(refused.code).toBe(code);
});

test('a master that is away is told with what to do', async () => {
  const { code, err } = await orrery(folder, 'state', '--master', `127.0.0.1:${await freePort()}`);
  expect(code).toBe(1);
  expect(err).toMatch(
    /no master can be reached at http:\/\/127\.0\.0\.1:\d+: nothing listens there\. Start one with `orrery local`/,
  );
});

test('two clusters do not share a port, and local says so', async () => {
  const port = master.split(':').at(-1)!;
  const { code, err } = await orrery(folder, 'local', '--port', port);
  expect(code).toBe(2);
  expect(err).toBe(
    `orrery: --port ${port}: something listens there already; give another, or 0 for any free one\n`,
  );
});
