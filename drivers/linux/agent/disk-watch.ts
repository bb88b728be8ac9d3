import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { AgentContainers } from './agent-containers.ts';
import { bytesOf, scalarOf } from './container-limits.ts';

export interface DiskWatchOptions {
  readonly workDir: string;
  readonly containers: AgentContainers;
  readonly log: Logger;
  /** `--disk_watch_interval`. */
  readonly watchMs: number;
  /** `--container_disk_watch_interval`. */
  readonly containerWatchMs: number;
  /** Whether a container that uses more disk than it has is ended (`--enforce_container_disk_quota`). */
  readonly enforcesQuota: boolean;
  /** How full the disk of the work directory is, 0 to 1. */
  usage(fraction: number): void;
}

/** Counting a sandbox may take so long; a larger one counts as it did before. */
const COUNT_MS = 60_000;

/** Looks at the disk of the work directory, and at what each container has in its sandbox. */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  readonly #timers: NodeJS.Timeout[] = [];
  #isCounting = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
    this.#timers.push(
      setInterval(() => void this.look(), options.watchMs).unref(),
      setInterval(() => void this.count(), options.containerWatchMs).unref(),
    );
  }

  /** The disk as a whole. */
  async look(): Promise<void> {
    try {
      const { blocks, bavail } = await statfs(this.#options.workDir);
      this.#options.usage(blocks === 0 ? 0 : 1 - bavail / blocks);
    } catch (error) {
      this.#options.log.warn({ error: String(error) }, 'the disk of the work directory cannot be looked at');
    }
  }

  /** One container after the other, so that the disk has time for them. */
  async count(): Promise<void> {
    if (this.#isCounting) return;
    this.#isCounting = true;
    try {
      const { containers, enforcesQuota, log } = this.#options;
      for (const container of [...containers.all]) {
        const limit = bytesOf(scalarOf(container.resources, 'disk'));
        // A pod's tasks are in its sandbox.
        if (container.state !== 'running' || container.parent !== null || limit === 0) continue;
        const used = await sandboxBytes(container.sandbox);
        if (used === null) continue;
        container.diskUsedBytes = used;
        if (!enforcesQuota || used <= limit) continue;
        log.info({ container: container.text, used, limit }, 'a container uses more disk than it has');
        containers.end(
          container,
          'DISK_LIMIT',
          `Disk usage of ${used} bytes exceeds the quota of ${limit} bytes`,
        );
      }
    } finally {
      this.#isCounting = false;
    }
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

/** Bytes on the disk, without what links lead to and without other disks that are mounted there; null if it cannot be told. */
export function sandboxBytes(sandbox: string): Promise<number | null> {
  return new Promise((resolve) => {
    execFile('du', ['-skx', '--', sandbox], { timeout: COUNT_MS }, (_error, stdout) => {
      // It complains of files that go away meanwhile, and counts all the same.
      const kilobytes = /^(\d+)\s/.exec(stdout)?.[1];
      resolve(kilobytes === undefined ? null : Number(kilobytes) * 1_024);
    });
  });
}
