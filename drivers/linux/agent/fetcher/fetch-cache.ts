import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

interface Entry {
  readonly key: string;
  readonly path: string;
  size: number;
  /** Fetches that use it at the moment. */
  users: number;
  /** Number of its last use. */
  used: number;
  readonly ready: Promise<void>;
}

/** Files that were fetched, by user and URI (spec 12 §5): bounded, one download for all who want the same, the longest unused goes first. */
export class FetchCache {
  readonly #folder: string;
  readonly #sizeMax: number;
  readonly #entries = new Map<string, Entry>();
  #uses = 0;
  #files = 0;
  #size = 0;
  hits = 0;

  private constructor(folder: string, sizeMax: number) {
    this.#folder = folder;
    this.#sizeMax = sizeMax;
  }

  /** A folder of its own, emptied: nobody knows any more what is in it. */
  static async open(folder: string, sizeMax: number): Promise<FetchCache> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new FetchCache(folder, sizeMax);
  }

  get size(): number {
    return this.#size;
  }

  get sizeMax(): number {
    return this.#sizeMax;
  }

  /**
   * Calls `use` with the file for `key`, which is downloaded if it is not there. @returns false if it does not fit, and nothing was done. Rejects
   * with what `fetch` or `use` reject.
   *
   * @param fetch makes a new file of at most so many bytes, and says how many
   */
  async use(
    key: string,
    fetch: (path: string, sizeMax: number) => Promise<number>,
    use: (path: string) => Promise<void>,
  ): Promise<boolean> {
    let entry = this.#entries.get(key);
    if (entry === undefined) entry = this.#make(key, fetch);
    else this.hits++;
    entry.users++;
    entry.used = ++this.#uses;
    try {
      await entry.ready;
      if (this.#size > this.#sizeMax && !(await this.#shrink(entry))) return false;
      await use(entry.path);
      return true;
    } finally {
      entry.users--;
      if (this.#entries.get(key) !== entry && entry.users === 0) await rm(entry.path, { force: true });
    }
  }

  #make(key: string, fetch: (path: string, sizeMax: number) => Promise<number>): Entry {
    const path = join(this.#folder, String(++this.#files));
    const ready = fetch(path, this.#sizeMax).then(
      (size) => {
        entry.size = size;
        this.#size += size;
      },
      (error: unknown) => {
        this.#entries.delete(key);
        throw error;
      },
    );
    const entry: Entry = { key, path, size: 0, users: 0, used: 0, ready };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Evicts what nobody uses, the longest unused first. False if it is not enough: then the newest one goes, too. */
  async #shrink(newest: Entry): Promise<boolean> {
    const idle = [...this.#entries.values()].filter(({ users, size }) => users === 0 && size > 0);
    idle.sort((a, b) => a.used - b.used);
    for (const entry of idle) {
      if (this.#size <= this.#sizeMax) break;
      this.#drop(entry);
      await rm(entry.path, { force: true });
    }
    if (this.#size <= this.#sizeMax) return true;
    this.#drop(newest);
    return false;
  }

  #drop(entry: Entry): void {
    if (this.#entries.get(entry.key) !== entry) return;
    this.#entries.delete(entry.key);
    this.#size -= entry.size;
  }
}
