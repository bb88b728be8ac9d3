import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerLimits, ContainerUsage } from '../container-runtime.ts';
import { type CgroupMounts, type Controller, CONTROLLERS } from './cgroup-mounts.ts';

const CPU_PERIOD_MICROS = 100_000;
const SHARES_PER_CPU = 1_024;
const SHARES_MIN = 2;
/** The kernel takes nothing below. */
const QUOTA_MIN_MICROS = 1_000;
const KILL_ROUNDS = 200;
const KILL_PAUSE_MILLIS = 10;
/** In version 1 this number stands for no limit. */
const UNLIMITED_V1 = -1;

/** The cgroup of one container: in the hierarchy of each version 1 controller, and in the tree of version 2, wherever they are. */
export class ContainerCgroup {
  readonly #mounts: CgroupMounts;
  readonly #path: string;
  readonly #paths: ReadonlyMap<Controller | 'v2', string> | null;

  /**
   * @param path below each hierarchy's root, such as `orrery/agent/container`
   * @param paths where it is not the same in each hierarchy: of a controller, or of the tree of version 2; what is left out is not there
   */
  constructor(
    mounts: CgroupMounts,
    path: string,
    paths: ReadonlyMap<Controller | 'v2', string> | null = null,
  ) {
    this.#mounts = mounts;
    this.#path = path;
    this.#paths = paths;
  }

  /** The cgroup that a process is in, made by somebody else; null if the process is gone. */
  static async ofProcess(mounts: CgroupMounts, pid: number): Promise<ContainerCgroup | null> {
    const lines = await text('/proc', `${pid}/cgroup`);
    if (lines === '') return null;
    const paths = new Map<Controller | 'v2', string>();
    for (const line of lines.trim().split('\n')) {
      // number:controllers:path; version 2 names no controllers (cgroups(7)).
      const [, controllers, ...path] = line.split(':');
      if (controllers === '') paths.set('v2', path.join(':'));
      for (const name of controllers!.split(',')) {
        const controller = CONTROLLERS.find((one) => one === name);
        if (controller !== undefined) paths.set(controller, path.join(':'));
      }
    }
    return new ContainerCgroup(mounts, `of process ${pid}`, paths);
  }

  /** Whether a controller that limits memory is there. */
  get limitsMemory(): boolean {
    return this.#folder('memory') !== null;
  }

  /** Makes it, limits set. Rejects if the machine does not allow it. */
  async create(limits: ContainerLimits): Promise<void> {
    for (const folder of this.#folders()) await mkdir(folder, { recursive: true });
    await this.#delegate();
    await this.update(limits);
  }

  /** Files that a process writes its number to in order to be in the cgroup. */
  procsFiles(): readonly string[] {
    return this.#folders().map((folder) => join(folder, 'cgroup.procs'));
  }

  async update(limits: ContainerLimits): Promise<void> {
    await this.#limitCpu(limits);
    await this.#limitMemory(limits);
  }

  /** Numbers of the processes in it and in the cgroups below it. */
  async processes(): Promise<readonly number[]> {
    const folder = this.#trackingFolder();
    return folder === null ? [] : await processesBelow(folder);
  }

  /** Times that the kernel ended a process here because memory was used up. */
  async oomKills(): Promise<number> {
    const v1 = this.#v1('memory');
    if (v1 !== null) return field(await text(v1, 'memory.oom_control'), 'oom_kill') ?? 0;
    const v2 = this.#v2('memory');
    return v2 === null ? 0 : (field(await text(v2, 'memory.events'), 'oom_kill') ?? 0);
  }

  /** Ends every process in it and below it, those that fork meanwhile included. Rejects if some cannot be ended. */
  async kill(): Promise<void> {
    const v2 = this.#v2(null);
    const freezer = this.#v1('freezer');
    for (let round = 0; round < KILL_ROUNDS; round++) {
      const processes = await this.processes();
      if (processes.length === 0) return;
      if (freezer === null && v2 !== null && (await write(v2, 'cgroup.kill', '1'))) {
        await sleep(KILL_PAUSE_MILLIS);
        continue;
      }
      // Frozen, nothing can fork its way out; a frozen process dies when it thaws.
      if (freezer !== null) await write(freezer, 'freezer.state', 'FROZEN');
      for (const process of await this.processes()) signalProcess(process, 'SIGKILL');
      if (freezer !== null) await write(freezer, 'freezer.state', 'THAWED');
      await sleep(KILL_PAUSE_MILLIS);
    }
    const left = await this.processes();
    if (left.length > 0)
      throw new Error(
        `${left.length} processes in the cgroup ${this.#path} cannot be ended: ${left.join(', ')}`,
      );
  }

  async usage(): Promise<ContainerUsage> {
    return {
      ...(await this.#cpuUsage()),
      ...(await this.#memoryUsage()),
      processes: (await this.processes()).length,
    };
  }

  /** Takes it away with those below it; all must be without processes. */
  async remove(): Promise<void> {
    for (const folder of this.#folders()) await removeTree(folder);
  }

  #folder(controller: Controller): string | null {
    return this.#v1(controller) ?? this.#v2(controller);
  }

  #v1(controller: Controller): string | null {
    return this.#below(this.#mounts.v1.get(controller), controller);
  }

  /** The folder in the tree of version 2 if it has the controller; null asks for the tree itself. */
  #v2(controller: Controller | null): string | null {
    const { v2 } = this.#mounts;
    if (v2 === null || (controller !== null && !v2.controllers.has(controller))) return null;
    return this.#below(v2.root, 'v2');
  }

  #below(root: string | undefined, hierarchy: Controller | 'v2'): string | null {
    const path = this.#paths === null ? this.#path : this.#paths.get(hierarchy);
    return root === undefined || path === undefined ? null : join(root, path);
  }

  #folders(): readonly string[] {
    const roots = new Set(this.#mounts.v1.values());
    const { v2 } = this.#mounts;
    if (v2 !== null) roots.add(v2.root);
    return [...roots].map((root) => join(root, this.#path));
  }

  /** Where the container's processes are found. */
  #trackingFolder(): string | null {
    return this.#v1('freezer') ?? this.#v2(null) ?? this.#v1('pids') ?? this.#v1('memory') ?? this.#v1('cpu');
  }

  /** In version 2 a folder hands its controllers down by name. */
  async #delegate(): Promise<void> {
    const { v2 } = this.#mounts;
    if (v2 === null) return;
    const wanted = ['cpu', 'memory', 'pids'].filter((name) => v2.controllers.has(name));
    if (wanted.length === 0) return;
    let folder = v2.root;
    for (const name of this.#path.split('/')) {
      await writeFile(join(folder, 'cgroup.subtree_control'), wanted.map((one) => `+${one}`).join(' '));
      folder = join(folder, name);
    }
  }

  async #limitCpu({ cpuShares, cpuQuota }: ContainerLimits): Promise<void> {
    const shares = Math.max(SHARES_MIN, Math.floor((cpuShares * SHARES_PER_CPU) / 1_000));
    const quota =
      cpuQuota === null
        ? null
        : Math.max(QUOTA_MIN_MICROS, Math.floor((cpuQuota * CPU_PERIOD_MICROS) / 1_000));
    const v1 = this.#v1('cpu');
    if (v1 !== null) {
      await writeFile(join(v1, 'cpu.shares'), String(shares));
      await writeFile(join(v1, 'cpu.cfs_period_us'), String(CPU_PERIOD_MICROS));
      await writeFile(join(v1, 'cpu.cfs_quota_us'), String(quota ?? UNLIMITED_V1));
      return;
    }
    const v2 = this.#v2('cpu');
    if (v2 === null) return;
    await writeFile(join(v2, 'cpu.weight'), String(weightOf(shares)));
    await writeFile(join(v2, 'cpu.max'), `${quota ?? 'max'} ${CPU_PERIOD_MICROS}`);
  }

  async #limitMemory({ memoryBytes, memorySoftBytes }: ContainerLimits): Promise<void> {
    const v1 = this.#v1('memory');
    if (v1 !== null) {
      await writeFile(join(v1, 'memory.soft_limit_in_bytes'), String(memorySoftBytes ?? UNLIMITED_V1));
      await writeFile(join(v1, 'memory.limit_in_bytes'), String(memoryBytes ?? UNLIMITED_V1));
      return;
    }
    const v2 = this.#v2('memory');
    if (v2 === null) return;
    await writeFile(join(v2, 'memory.low'), String(memorySoftBytes ?? 0));
    await writeFile(join(v2, 'memory.max'), String(memoryBytes ?? 'max'));
  }

  async #cpuUsage() {
    const cpuacct = this.#v1('cpuacct');
    const cpu = this.#v1('cpu');
    const v2 = this.#v2(null);
    // Version 2 tells the time used even where it does not control it.
    const unified = v2 === null ? '' : await text(v2, 'cpu.stat');
    const micros = (name: string) => scaled(field(unified, name), 1e-6);
    const throttled = cpu === null ? unified : await text(cpu, 'cpu.stat');
    const nanos = cpuacct === null ? null : await text(cpuacct, 'cpuacct.usage_user');
    const nanosSystem = cpuacct === null ? null : await text(cpuacct, 'cpuacct.usage_sys');
    return {
      cpuUserSeconds: nanos === null ? micros('user_usec') : scaled(number(nanos), 1e-9),
      cpuSystemSeconds: nanosSystem === null ? micros('system_usec') : scaled(number(nanosSystem), 1e-9),
      periods: field(throttled, 'nr_periods'),
      throttledPeriods: field(throttled, 'nr_throttled'),
      throttledSeconds:
        cpu === null
          ? scaled(field(throttled, 'throttled_usec'), 1e-6)
          : scaled(field(throttled, 'throttled_time'), 1e-9),
    };
  }

  async #memoryUsage() {
    const v1 = this.#v1('memory');
    const v2 = this.#v2('memory');
    const folder = v1 ?? v2;
    if (folder === null)
      return { memoryBytes: null, memoryRssBytes: null, memoryCacheBytes: null, memoryLimitBytes: null };
    const stat = await text(folder, 'memory.stat');
    const limit = number(await text(folder, v1 === null ? 'memory.max' : 'memory.limit_in_bytes'));
    return {
      memoryBytes: number(await text(folder, v1 === null ? 'memory.current' : 'memory.usage_in_bytes')),
      memoryRssBytes: field(stat, v1 === null ? 'anon' : 'total_rss'),
      memoryCacheBytes: field(stat, v1 === null ? 'file' : 'total_cache'),
      memoryLimitBytes: limit === null || limit > Number.MAX_SAFE_INTEGER ? null : limit,
    };
  }
}

/** Names of the cgroups right below `path`, in any hierarchy. */
export async function cgroupsBelow(mounts: CgroupMounts, path: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const roots = new Set(mounts.v1.values());
  if (mounts.v2 !== null) roots.add(mounts.v2.root);
  for (const root of roots) {
    for (const entry of await entriesOf(join(root, path))) if (entry.isDirectory()) names.add(entry.name);
  }
  return names;
}

/** Sends a signal; a process that is gone is no error. False if it is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals | number): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Shares of version 1 as the weight of version 2, as runc and systemd convert them. */
function weightOf(shares: number): number {
  return Math.min(10_000, Math.max(1, 1 + Math.floor(((shares - 2) * 9_999) / 262_142)));
}

async function processesBelow(folder: string): Promise<readonly number[]> {
  const found = (await text(folder, 'cgroup.procs'))
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  for (const entry of await entriesOf(folder)) {
    if (entry.isDirectory()) found.push(...(await processesBelow(join(folder, entry.name))));
  }
  return found;
}

async function removeTree(folder: string): Promise<void> {
  for (const entry of await entriesOf(folder)) {
    if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  }
  // A process that was just ended may still be on its way out.
  for (let round = 0; ; round++) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || round === KILL_ROUNDS) throw error;
      await sleep(KILL_PAUSE_MILLIS);
    }
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Empty for a file, or a cgroup, that is not there. */
async function text(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ESRCH') return '';
    throw error;
  }
}

/** False if the file, or the cgroup, is not there. */
async function write(folder: string, name: string, value: string): Promise<boolean> {
  try {
    await writeFile(join(folder, name), value, { flag: 'r+' });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV') return false;
    throw error;
  }
}

/** The number behind `name ` in lines of names and numbers. */
function field(lines: string, name: string): number | null {
  for (const line of lines.split('\n'))
    if (line.startsWith(`${name} `)) return Number(line.slice(name.length + 1));
  return null;
}

function number(line: string): number | null {
  const value = Number.parseInt(line, 10);
  return Number.isNaN(value) ? null : value;
}

function scaled(value: number | null, unit: number): number | null {
  return value === null ? null : value * unit;
}
