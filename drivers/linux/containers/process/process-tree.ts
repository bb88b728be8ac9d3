import { readdir, readFile } from 'node:fs/promises';

/** A variable in the environment of every process of a container, where no cgroup holds on to them. */
export const CONTAINER_VARIABLE = 'ORRERY_CONTAINER';

interface FoundProcess {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly isMarked: boolean;
}

/**
 * Processes of a container on a machine without cgroups: of its session, marked by its variable, or descending from one of these. One that left
 * the session, lost its parent and cleared its environment is not found: only a cgroup holds on to it. O(processes of the machine).
 */
export async function processesOfContainer(id: string, session: number | null): Promise<readonly number[]> {
  const all = await allProcesses(`${CONTAINER_VARIABLE}=${id}`);
  const found = new Set(
    all
      .filter((one) => one.isMarked || (session !== null && (one.session === session || one.pid === session)))
      .map(({ pid }) => pid),
  );
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

async function allProcesses(mark: string): Promise<FoundProcess[]> {
  const found: FoundProcess[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await read(name, 'stat');
    if (stat === null) continue;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended: its parent has not asked yet.
    if (fields[0] === 'Z') continue;
    const environment = await read(name, 'environ');
    found.push({
      pid: Number(name),
      parent: Number(fields[1]),
      session: Number(fields[3]),
      isMarked: environment !== null && environment.split('\0').includes(mark),
    });
  }
  return found;
}

/** Null for a process that ended meanwhile, or one of another user. */
async function read(pid: string, file: string): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return null;
    throw error;
  }
}
