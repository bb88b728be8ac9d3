import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { reservationRole, type Resource, type Resources } from '../../../engine/resources/index.ts';
import type { ContainerMount } from '../containers/container-runtime.ts';
import type { Users } from './users.ts';
import type { WorkDir } from './work-dir.ts';

/**
 * Persistent volumes of the agent as directories (spec 09, 12 §1): made when they are created or first used, removed with all that is in
 * them when they are destroyed.
 */
export class PersistentVolumes {
  readonly #workDir: WorkDir;
  readonly #users: Users;
  /** Directory by the volume's place; what the agent has at the moment. */
  #current = new Map<string, Resource>();
  #removals = 0;
  /** One change after the other; a container waits for those before it. */
  #changes: Promise<void> = Promise.resolve();

  constructor(workDir: WorkDir, users: Users) {
    this.#workDir = workDir;
    this.#users = users;
  }

  /** What a former process had not finished removing goes. */
  async start(): Promise<void> {
    await rm(this.#removed, { recursive: true, force: true });
    await mkdir(this.#removed, { recursive: true });
  }

  /** The agent's total after an operation: new volumes are made, destroyed ones removed. Rejects if the disk refuses. */
  async follow(total: Resources): Promise<void> {
    const change = this.#changes.then(() => this.#follow(total));
    this.#changes = change.catch(() => {});
    await change;
  }

  async #follow(total: Resources): Promise<void> {
    const next = new Map<string, Resource>();
    for (const entry of total.entries) {
      if (entry.identity.disk?.persistence != null) next.set(this.directory(entry), entry);
    }
    const gone = [...this.#current].filter(([directory]) => !next.has(directory));
    this.#current = next;
    for (const directory of next.keys()) await mkdir(directory, { recursive: true });
    for (const [directory, { identity }] of gone) {
      if (identity.disk!.source?.type === 'MOUNT') await empty(directory);
      else await this.#remove(directory);
    }
  }

  directory({ identity }: Resource): string {
    const { source, persistence } = identity.disk!;
    // A MOUNT disk is the volume.
    if (source?.type === 'MOUNT' && source.root !== null) return source.root;
    const role = reservationRole(identity) ?? '*';
    return this.#workDir.volume(source?.type === 'PATH' ? source.root : null, role, persistence!.id);
  }

  /** Mounts for the volumes among a container's resources; they belong to its user as long as no other one has them. */
  async mounts(resources: Resources, owner: string | null): Promise<ContainerMount[]> {
    await this.#changes;
    const mounts: ContainerMount[] = [];
    for (const entry of resources.entries) {
      const { disk } = entry.identity;
      if (disk?.persistence == null || disk.volume === null) continue;
      const source = this.directory(entry);
      await mkdir(source, { recursive: true });
      await this.#users.give(source, owner);
      mounts.push({ source, target: disk.volume.containerPath, readOnly: disk.volume.mode === 'RO' });
    }
    return mounts;
  }

  get #removed(): string {
    return join(this.#workDir.root, 'meta', 'removed');
  }

  /** Out of sight at once: a volume of the same name that is created next is empty. */
  async #remove(directory: string): Promise<void> {
    const out = join(this.#removed, String(++this.#removals));
    try {
      await rename(directory, out);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      // On another disk.
      if (code !== 'EXDEV') throw error;
      await rm(directory, { recursive: true, force: true });
      return;
    }
    await rm(out, { recursive: true, force: true });
  }
}

async function empty(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    await rm(join(directory, name), { recursive: true, force: true });
}
