import type { Stats } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { micros } from '../../../engine/core/index.ts';
import type { FileInfo } from '../../../engine/protocol/index.ts';
import { Refusal } from '../http/refusal.ts';

/** Bytes that one read gives at most: 16 pages of memory (spec 06 §E). */
export const READ_MAX = 65_536;
/** Entries of a directory that are listed. */
const LIST_MAX = 10_000;

/** A part of a file, and how long the whole is. */
export interface FilePart {
  readonly offset: number;
  readonly size: number;
  readonly data: Buffer;
}

/**
 * Files that clients may see, under virtual paths (spec 06 §E): each attached path stands for a file or directory of the host. What lies outside of
 * it, by `..` or by a symbolic link, is not there.
 */
export class VirtualFiles {
  readonly #attached = new Map<string, string>();

  attach(path: string, hostPath: string): void {
    this.#attached.set(path, hostPath);
  }

  detach(path: string): void {
    this.#attached.delete(path);
  }

  /** Virtual path and host path of all that is attached. */
  get attached(): ReadonlyMap<string, string> {
    return this.#attached;
  }

  /** Rejects with Refusal: 404. */
  async list(path: string): Promise<readonly FileInfo[]> {
    const { hostPath, root } = await this.#resolve(path);
    const names = await readdir(hostPath).catch(() => {
      throw notFound(path);
    });
    const infos: FileInfo[] = [];
    for (const name of names.sort((a, b) => (a < b ? -1 : 1)).slice(0, LIST_MAX)) {
      const entry = join(hostPath, name);
      // A link out of the root is not listed, nor one that leads nowhere.
      const real = await realpath(entry).catch(() => null);
      if (real === null || !isWithin(real, root)) continue;
      const stats = await stat(entry).catch(() => null);
      if (stats !== null)
        infos.push(fileInfo(path === '/' ? `/${name}` : `${path.replace(/\/+$/, '')}/${name}`, stats));
    }
    return infos;
  }

  /**
   * @param offset -1 asks for the end of the file: no data
   * @param length -1 or null for as much as one answer holds
   */
  async read(path: string, offset: number, length: number | null): Promise<FilePart> {
    const { hostPath } = await this.#resolve(path);
    const file = await open(hostPath, 'r').catch(() => {
      throw notFound(path);
    });
    try {
      const stats = await file.stat();
      if (stats.isDirectory()) throw new Refusal(400, `'${path}' is a directory; expecting a file`);
      const size = stats.size;
      if (offset === -1) return { offset: size, size, data: Buffer.alloc(0) };
      if (offset > size) return { offset: size, size, data: Buffer.alloc(0) };
      const wanted = length === null || length < 0 ? READ_MAX : Math.min(length, READ_MAX);
      const data = Buffer.alloc(Math.min(wanted, size - offset));
      const { bytesRead } = await file.read(data, 0, data.length, offset);
      return { offset, size, data: data.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  }

  /** Host path and length of a file that is to be sent as a whole. */
  async file(path: string): Promise<{ readonly hostPath: string; readonly size: number }> {
    const { hostPath } = await this.#resolve(path);
    const stats = await stat(hostPath).catch(() => {
      throw notFound(path);
    });
    if (stats.isDirectory()) throw new Refusal(400, `Cannot download the directory '${path}'`);
    if (!stats.isFile()) throw notFound(path);
    return { hostPath, size: stats.size };
  }

  /** The longest attached path that a path begins with; null for one that is not there. */
  attachedPath(path: string): string | null {
    return this.#find(path)?.prefix ?? null;
  }

  #find(
    path: string,
  ): { readonly prefix: string; readonly hostPath: string; readonly rest: string[] } | null {
    if (path.includes('\0')) return null;
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..')) return null;
    for (let end = parts.length; end >= 0; end--) {
      const prefix = `/${parts.slice(0, end).join('/')}`;
      const hostPath = this.#attached.get(prefix);
      if (hostPath !== undefined) return { prefix, hostPath, rest: parts.slice(end) };
    }
    return null;
  }

  async #resolve(path: string): Promise<{ readonly hostPath: string; readonly root: string }> {
    const found = this.#find(path);
    if (found === null) throw notFound(path);
    const root = await realpath(found.hostPath).catch(() => null);
    if (root === null) throw notFound(path);
    const hostPath = await realpath(join(root, ...found.rest)).catch(() => null);
    if (hostPath === null || !isWithin(hostPath, root)) throw notFound(path);
    return { hostPath, root };
  }
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith('/') ? root : `${root}/`);
}

function notFound(path: string): Refusal {
  return new Refusal(404, `There is no file '${path}'`);
}

function fileInfo(path: string, stats: Stats): FileInfo {
  return {
    path,
    nlink: stats.nlink,
    size: stats.size,
    mtime: micros(Math.floor(stats.mtimeMs) * 1_000),
    mode: stats.mode,
    uid: String(stats.uid),
    gid: String(stats.gid),
  };
}

const KINDS: ReadonlyMap<number, string> = new Map([
  [0o040000, 'd'],
  [0o120000, 'l'],
  [0o060000, 'b'],
  [0o020000, 'c'],
  [0o010000, 'p'],
  [0o140000, 's'],
]);

/** `drwxr-xr-x`. */
export function modeText(mode: number): string {
  let text = KINDS.get(mode & 0o170000) ?? '-';
  for (let shift = 6; shift >= 0; shift -= 3) {
    const bits = (mode >> shift) & 7;
    text += (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + (bits & 1 ? 'x' : '-');
  }
  return text;
}
