import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Controllers that containers use. `freezer` is how a whole tree of processes is held and found in version 1. */
export const CONTROLLERS = ['cpu', 'cpuacct', 'memory', 'freezer', 'pids'] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** Where each controller is: machines mount them one by one (version 1), all in one tree (version 2), or some here and some there. */
export interface CgroupMounts {
  /** Folder of the hierarchy of a version 1 controller. */
  readonly v1: ReadonlyMap<Controller, string>;
  /** The tree of version 2, and the controllers that it has; null if it is not mounted. */
  readonly v2: { readonly root: string; readonly controllers: ReadonlySet<string> } | null;
}

const NONE: CgroupMounts = { v1: new Map(), v2: null };

/** Reads where cgroups are mounted; none where the machine has none. `mountInfo` is a file like `/proc/self/mountinfo`. */
export async function cgroupMounts(mountInfo = '/proc/self/mountinfo'): Promise<CgroupMounts> {
  let text: string;
  try {
    text = await readFile(mountInfo, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NONE;
    throw error;
  }
  const v1 = new Map<Controller, string>();
  let root: string | null = null;
  for (const line of text.split('\n')) {
    // Fields before ` - ` vary in number; after it come file system, source and its options (proc(5)).
    const [before, after] = line.split(' - ');
    if (after === undefined) continue;
    const folder = unescape(before!.split(' ')[4]!);
    const [type, , options] = after.split(' ');
    if (type === 'cgroup2') root ??= folder;
    if (type !== 'cgroup') continue;
    for (const name of (options ?? '').split(',')) {
      const controller = CONTROLLERS.find((one) => one === name);
      if (controller !== undefined && !v1.has(controller)) v1.set(controller, folder);
    }
  }
  return { v1, v2: root === null ? null : { root, controllers: await controllersOf(root) } };
}

async function controllersOf(root: string): Promise<ReadonlySet<string>> {
  const text = await readFile(join(root, 'cgroup.controllers'), 'utf8');
  return new Set(text.split(/\s+/).filter((name) => name !== ''));
}

/** Blanks in paths are written as octal numbers. */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
