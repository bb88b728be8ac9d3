import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { clusterIdFrom } from '../codec/ids/id-texts.ts';

const FILE = 'cluster_id';

/** The cluster's part of its masters' ids: drawn once, kept in the work directory, the same for ever. */
export async function clusterIdIn(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, FILE);
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const id = clusterIdFrom(randomBytes(12));
  const file = await open(`${path}.new`, 'w', 0o644);
  await file.writeFile(`${id}\n`);
  await file.sync();
  await file.close();
  await rename(`${path}.new`, path);
  return id;
}
