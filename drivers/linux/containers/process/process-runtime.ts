import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerExit } from '../../../../engine/agent/index.ts';
import { type CgroupMounts, cgroupMounts } from '../cgroups/cgroup-mounts.ts';
import { cgroupsBelow, ContainerCgroup, signalProcess } from '../cgroups/container-cgroup.ts';
import {
  type ContainerEvents,
  ContainerLaunchError,
  type ContainerLimits,
  type ContainerRuntime,
  type ContainerSpec,
  type ContainerUsage,
  type ExecOptions,
  type ExecSession,
  type RecoveredContainer,
  type StartedContainer,
} from '../container-runtime.ts';
import { execInside } from './exec-inside.ts';
import { bootId, ProcessFiles } from './process-files.ts';
import { CONTAINER_VARIABLE, processesOfContainer } from './process-tree.ts';
import { SUPERVISOR } from './supervisor.ts';

const POLL_MILLIS = 200;
const KILL_ROUNDS = 100;
const END_ROUNDS = 5;
const KILL_PAUSE_MILLIS = 20;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;
/** Exit status of a shell that could not put itself into the cgroup. */
const STATUS_NO_GROUP = 125;

/** Where a process runtime keeps its things. */
export interface ProcessRuntimeOptions {
  /** Absolute. Outlives the agent, not the host. */
  readonly folder: string;
  /** The agent's own cgroup below the root of each hierarchy, such as `orrery/agent-1`; no other agent of the machine has it. */
  readonly cgroup: string;
  /** Null reads them from the machine. */
  readonly mounts: CgroupMounts | null;
}

interface Live {
  readonly id: string;
  readonly parent: string | null;
  readonly sandbox: string;
  readonly environment: { readonly [name: string]: string };
  readonly user: string | null;
  readonly cgroup: ContainerCgroup | null;
  /** Null for a place that nothing runs in but nested containers. */
  child: number | null;
  /** Ended by us: why it ended is not asked of the kernel. */
  killed: boolean;
  /** Resolves the waiting of a place without process. */
  release: (() => void) | null;
}

/**
 * Containers as plain processes of the host, limited by cgroups of version 1, version 2, or both. On a machine without cgroups nothing is limited,
 * and a process that leaves its session and clears its environment is not ended.
 */
export class ProcessRuntime implements ContainerRuntime {
  readonly name = 'process';
  readonly #options: ProcessRuntimeOptions;
  readonly #events: ContainerEvents;
  readonly #mounts: CgroupMounts;
  readonly #usesCgroups: boolean;
  readonly #files: ProcessFiles;
  readonly #live = new Map<string, Live>();
  readonly #closing = new AbortController();

  private constructor(
    options: ProcessRuntimeOptions,
    events: ContainerEvents,
    mounts: CgroupMounts,
    usesCgroups: boolean,
  ) {
    this.#options = options;
    this.#events = events;
    this.#mounts = mounts;
    this.#usesCgroups = usesCgroups;
    this.#files = new ProcessFiles(options.folder);
  }

  static async open(options: ProcessRuntimeOptions, events: ContainerEvents): Promise<ProcessRuntime> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const mounts = options.mounts ?? (await cgroupMounts());
    return new ProcessRuntime(options, events, mounts, await mayMakeCgroups(mounts, options.cgroup));
  }

  /** Whether limits hold and whole trees are ended: cgroups are there and this process may make them. */
  get usesCgroups(): boolean {
    return this.#usesCgroups;
  }

  sandboxPath(sandbox: string): string {
    return sandbox;
  }

  async launch(spec: ContainerSpec): Promise<StartedContainer> {
    this.#check(spec);
    const cgroup = this.#cgroupOf(spec.id, spec.parent);
    const live: Live = {
      id: spec.id,
      parent: spec.parent,
      sandbox: spec.sandbox,
      environment: spec.environment,
      user: spec.user,
      cgroup,
      child: null,
      killed: false,
      release: null,
    };
    const folder = await this.#files.make(spec.id);
    try {
      await this.#files.writeFacts(spec.id, {
        bootId: await bootId(),
        parent: spec.parent,
        sandbox: spec.sandbox,
        environment: spec.environment,
        user: spec.user,
        isPlace: spec.argv === null,
      });
      await cgroup?.create(spec.limits);
      await mountInto(spec);
      this.#live.set(spec.id, live);
      if (spec.argv === null) {
        this.#hold(live);
        return { pid: null, ipAddresses: [] };
      }
      live.child = await this.#start(folder, live, spec.argv, spec.user);
      return { pid: live.child, ipAddresses: [] };
    } catch (error) {
      this.#live.delete(spec.id);
      await this.#forget(spec.id, cgroup);
      if (error instanceof ContainerLaunchError) throw error;
      throw new ContainerLaunchError(`container ${spec.id} cannot be launched: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  async signal(id: string, signal: 'SIGTERM' | 'SIGKILL' | number): Promise<void> {
    const live = this.#live.get(id);
    if (live === undefined) return;
    if (signal === 'SIGKILL' || signal === constants.signals.SIGKILL) {
      await this.#kill(live);
      return;
    }
    // A session leader is the leader of a group.
    if (live.child !== null) signalProcess(-live.child, signal);
  }

  async update(id: string, limits: ContainerLimits): Promise<void> {
    await this.#live.get(id)?.cgroup?.update(limits);
  }

  async usage(id: string): Promise<ContainerUsage | null> {
    const live = this.#live.get(id);
    if (live === undefined) return null;
    if (live.cgroup !== null) return await live.cgroup.usage();
    return { ...UNKNOWN_USAGE, processes: (await processesOfContainer(id, live.child)).length };
  }

  async exec(id: string, options: ExecOptions): Promise<ExecSession> {
    const live = this.#live.get(id);
    if (live === undefined) throw new ContainerLaunchError(`container ${id} does not run`);
    // Whoever may run something in a container gets no more rights than it has.
    const argv = live.user === null ? options.argv : [...(await asUser(live.user)), ...options.argv];
    return await execInside(
      { ...options, argv },
      {
        cwd: live.sandbox,
        environment: {
          ...live.environment,
          ...options.environment,
          // Without a cgroup it is by this that it is found when the container ends.
          ...(live.cgroup === null ? { [CONTAINER_VARIABLE]: id } : {}),
        },
        procsFiles: live.cgroup?.procsFiles() ?? [],
      },
    );
  }

  async recover(known: readonly string[]): Promise<readonly RecoveredContainer[]> {
    const isKnown = new Set(known);
    const groups = this.#usesCgroups ? await cgroupsBelow(this.#mounts, this.#options.cgroup) : [];
    for (const id of new Set([...groups, ...(await this.#files.ids())])) {
      if (!isKnown.has(id)) await this.#end(id, null);
    }
    const found: RecoveredContainer[] = [];
    for (const id of known) found.push(await this.#recoverOne(id));
    return found;
  }

  async remove(id: string): Promise<void> {
    const live = this.#live.get(id);
    if (live !== undefined) await this.#kill(live);
    await this.#forget(id, live?.cgroup ?? this.#cgroupOf(id, null));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const live of this.#live.values()) live.release?.();
    this.#live.clear();
    await Promise.resolve();
  }

  #check(spec: ContainerSpec): void {
    if (!ID.test(spec.id))
      throw new ContainerLaunchError(`a container cannot be called ${JSON.stringify(spec.id)}`);
    if (spec.image !== null)
      throw new ContainerLaunchError(
        `container ${spec.id} asks for the image ${spec.image.name}: the process runtime has none; run the agent with --runtime docker`,
      );
    if (this.#live.has(spec.id)) throw new ContainerLaunchError(`container ${spec.id} runs already`);
    if (spec.parent !== null && !this.#live.has(spec.parent))
      throw new ContainerLaunchError(
        `container ${spec.id} is to be nested in ${spec.parent}, which does not run`,
      );
  }

  #cgroupOf(id: string, parent: string | null): ContainerCgroup | null {
    if (!this.#usesCgroups) return null;
    const path = [this.#options.cgroup, ...(parent === null ? [] : [parent]), id];
    return new ContainerCgroup(this.#mounts, path.join('/'));
  }

  async #start(folder: string, live: Live, argv: readonly string[], user: string | null): Promise<number> {
    const command = user === null ? argv : [...(await asUser(user)), ...argv];
    const groups = (live.cgroup?.procsFiles() ?? []).join(' ');
    const mark = live.cgroup === null ? live.id : '';
    const args = ['-c', SUPERVISOR, 'orrery-supervisor', folder, groups, mark, ...command];
    const supervisor = spawn('/bin/sh', args, {
      cwd: live.sandbox,
      env: { ...live.environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const failed = new Promise<never>((_resolve, reject) => {
      supervisor.once('error', reject);
    });
    supervisor.unref();
    (supervisor.stdout as unknown as { unref(): void }).unref();
    const ended = once(supervisor, 'exit');
    // Whoever waits for the start looks at it; later nobody does.
    ended.catch(() => {});
    await Promise.race([failed, once(supervisor.stdout, 'data'), ended]);
    supervisor.stdout.destroy();
    const child = await this.#files.child(live.id);
    if (child === null)
      throw new ContainerLaunchError(
        `container ${live.id} cannot be launched: its supervisor did not start it`,
      );
    void this.#await(live, ended);
    return child;
  }

  /** A container without process lasts until it is ended. */
  #hold(live: Live): void {
    const ended = new Promise<void>((resolve) => {
      live.release = resolve;
    });
    void ended.then(() => {
      if (!this.#closing.signal.aborted)
        this.#exited(live, { code: null, signal: constants.signals.SIGKILL, cause: null, message: null });
    });
  }

  /** Waits for the supervisor's end, then tells the container's. */
  async #await(live: Live, supervisorEnded: Promise<unknown>): Promise<void> {
    await supervisorEnded;
    if (this.#closing.signal.aborted) return;
    await this.#ended(live);
  }

  /** Looks until a supervisor that is no child of this process has ended. */
  async #watch(live: Live): Promise<void> {
    while (!this.#closing.signal.aborted) {
      if (!(await this.#files.isSupervised(live.id))) {
        if (!this.#closing.signal.aborted) await this.#ended(live);
        return;
      }
      await sleep(POLL_MILLIS);
    }
  }

  /** The first process has ended: what it left behind is ended too. */
  async #ended(live: Live): Promise<void> {
    const status = await this.#files.status(live.id);
    const oomKills = (await live.cgroup?.oomKills()) ?? 0;
    const failure = await this.#endTree(live);
    this.#exited(live, exitOf(status, oomKills > 0 && !live.killed, failure));
  }

  #exited(live: Live, exit: ContainerExit): void {
    if (this.#live.get(live.id) !== live) return;
    this.#live.delete(live.id);
    this.#events.exited(live.id, exit);
  }

  async #kill(live: Live): Promise<void> {
    live.killed = true;
    for (const nested of this.#live.values()) if (nested.parent === live.id) await this.#kill(nested);
    await this.#endTree(live);
    live.release?.();
  }

  /** Ends every process of the container. @returns why it could not, or null */
  async #endTree(live: Pick<Live, 'id' | 'cgroup' | 'child'>): Promise<string | null> {
    try {
      if (live.cgroup !== null) await live.cgroup.kill();
      else await killAll(live.id, live.child);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Ends and forgets a container that nobody knows. */
  async #end(id: string, parent: string | null): Promise<void> {
    const cgroup = this.#cgroupOf(id, parent);
    const child = await this.#files.child(id);
    // One that is just being started, by an agent that was killed meanwhile, gives up without its folder.
    await this.#files.remove(id);
    for (let round = 1; ; round++) {
      await this.#endTree({ id, cgroup, child });
      try {
        await cgroup?.remove();
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || round === END_ROUNDS) throw error;
      }
    }
  }

  async #recoverOne(id: string): Promise<RecoveredContainer> {
    const facts = await this.#files.facts(id);
    if (facts === null) {
      await this.#end(id, null);
      return { id, state: 'gone' };
    }
    const { parent, sandbox, environment, user, isPlace } = facts;
    const child = await this.#files.child(id);
    const cgroup = this.#cgroupOf(id, parent);
    const live: Live = {
      id,
      parent,
      sandbox,
      environment,
      user,
      cgroup,
      child,
      killed: false,
      release: null,
    };
    if (isPlace) {
      this.#live.set(id, live);
      this.#hold(live);
      return { id, state: 'running', started: { pid: null, ipAddresses: [] } };
    }
    const isSupervised = await this.#files.isSupervised(id);
    if (!isSupervised && (await this.#files.status(id)) === null) {
      // Its supervisor was ended with the status that it kept.
      await this.#end(id, parent);
      return { id, state: 'gone' };
    }
    this.#live.set(id, live);
    void this.#watch(live);
    return isSupervised
      ? { id, state: 'running', started: { pid: child, ipAddresses: [] } }
      : { id, state: 'ended' };
  }

  async #forget(id: string, cgroup: ContainerCgroup | null): Promise<void> {
    await cgroup?.remove();
    await this.#files.remove(id);
  }
}

const UNKNOWN_USAGE: ContainerUsage = {
  cpuUserSeconds: null,
  cpuSystemSeconds: null,
  memoryBytes: null,
  memoryRssBytes: null,
  memoryCacheBytes: null,
  memoryLimitBytes: null,
  processes: null,
  throttledPeriods: null,
  periods: null,
  throttledSeconds: null,
};

/** How a container ended, from its first process's exit status as a shell tells it. */
function exitOf(status: number | null, ranOutOfMemory: boolean, failure: string | null): ContainerExit {
  if (ranOutOfMemory)
    return { code: status, signal: null, cause: 'MEMORY_LIMIT', message: 'The container used up its memory' };
  if (status === null)
    return {
      code: null,
      signal: constants.signals.SIGKILL,
      cause: null,
      message: failure ?? 'Ended with its supervisor',
    };
  if (status === STATUS_NO_GROUP)
    return {
      code: null,
      signal: null,
      cause: 'LAUNCH_FAILED',
      message: 'It could not be put into its cgroup',
    };
  const signal = status > SIGNAL_BASE && status <= SIGNAL_BASE + SIGNAL_MAX ? status - SIGNAL_BASE : null;
  return { code: signal === null ? status : null, signal, cause: null, message: failure };
}

/** A shell gives 128 and the signal as the status of a process that a signal ended. */
const SIGNAL_BASE = 128;
const SIGNAL_MAX = 64;

/** Runs a program as another user of the host, with the groups that the user has. */
async function asUser(user: string): Promise<readonly string[]> {
  const id = spawn('id', ['-g', '--', user], { stdio: ['ignore', 'pipe', 'ignore'] });
  let group = '';
  id.stdout.on('data', (data: Buffer) => {
    group += data.toString();
  });
  const [code] = (await once(id, 'close')) as [number | null];
  if (code !== 0) throw new ContainerLaunchError(`this host has no user called ${JSON.stringify(user)}`);
  return ['setpriv', `--reuid=${user}`, `--regid=${group.trim()}`, '--init-groups', '--'];
}

/** Files of the host appear in the sandbox by links; elsewhere a process sees the host's files as they are. */
async function mountInto({ id, mounts, sandbox }: ContainerSpec): Promise<void> {
  for (const { source, target } of mounts) {
    if (target === source) continue;
    if (target.startsWith('/'))
      throw new ContainerLaunchError(
        `container ${id} wants ${source} at ${target}: the process runtime shows files below the sandbox only; give a relative path`,
      );
    const place = join(sandbox, target);
    await mkdir(dirname(place), { recursive: true });
    await symlink(source, place);
  }
}

/** Whether this process may make cgroups in every hierarchy that is mounted. */
async function mayMakeCgroups(mounts: CgroupMounts, path: string): Promise<boolean> {
  const roots = [...mounts.v1.values(), ...(mounts.v2 === null ? [] : [mounts.v2.root])];
  for (const root of roots) {
    try {
      await mkdir(join(root, path), { recursive: true });
    } catch (error) {
      if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  }
  return roots.length > 0;
}

async function killAll(id: string, session: number | null): Promise<void> {
  for (let round = 0; round < KILL_ROUNDS; round++) {
    const processes = await processesOfContainer(id, session);
    if (processes.length === 0) return;
    for (const pid of processes) signalProcess(pid, 'SIGKILL');
    await sleep(KILL_PAUSE_MILLIS);
  }
  throw new Error(`the processes of container ${id} cannot be ended`);
}
