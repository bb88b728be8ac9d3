import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { idFault } from '../codec/ids/id-fault.ts';
import { AgentError } from './agent-error.ts';

/** Where an executor's containers have their sandboxes. */
export interface ExecutorPlace {
  readonly agentText: string;
  readonly frameworkText: string;
  readonly executorText: string;
}

/**
 * The agent's files (spec 12 §1):
 *
 *     meta/boot_id                   boot of the host that the checkpoint is about
 *     meta/name                      names this agent to container runtimes: its cgroup, its label
 *     meta/slaves/latest             the agent's id as a link, for people; the rest of `meta` is private
 *     meta/checkpoint/               what survives the process (`CheckpointLog`)
 *     meta/containers/               what the process runtime keeps
 *     slaves/<agentId>/frameworks/<frameworkId>/executors/<executorId>/runs/<containerId>/   sandbox; runs/latest; containers/<nested>/
 *     volumes/roles/<role>/<persistenceId>/                                                  persistent volumes; '/' in the role as ' '
 *
 * One process at a time: the lock is a socket of the kernel, which a process that is killed leaves as well.
 */
export class WorkDir {
  readonly root: string;
  /** Random, made with the folder. */
  readonly name: string;
  /** Whether the host has been booted since the last agent ran here. */
  readonly isRebooted: boolean;
  readonly #lock: Server;

  private constructor(root: string, name: string, isRebooted: boolean, lock: Server) {
    this.root = root;
    this.name = name;
    this.isRebooted = isRebooted;
    this.#lock = lock;
  }

  /** Makes and locks it. Rejects with AgentError. */
  static async open(path: string, bootId: string): Promise<WorkDir> {
    let root: string;
    try {
      await mkdir(join(path, 'meta'), { recursive: true });
      root = await realpath(path);
    } catch (error) {
      throw new AgentError(`the work directory ${path} cannot be used: ${(error as Error).message}`, {
        cause: error,
      });
    }
    const lock = await takeLock(root);
    try {
      const name = await readOrMake(join(root, 'meta', 'name'), () => randomBytes(6).toString('hex'));
      const lastBoot = await readText(join(root, 'meta', 'boot_id'));
      return new WorkDir(root, name, lastBoot !== null && lastBoot !== bootId, lock);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  get checkpoint(): string {
    return join(this.root, 'meta', 'checkpoint');
  }

  get containers(): string {
    return join(this.root, 'meta', 'containers');
  }

  executor({ agentText, frameworkText, executorText }: ExecutorPlace): string {
    const parts = ['slaves', agentText, 'frameworks', frameworkText, 'executors', executorText];
    for (const id of [agentText, frameworkText, executorText]) checkSegment(id);
    return join(this.root, ...parts);
  }

  /** Sandbox of a container that is in no other. */
  sandbox(place: ExecutorPlace, containerText: string): string {
    checkSegment(containerText);
    return join(this.executor(place), 'runs', containerText);
  }

  nestedSandbox(parentSandbox: string, containerText: string): string {
    checkSegment(containerText);
    return join(parentSandbox, 'containers', containerText);
  }

  /** Directory of a persistent volume on a disk with that root; null for the root disk. */
  volume(diskRoot: string | null, role: string, persistenceId: string): string {
    const roleSegment = role.replaceAll('/', ' ');
    checkSegment(roleSegment);
    checkSegment(persistenceId);
    return join(diskRoot ?? this.root, 'volumes', 'roles', roleSegment, persistenceId);
  }

  /** From now on what the checkpoint says is about this boot of the host. */
  async noteBoot(bootId: string): Promise<void> {
    await replaceFile(join(this.root, 'meta', 'boot_id'), bootId);
  }

  /** Shows people the agent's id. */
  async linkLatest(agentText: string): Promise<void> {
    checkSegment(agentText);
    const folder = join(this.root, 'meta', 'slaves');
    await mkdir(join(folder, agentText), { recursive: true });
    await replaceLink(join(folder, 'latest'), agentText);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#lock.close(() => {
        resolve();
      });
    });
  }
}

/** A link that is there at every instant. */
export async function replaceLink(path: string, target: string): Promise<void> {
  const fresh = `${path}.new`;
  await unlink(fresh).catch(ignoreMissing);
  await symlink(target, fresh);
  await rename(fresh, path);
}

export function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function takeLock(root: string): Promise<Server> {
  const lock = createServer((socket) => {
    socket.destroy();
  });
  const name = createHash('sha256').update(root).digest('hex').slice(0, 32);
  await new Promise<void>((resolve, reject) => {
    lock.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? `another agent runs in the work directory ${root}: stop it, or give this one another --work_dir`
          : `the work directory ${root} cannot be locked: ${error.message}`;
      reject(new AgentError(why, { cause: error }));
    });
    // Abstract: no file, gone with the process.
    lock.listen(`\0orrery-agent-${name}`, resolve);
  });
  lock.unref();
  return lock;
}

function checkSegment(text: string): void {
  const fault = idFault(text);
  if (fault !== null) throw new AgentError(`no directory can be called by this id: ${fault}`);
}

async function readText(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    ignoreMissing(error as NodeJS.ErrnoException);
    return null;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${text}\n`);
  await rename(`${path}.new`, path);
}

async function readOrMake(path: string, make: () => string): Promise<string> {
  const found = await readText(path);
  if (found !== null && found !== '') return found;
  const text = make();
  await replaceFile(path, text);
  return text;
}
