import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContainerExit } from '../../../engine/agent/index.ts';
import {
  type ContainerEvents,
  type ContainerImageSpec,
  ContainerLaunchError,
  type ContainerLimits,
  type ContainerRuntime,
  type ContainerSpec,
} from './container-runtime.ts';

/** A machine for one test: runtimes opened on it one after the other are those of one agent that restarts. */
export interface RuntimeMachine {
  readonly folder: string;
  open(events: ContainerEvents): Promise<ContainerRuntime>;
  /** Takes all that is left of it away. */
  remove(): Promise<void>;
}

/** What a runtime can do beyond the least. */
export interface RuntimeTraits {
  /** The image that tests run in, null for the host's own files. */
  readonly image: ContainerImageSpec | null;
  readonly limitsMemory: boolean;
  /** A place without process for nested containers. */
  readonly nests: boolean;
}

const LIMITS: ContainerLimits = {
  cpuShares: 100,
  cpuQuota: null,
  memoryBytes: 64 * 1_024 * 1_024,
  memorySoftBytes: 32 * 1_024 * 1_024,
};
const PATIENCE_MILLIS = 30_000;

/** The exits that a runtime has told, and waiting for them. */
class Exits implements ContainerEvents {
  readonly told: { readonly id: string; readonly exit: ContainerExit }[] = [];

  exited(id: string, exit: ContainerExit): void {
    this.told.push({ id, exit });
  }

  async of(id: string): Promise<ContainerExit> {
    return await until(() => this.told.find((one) => one.id === id)?.exit ?? null, `container ${id} ends`);
  }
}

/** Looks now and then until there is something; fails after a long while. */
export async function until<T>(look: () => T | null | Promise<T | null>, what: string): Promise<T> {
  for (let waited = 0; waited < PATIENCE_MILLIS; waited += 20) {
    const found = await look();
    if (found !== null) return found;
    await sleep(20);
  }
  throw new Error(`${what}: not within ${PATIENCE_MILLIS} ms`);
}

let number = 0;

/** What every container runtime does, on a machine that `makeMachine` makes for each test. */
export function containerRuntimeContract(
  name: string,
  makeMachine: () => Promise<RuntimeMachine>,
  traits: RuntimeTraits,
): void {
  let machine: RuntimeMachine;
  let exits: Exits;
  let runtime: ContainerRuntime;

  beforeEach(async () => {
    machine = await makeMachine();
    exits = new Exits();
    runtime = await machine.open(exits);
  });

  afterEach(async () => {
    await runtime.close();
    await machine.remove();
  });

  const specOf = async (
    script: string | null,
    changes: Partial<ContainerSpec> = {},
  ): Promise<ContainerSpec> => {
    const id = `c${process.pid}-${++number}`;
    const sandbox = join(machine.folder, 'sandboxes', id);
    await mkdir(sandbox, { recursive: true });
    return {
      id,
      parent: null,
      sandbox,
      argv: script === null ? null : ['/bin/sh', '-c', `cd "$SANDBOX"; ${script}`],
      imageArguments: [],
      environment: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        GREETING: 'hello',
        SANDBOX: runtime.sandboxPath(sandbox, traits.image),
      },
      user: null,
      limits: LIMITS,
      mounts: [],
      image: traits.image,
      labels: { test: name },
      ...changes,
    };
  };

  const run = async (script: string, changes: Partial<ContainerSpec> = {}) => {
    const spec = await specOf(script, changes);
    const started = await runtime.launch(spec);
    return { spec, started };
  };

  const restart = async () => {
    await runtime.close();
    exits = new Exits();
    runtime = await machine.open(exits);
  };

  const said = (spec: ContainerSpec) => readFile(join(spec.sandbox, 'stdout'), 'utf8');

  test(`${name}: a container runs its command in its sandbox, with its environment and nothing else`, async () => {
    const { spec } = await run('echo "$GREETING $SECRET_OF_AGENT"; echo err >&2; echo made > file');
    process.env['SECRET_OF_AGENT'] = 'secret';
    expect(await exits.of(spec.id)).toMatchObject({ code: 0, signal: null, cause: null });
    expect(await said(spec)).toBe('hello \n');
    expect(await readFile(join(spec.sandbox, 'stderr'), 'utf8')).toBe('err\n');
    expect(await readFile(join(spec.sandbox, 'file'), 'utf8')).toBe('made\n');
  });

  test(`${name}: an exit code is told as it is, once`, async () => {
    const { spec } = await run('exit 7');
    expect(await exits.of(spec.id)).toMatchObject({ code: 7, signal: null, cause: null });
    await sleep(300);
    expect(exits.told.filter(({ id }) => id === spec.id)).toHaveLength(1);
  });

  test(`${name}: a program that is not there ends as such, or is refused`, async () => {
    const spec = await specOf(null, { argv: ['/no/such/program'] });
    let refused: unknown = null;
    await runtime.launch(spec).catch((error: unknown) => {
      refused = error;
    });
    if (refused === null) expect((await exits.of(spec.id)).code).toBe(127);
    else expect(refused).toBeInstanceOf(ContainerLaunchError);
  });

  test(`${name}: SIGTERM lets a command end by itself`, async () => {
    const { spec } = await run('trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.05; done');
    await until(async () => ((await said(spec)).includes('ready') ? true : null), 'it is ready');
    await runtime.signal(spec.id, 'SIGTERM');
    expect(await exits.of(spec.id)).toMatchObject({ code: 3 });
    expect(await said(spec)).toBe('ready\nbye\n');
  });

  test(`${name}: SIGKILL ends the whole tree, what ignores SIGTERM and what hides included`, async () => {
    const { spec } = await run(
      'trap "" TERM; setsid sh -c "trap \\"\\" TERM; while :; do sleep 0.1; done" & echo started; while :; do sleep 0.1; done',
    );
    await until(async () => ((await said(spec)).includes('started') ? true : null), 'it is started');
    await until(
      async () => (((await runtime.usage(spec.id))?.processes ?? 0) >= 2 ? true : null),
      'its tree is there',
    );
    await runtime.signal(spec.id, 'SIGTERM');
    await sleep(200);
    expect(exits.told).toEqual([]);
    await runtime.signal(spec.id, 'SIGKILL');
    expect(await exits.of(spec.id)).toMatchObject({ signal: 9, cause: null });
    expect(await runtime.usage(spec.id)).toBeNull();
  });

  test(`${name}: what a command leaves behind is ended with it`, async () => {
    const { spec } = await run(
      'setsid sh -c "while :; do echo alive >> heartbeat; sleep 0.05; done" & sleep 0.3',
    );
    await exits.of(spec.id);
    const heartbeat = join(spec.sandbox, 'heartbeat');
    const before = await readFile(heartbeat, 'utf8');
    await sleep(300);
    expect(await readFile(heartbeat, 'utf8')).toBe(before);
  });

  if (traits.limitsMemory) {
    test(`${name}: a container that uses up its memory is told to have done so`, async () => {
      const { spec } = await run('a=aaaaaaaaaaaaaaaa; while :; do a=$a$a; done');
      expect(await exits.of(spec.id)).toMatchObject({ cause: 'MEMORY_LIMIT' });
    });

    test(`${name}: limits hold after they were raised`, async () => {
      const { spec } = await run('while [ ! -f go ]; do sleep 0.05; done; echo fine');
      const limits = { ...LIMITS, memoryBytes: 128 * 1_024 * 1_024, cpuQuota: 500 };
      await runtime.update(spec.id, limits);
      expect(await runtime.usage(spec.id)).toMatchObject({ memoryLimitBytes: limits.memoryBytes });
      await runtime.signal(spec.id, 'SIGKILL');
      await exits.of(spec.id);
    });
  }

  test(`${name}: usage tells the time and the memory used`, async () => {
    const { spec } = await run('i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 30');
    const usage = await until(async () => {
      const now = await runtime.usage(spec.id);
      return now !== null && (now.cpuUserSeconds === null || now.cpuUserSeconds > 0.02) ? now : null;
    }, 'time is used');
    expect(usage.processes).toBeGreaterThan(0);
    await runtime.signal(spec.id, 'SIGKILL');
    await exits.of(spec.id);
  });

  test(`${name}: a command runs inside a container, and its exit code comes back`, async () => {
    const { spec } = await run('echo there > place; sleep 30');
    await until(async () => {
      const session = await runtime.exec(spec.id, {
        argv: ['/bin/sh', '-c', 'test -f "$SANDBOX/place"'],
        environment: {},
        terminal: null,
      });
      session.stdout.resume();
      session.stderr?.resume();
      session.stdin.end();
      return (await session.ended) === 0 ? true : null;
    }, 'the file is there');
    const session = await runtime.exec(spec.id, {
      argv: ['/bin/sh', '-c', 'cat "$SANDBOX/place" -; echo "$EXTRA $GREETING"; exit 5'],
      environment: { EXTRA: 'more' },
      terminal: null,
    });
    session.stdin.end('and in\n');
    let text = '';
    session.stdout.on('data', (data: Buffer) => {
      text += data.toString();
    });
    session.stderr?.resume();
    expect(await session.ended).toBe(5);
    expect(text).toBe('there\nand in\nmore hello\n');
    await runtime.signal(spec.id, 'SIGKILL');
    await exits.of(spec.id);
  });

  test(`${name}: a command with a terminal has one`, async () => {
    const { spec } = await run('sleep 30');
    const session = await runtime.exec(spec.id, {
      argv: ['/bin/sh', '-c', 'test -t 0 && echo a terminal'],
      environment: {},
      terminal: { rows: 30, columns: 100 },
    });
    let text = '';
    session.stdout.on('data', (data: Buffer) => {
      text += data.toString();
    });
    expect(await session.ended).toBe(0);
    expect(text).toContain('a terminal');
    await runtime.signal(spec.id, 'SIGKILL');
    await exits.of(spec.id);
  });

  test(`${name}: an exec that is killed ends, and the container goes on`, async () => {
    const { spec } = await run('sleep 30');
    const session = await runtime.exec(spec.id, { argv: ['sleep', '60'], environment: {}, terminal: null });
    session.stdout.resume();
    session.stderr?.resume();
    session.kill();
    expect(await session.ended).not.toBe(0);
    expect(await runtime.usage(spec.id)).not.toBeNull();
    await runtime.signal(spec.id, 'SIGKILL');
    await exits.of(spec.id);
  });

  test(`${name}: what runs inside a container ends with it`, async () => {
    const { spec } = await run('sleep 30');
    const session = await runtime.exec(spec.id, { argv: ['sleep', '60'], environment: {}, terminal: null });
    session.stdin.end();
    session.stdout.resume();
    session.stderr?.resume();
    await runtime.signal(spec.id, 'SIGKILL');
    await exits.of(spec.id);
    expect(await session.ended).not.toBe(0);
  });

  test(`${name}: containers outlive the agent, and a new one finds what runs, what ended, and what it never knew`, async () => {
    const runs = await run('while [ ! -f stop ]; do sleep 0.05; done; exit 4');
    const ends = await run('while [ ! -f end ]; do sleep 0.05; done; exit 6');
    const orphan = await run('while :; do echo alive >> heartbeat; sleep 0.05; done');
    await runtime.close();
    await writeFile(join(ends.spec.sandbox, 'end'), '');
    await sleep(600);
    expect(exits.told).toEqual([]);
    await restart();
    const found = await runtime.recover([runs.spec.id, ends.spec.id, 'never-was']);
    expect(found).toMatchObject([
      { id: runs.spec.id, state: 'running' },
      { id: ends.spec.id, state: 'ended' },
      { id: 'never-was', state: 'gone' },
    ]);
    expect(await exits.of(ends.spec.id)).toMatchObject({ code: 6 });
    const heartbeat = join(orphan.spec.sandbox, 'heartbeat');
    const before = await readFile(heartbeat, 'utf8');
    await sleep(300);
    expect(await readFile(heartbeat, 'utf8')).toBe(before);
    const session = await runtime.exec(runs.spec.id, {
      argv: ['/bin/sh', '-c', 'touch "$SANDBOX/stop"'],
      environment: {},
      terminal: null,
    });
    session.stdout.resume();
    session.stderr?.resume();
    expect(await session.ended).toBe(0);
    expect(await exits.of(runs.spec.id)).toMatchObject({ code: 4 });
    await runtime.remove(runs.spec.id);
    await restart();
    expect(await runtime.recover([runs.spec.id])).toMatchObject([{ state: 'gone' }]);
  });

  test(`${name}: a recovered container is signalled like any other`, async () => {
    const { spec } = await run('sleep 60');
    await restart();
    await runtime.recover([spec.id]);
    await runtime.signal(spec.id, 'SIGKILL');
    expect((await exits.of(spec.id)).code === 0).toBe(false);
  });

  test(`${name}: signals to containers that are gone, or never were, do nothing`, async () => {
    const { spec } = await run('exit 0');
    await exits.of(spec.id);
    await runtime.signal(spec.id, 'SIGTERM');
    await runtime.signal(spec.id, 'SIGKILL');
    await runtime.signal('never-was', 'SIGKILL');
    expect(exits.told).toHaveLength(1);
    await expect(runtime.exec(spec.id, { argv: ['true'], environment: {}, terminal: null })).rejects.toThrow(
      ContainerLaunchError,
    );
  });

  test(`${name}: names that could lead elsewhere are refused, and nothing is made`, async () => {
    for (const id of ['', '../up', 'a/b', '.hidden', 'a b']) {
      const spec = { ...(await specOf('exit 0')), id };
      await expect(runtime.launch(spec)).rejects.toThrow(ContainerLaunchError);
    }
  });

  test(`${name}: one name is one container`, async () => {
    const { spec } = await run('sleep 30');
    await expect(runtime.launch(spec)).rejects.toThrow(/already/);
    await runtime.signal(spec.id, 'SIGKILL');
    await exits.of(spec.id);
  });

  test(`${name}: files of the host are where the container wants them below its sandbox`, async () => {
    const source = join(machine.folder, 'volume');
    await mkdir(source);
    const mounts = [{ source, target: 'data/volume', readOnly: false }];
    const { spec } = await run('echo kept > data/volume/file', { mounts });
    expect((await exits.of(spec.id)).code).toBe(0);
    expect(await readFile(join(source, 'file'), 'utf8')).toBe('kept\n');
  });

  test(`${name}: many containers at once each end with their own status`, async () => {
    const runs = await Promise.all(Array.from({ length: 12 }, (_one, index) => run(`exit ${index}`)));
    const codes = await Promise.all(runs.map(async ({ spec }) => (await exits.of(spec.id)).code));
    expect(codes).toEqual(runs.map((_one, index) => index));
  });

  if (!traits.nests) return;

  test(`${name}: nested containers live in a place of their own and are ended with it`, async () => {
    const place = await specOf(null, { argv: null, image: null });
    await runtime.launch(place);
    const first = await run('sleep 0.1; exit 1', { parent: place.id });
    const second = await run('sleep 60', { parent: place.id });
    expect(await exits.of(first.spec.id)).toMatchObject({ code: 1 });
    await restart();
    expect(await runtime.recover([place.id, second.spec.id])).toMatchObject([
      { state: 'running' },
      { state: 'running' },
    ]);
    await runtime.signal(place.id, 'SIGKILL');
    expect(await exits.of(second.spec.id)).toMatchObject({ signal: 9 });
    await exits.of(place.id);
  });

  test(`${name}: nothing is nested in a container that does not run`, async () => {
    const spec = await specOf('exit 0', { parent: 'never-was' });
    await expect(runtime.launch(spec)).rejects.toThrow(/never-was, which does not run/);
  });
}
