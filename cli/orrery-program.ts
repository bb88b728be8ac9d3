import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program, to run it again as a process of its own: found from the source tree and from dist/ alike. */
export const ORRERY = programAbove(dirname(fileURLToPath(import.meta.url)));

function programAbove(folder: string): string {
  const path = join(folder, 'bin', 'orrery.mjs');
  const parent = dirname(folder);
  return existsSync(path) || parent === folder ? path : programAbove(parent);
}
