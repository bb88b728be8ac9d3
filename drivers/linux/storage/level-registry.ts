import { ClassicLevel } from 'classic-level';
import {
  type RegistryOperation,
  type RegistrySnapshot,
  RegistryState,
} from '../../../engine/registry/index.ts';
import { type RegistryStore, RegistryStoreError } from './registry-store.ts';
import { ValueReader } from './value-reader.ts';
import { ValueWriter } from './value-writer.ts';

/** Written once into a new store; a store of another format is refused, never guessed at. */
const FORMAT = 1;
const FORMAT_KEY = 'format';
const SNAPSHOT_KEY = 'snapshot';
const LOG_PREFIX = 'log/';
/** After `log/`, so that it ends the range. */
const LOG_END = 'log0';
const DIGITS = 16;
/** Entries of the log after which it is folded into the snapshot. */
const LOG_ENTRIES_MAX = 20_000;

/** The snapshot and the number of the last log entry that is in it. */
interface StoredSnapshot {
  readonly upTo: number;
  readonly registry: RegistrySnapshot;
}

interface Append {
  readonly operations: readonly RegistryOperation[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The registry in an embedded LevelDB: a log of batches, each one synchronous write, folded into a snapshot now and then. Batches that come
 * while one is written are written together.
 */
export class LevelRegistry implements RegistryStore {
  readonly #folder: string;
  readonly #level: ClassicLevel<string, Buffer>;
  readonly #state: RegistryState;
  readonly #writer = new ValueWriter();
  #entries: number;
  #folded: number;
  #waiting: Append[] = [];
  #writing: Promise<void> | null = null;
  /** The first failure; nothing is taken after it. */
  #failure: Error | null = null;

  private constructor(
    folder: string,
    level: ClassicLevel<string, Buffer>,
    state: RegistryState,
    entries: number,
    folded: number,
  ) {
    this.#folder = folder;
    this.#level = level;
    this.#state = state;
    this.#entries = entries;
    this.#folded = folded;
  }

  /** Opens the store in `folder`, made if it is not there. One process at a time. Throws RegistryStoreError. */
  static async open(folder: string): Promise<LevelRegistry> {
    const level = new ClassicLevel<string, Buffer>(folder, { keyEncoding: 'utf8', valueEncoding: 'buffer' });
    try {
      await level.open();
    } catch (error) {
      throw openingError(folder, error);
    }
    try {
      await checkFormat(folder, level);
      const { state, entries, folded } = await read(folder, level);
      return new LevelRegistry(folder, level, state, entries, folded);
    } catch (error) {
      await level.close();
      throw error;
    }
  }

  async load(): Promise<RegistrySnapshot> {
    return await Promise.resolve(this.#state.snapshot());
  }

  append(operations: readonly RegistryOperation[]): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operations, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async close(): Promise<void> {
    this.#failure ??= new RegistryStoreError(`the registry in ${this.#folder} is closed`);
    await this.#writing;
    await this.#level.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeBatch(batch);
      } catch (error) {
        const failure = new RegistryStoreError(
          `the registry in ${this.#folder} cannot be written: ${(error as Error).message}`,
          { cause: error },
        );
        this.#failure = failure;
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(failure);
      }
    }
    this.#writing = null;
  }

  async #writeBatch(batch: readonly Append[]): Promise<void> {
    const operations = batch.flatMap((one) => one.operations);
    this.#writer.forget();
    const entry = this.#entries + 1;
    const bytes = Buffer.from(this.#writer.write(operations));
    await this.#level.put(logKey(entry), bytes, { sync: true });
    this.#entries = entry;
    for (const operation of operations) this.#state.apply(operation);
    if (this.#entries - this.#folded >= LOG_ENTRIES_MAX) await this.#fold();
    for (const { resolve } of batch) resolve();
  }

  /** Snapshot first, then the entries that are in it: after a crash in between they are skipped by their numbers. */
  async #fold(): Promise<void> {
    this.#writer.forget();
    const stored: StoredSnapshot = { upTo: this.#entries, registry: this.#state.snapshot() };
    await this.#level.put(SNAPSHOT_KEY, Buffer.from(this.#writer.write(stored)), { sync: true });
    this.#folded = this.#entries;
    await this.#level.clear({ gte: LOG_PREFIX, lte: logKey(this.#folded) });
  }
}

function logKey(entry: number): string {
  return LOG_PREFIX + String(entry).padStart(DIGITS, '0');
}

function openingError(folder: string, error: unknown): Error {
  const { cause, message } = error as Error & { readonly cause?: Error & { readonly code?: string } };
  if (cause?.code === 'LEVEL_LOCKED')
    return new RegistryStoreError(
      `the registry in ${folder} is open in another process: stop that master, or give this one another --work_dir`,
      { cause: error },
    );
  return new RegistryStoreError(`the registry in ${folder} cannot be opened: ${cause?.message ?? message}`, {
    cause: error,
  });
}

async function checkFormat(folder: string, level: ClassicLevel<string, Buffer>): Promise<void> {
  const format = await level.get(FORMAT_KEY);
  if (format === undefined) {
    await level.put(FORMAT_KEY, Buffer.from(String(FORMAT)), { sync: true });
  } else if (format.toString() !== String(FORMAT)) {
    throw new RegistryStoreError(
      `the registry in ${folder} has format ${format.toString()}, this version reads format ${FORMAT}: ` +
        'start the version that wrote it, or give this one another --work_dir',
    );
  }
}

async function read(folder: string, level: ClassicLevel<string, Buffer>) {
  const stored = await level.get(SNAPSHOT_KEY);
  let state = new RegistryState();
  let folded = 0;
  if (stored !== undefined) {
    const { upTo, registry } = decode(folder, SNAPSHOT_KEY, stored) as StoredSnapshot;
    state = RegistryState.restore(registry);
    folded = upTo;
  }
  let entries = folded;
  for await (const [key, value] of level.iterator({ gt: logKey(folded), lt: LOG_END })) {
    entries++;
    if (key !== logKey(entries))
      throw new RegistryStoreError(
        `the registry in ${folder} misses the entry ${logKey(entries)} before ${key}: restore the folder from a backup`,
      );
    for (const operation of decode(folder, key, value) as readonly RegistryOperation[])
      state.apply(operation);
  }
  return { state, entries, folded };
}

/** Every entry is a stream of its own. */
function decode(folder: string, key: string, bytes: Buffer): unknown {
  try {
    return new ValueReader().read(bytes);
  } catch (error) {
    throw new RegistryStoreError(
      `the registry in ${folder} has a damaged entry ${key}: ${(error as Error).message}; restore the folder from a backup`,
      { cause: error },
    );
  }
}
