import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTicks } from './supervisor.ts';

/** What a later agent process must know of a container to take it over. */
export interface ContainerFacts {
  readonly bootId: string;
  readonly parent: string | null;
  readonly sandbox: string;
  readonly environment: { readonly [name: string]: string };
  /** Who runs it; null for the agent's own user. */
  readonly user: string | null;
  /** Nothing runs in it but nested containers. */
  readonly isPlace: boolean;
}

/** The files of containers, a folder each: what the agent notes, and what the supervisor writes. */
export class ProcessFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  folder(id: string): string {
    return join(this.#root, id);
  }

  async make(id: string): Promise<string> {
    const folder = this.folder(id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  async writeFacts(id: string, facts: ContainerFacts): Promise<void> {
    const path = join(this.folder(id), 'facts.json');
    await writeFile(`${path}.new`, JSON.stringify(facts), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  /** Null if nothing was noted, or on another boot of the host: its processes are gone. */
  async facts(id: string): Promise<ContainerFacts | null> {
    const text = await this.#read(id, 'facts.json');
    if (text === null) return null;
    const facts = JSON.parse(text) as ContainerFacts;
    return facts.bootId === (await bootId()) ? facts : null;
  }

  async ids(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#root, { withFileTypes: true }))
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** Exit status, null while there is none. */
  async status(id: string): Promise<number | null> {
    return numberIn(await this.#read(id, 'status'));
  }

  /** Number of the container's first process, null before it was started. */
  async child(id: string): Promise<number | null> {
    return numberIn(await this.#read(id, 'child'));
  }

  /** Whether the supervisor lives: a process of its number that started when it did. */
  async isSupervised(id: string): Promise<boolean> {
    const text = await this.#read(id, 'supervisor');
    if (text === null) return false;
    const [pid, started] = text.trim().split(' ');
    let stat: string;
    try {
      stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    } catch (error) {
      if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
    return startTicks(stat) === started;
  }

  async remove(id: string): Promise<void> {
    await rm(this.folder(id), { recursive: true, force: true, maxRetries: 10 });
  }

  async #read(id: string, name: string): Promise<string | null> {
    try {
      return await readFile(join(this.folder(id), name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

/** Names this boot of the host. */
export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

function numberIn(text: string | null): number | null {
  return text === null ? null : Number(text);
}
