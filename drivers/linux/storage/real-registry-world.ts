/** A master's process reduced to its loop and its registry, for contract tests: it is killed as any process may be. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FoundRegistry, RegistryNews, RegistryWorld } from '../../../engine/contracts/index.ts';
import { assert, type Micros, MICROS_PER_MILLISECOND } from '../../../engine/core/index.ts';
import type { RegistryOperation } from '../../../engine/registry/index.ts';

const PATIENCE_MS = 30_000;
const LOOK_MS = 5;

const built = (path: string): string =>
  JSON.stringify(new URL(`../../../dist/drivers/linux/${path}`, import.meta.url).href);

/** Its machine persists what it is told to, a step for each message, and tells on what it hears. */
const PROCESS = `
  import { MasterLoop, nextEpoch } from ${built('master/master-loop.js')};
  import { WallClock } from ${built('master/clock.js')};
  import { LevelRegistry } from ${built('storage/level-registry.js')};
  import { MemoryRegistry } from ${built('storage/memory-registry.js')};
  const [kind, folder] = process.argv.slice(1);
  const store = kind === 'level' ? await LevelRegistry.open(folder) : new MemoryRegistry();
  const { epoch, weights } = await store.load();
  const steps = [];
  const machine = {
    isLeading: false,
    nextDeadline: () => null,
    step(now, input, outputs) {
      if (input.kind === 'tick') for (const output of steps.shift() ?? []) outputs.push(output);
      else process.send({ kind: input.kind, upTo: input.upTo });
    },
  };
  const loop = new MasterLoop(machine, new WallClock(), store, null, () => {});
  process.on('message', ({ index, operations }) => {
    steps.push(operations.map((operation, n) => ({ kind: 'persist', index: index + n, operation })));
    loop.deliver({ kind: 'tick' });
  });
  process.send({ kind: 'found', epoch: nextEpoch(epoch), roles: [...weights.keys()] });
`;

type Said = RegistryNews | ({ readonly kind: 'found' } & FoundRegistry);

export class RealRegistryWorld implements RegistryWorld {
  told: RegistryNews[] = [];
  readonly #kind: 'level' | 'memory';
  readonly #folder: string;
  #found: FoundRegistry | null = null;
  #process: ChildProcess | null = null;

  private constructor(kind: 'level' | 'memory', folder: string) {
    this.#kind = kind;
    this.#folder = folder;
  }

  static async open(kind: 'level' | 'memory'): Promise<RealRegistryWorld> {
    return new RealRegistryWorld(kind, await mkdtemp(join(tmpdir(), 'orrery-registry-port-')));
  }

  async close(): Promise<void> {
    if (this.#process !== null) await this.kill();
    await rm(this.#folder, { recursive: true });
  }

  persist(index: number, operations: readonly RegistryOperation[]): void {
    this.#running.send({ index, operations });
  }

  async pass(duration: Micros): Promise<void> {
    await sleep(duration / MICROS_PER_MILLISECOND);
  }

  async until(holds: () => boolean): Promise<boolean> {
    const end = performance.now() + PATIENCE_MS;
    while (!holds()) {
      if (performance.now() >= end) return false;
      await sleep(LOOK_MS);
    }
    return true;
  }

  async kill(): Promise<void> {
    const child = this.#running;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    // What it had said is still read.
    await ended;
    this.#process = null;
  }

  async start(): Promise<FoundRegistry> {
    this.told = [];
    this.#found = null;
    // A write beyond a limit is then an error, not the end of the process.
    const script = 'trap "" XFSZ; exec "$@"';
    const node = [
      process.execPath,
      '--input-type=module',
      '-e',
      PROCESS,
      this.#kind,
      join(this.#folder, 'store'),
    ];
    const child = spawn('/bin/sh', ['-c', script, 'sh', ...node], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (said: Said) => {
      if (said.kind === 'found') this.#found = { epoch: said.epoch, roles: said.roles };
      else this.told.push(said);
    });
    this.#process = child;
    assert(await this.until(() => this.#found !== null || child.exitCode !== null), 'the master has started');
    assert(this.#found !== null, 'the master has read its registry');
    return this.#found;
  }

  /** The process may not make files any longer. */
  breakDown(): Promise<void> {
    const { status, stderr } = spawnSync('prlimit', [`--pid=${this.#running.pid}`, '--fsize=1'], {
      encoding: 'utf8',
    });
    assert(status === 0, `the process is given a limit: ${stderr}`);
    return Promise.resolve();
  }

  get #running(): ChildProcess {
    assert(this.#process !== null, 'a master’s process is there');
    return this.#process;
  }
}
