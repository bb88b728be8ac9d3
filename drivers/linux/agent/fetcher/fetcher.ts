import { execFile } from 'node:child_process';
import { chmod, copyFile, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { CommandUri } from '../../../../engine/protocol/index.ts';
import { FetchError, type FetchOrder } from '../agent-containers.ts';
import type { Users } from '../users.ts';
import { archiveKind, extractArchive } from './archive.ts';
import { download, sourceOf, TooLargeError } from './download.ts';
import { FetchCache } from './fetch-cache.ts';
import { clear, placeBelow } from './safe-paths.ts';

const run = promisify(execFile);

export interface FetcherOptions {
  /** A folder of its own: what is in it goes. */
  readonly cacheFolder: string;
  /** Bytes (`--fetcher_cache_size`). */
  readonly cacheSize: number;
  readonly stallTimeoutMs: number;
  /** Where relative paths begin, null for nowhere (`--frameworks_home`). */
  readonly frameworksHome: string | null;
  readonly users: Users;
}

/** Fetches the URIs of commands into sandboxes (spec 12 §5). */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly cache: FetchCache;

  private constructor(options: FetcherOptions, cache: FetchCache) {
    this.#options = options;
    this.cache = cache;
  }

  static async open(options: FetcherOptions): Promise<Fetcher> {
    return new Fetcher(options, await FetchCache.open(options.cacheFolder, options.cacheSize));
  }

  /** One after the other, in order. Rejects with FetchError that names the URI; what came before it stays in the sandbox. */
  readonly fetch = async (order: FetchOrder): Promise<void> => {
    for (const uri of order.uris) {
      try {
        await this.#fetchOne(uri, order);
      } catch (error) {
        order.signal.throwIfAborted();
        throw new FetchError(`URI ${uri.value} could not be fetched: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
    // Links are given, not what they lead to.
    if (order.owner !== null) {
      const { uid, gid } = await this.#options.users.find(order.owner);
      await run('chown', ['-R', '-h', `${uid}:${gid}`, '--', order.sandbox]);
    }
  };

  async #fetchOne(uri: CommandUri, { sandbox, owner, signal }: FetchOrder): Promise<void> {
    const { frameworksHome, stallTimeoutMs, users } = this.#options;
    const source = sourceOf(uri.value, frameworksHome);
    const name = uri.outputFile ?? basename(decodeURIComponent(source.pathname));
    const place = await placeBelow(sandbox, name);
    if (place === sandbox) throw new FetchError('it has no file name; give an output_file');
    const kind = uri.extract && !uri.executable ? archiveKind(name) : null;
    const reader = owner === null ? null : await users.find(owner);
    const get = (path: string, sizeMax: number, abort: AbortSignal): Promise<number> =>
      download(source, path, { signal: abort, stallTimeoutMs, reader, sizeMax });
    let isCached = false;
    if (uri.cache) {
      isCached = await this.cache
        .use(
          `${owner ?? ''} ${uri.value}`,
          // Shared: the end of one container does not end it for the others.
          (path, sizeMax) => get(path, sizeMax, NEVER_ABORTED),
          async (path) => {
            signal.throwIfAborted();
            if (kind !== null) {
              await extractArchive(path, name, kind, sandbox, signal);
              return;
            }
            await clear(place);
            await copyFile(path, place);
          },
        )
        .catch((error: unknown) => {
          // Not through the cache, then.
          if (error instanceof TooLargeError) return false;
          throw error;
        });
    }
    if (!isCached) {
      await clear(place);
      await get(place, Number.POSITIVE_INFINITY, signal).catch(async (error: unknown) => {
        await rm(place, { force: true });
        throw error;
      });
      if (kind !== null) await extractArchive(place, name, kind, sandbox, signal);
    }
    if (uri.executable) await chmod(place, 0o755);
  }
}

const NEVER_ABORTED = new AbortController().signal;
