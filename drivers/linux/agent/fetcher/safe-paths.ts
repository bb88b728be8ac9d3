import { lstat, mkdir, unlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative, resolve } from 'node:path';
import { FetchError } from '../agent-containers.ts';

/**
 * A place below `root` for something that comes from outside: neither its name leads out, nor a link on the way to it. Directories on the way
 * are made. Rejects with FetchError.
 */
export async function placeBelow(root: string, name: string): Promise<string> {
  const plain = normalize(name).replace(/\/+$/, '');
  if (name === '' || name.includes('\0') || isAbsolute(plain) || plain === '..' || plain.startsWith('../'))
    throw new FetchError(`the path ${JSON.stringify(name)} leads out of the sandbox`);
  let path = root;
  const parts = plain === '.' ? [] : plain.split('/');
  for (const part of parts.slice(0, -1)) {
    path = join(path, part);
    if ((await lstat(path).catch(missing)) === null) await mkdir(path).catch(there);
    if (!(await lstat(path)).isDirectory())
      throw new FetchError(`the path ${JSON.stringify(name)} goes through ${part}, which is no directory`);
  }
  return parts.length === 0 ? root : join(path, parts.at(-1)!);
}

/** What stands in the way of a new file is taken away, unless it is a directory. */
export async function clear(path: string): Promise<void> {
  const stats = await lstat(path).catch(missing);
  if (stats === null) return;
  if (stats.isDirectory()) throw new FetchError(`${JSON.stringify(path)} is a directory`);
  await unlink(path);
}

/** Throws FetchError for a link at `place` that would lead out of `root`. */
export function checkLink(root: string, place: string, target: string): void {
  const inside = relative(root, resolve(dirname(place), target));
  if (isAbsolute(target) || inside === '..' || inside.startsWith('../'))
    throw new FetchError(`the link to ${JSON.stringify(target)} leads out of the sandbox`);
}

/** Somebody else has just made it. */
function there(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function missing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
