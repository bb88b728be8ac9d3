import { join } from 'node:path';
import type { ContainerHandle } from '../../../engine/agent/index.ts';
import type { VirtualFiles } from '../files/virtual-files.ts';
import type { ExecutorPlace, WorkDir } from './work-dir.ts';

/** Sandboxes under the paths that clients know them by (spec 06 §E): that on the host, and `/frameworks/…/executors/…/runs/…`. */
export class SandboxFiles {
  readonly #files: VirtualFiles;
  readonly #workDir: WorkDir;
  readonly #paths = new Map<string, readonly string[]>();
  /** The container of the executor that an attached path is of. */
  readonly #owners = new Map<string, ContainerHandle>();

  constructor(files: VirtualFiles, workDir: WorkDir) {
    this.#files = files;
    this.#workDir = workDir;
  }

  /** Which executor's container a path is of, as it was attached; null for one that is no sandbox's. */
  ownerOf(attached: string): ContainerHandle | null {
    return this.#owners.get(attached) ?? null;
  }

  /** A container that is in no other. */
  attach(place: ExecutorPlace, text: string, owner: ContainerHandle): void {
    const executor = this.#workDir.executor(place);
    const sandbox = join(executor, 'runs', text);
    const latest = join(executor, 'runs', 'latest');
    const alias = aliasOf(place);
    this.#attach(text, owner, [
      [sandbox, sandbox],
      [`${alias}/runs/${text}`, sandbox],
      [latest, latest],
      [`${alias}/runs/latest`, latest],
    ]);
  }

  /** A task of a pod, below the pod's sandbox. */
  attachNested(
    place: ExecutorPlace,
    pod: { readonly text: string; readonly handle: ContainerHandle },
    text: string,
    taskText: string,
  ): void {
    const executor = this.#workDir.executor(place);
    const sandbox = this.#workDir.nestedSandbox(join(executor, 'runs', pod.text), text);
    const alias = aliasOf(place);
    this.#attach(text, pod.handle, [
      [sandbox, sandbox],
      [join(executor, 'runs', pod.text, 'tasks', taskText), sandbox],
      [`${alias}/runs/${pod.text}/tasks/${taskText}`, sandbox],
      [`${alias}/runs/latest/tasks/${taskText}`, sandbox],
      [`${alias}/tasks/${taskText}`, sandbox],
    ]);
  }

  /** The sandbox is gone; the latest one's paths stay for the next. */
  detach(text: string): void {
    for (const path of this.#paths.get(text) ?? []) {
      if (path.endsWith('/latest')) continue;
      this.#files.detach(path);
      this.#owners.delete(path);
    }
    this.#paths.delete(text);
  }

  #attach(text: string, owner: ContainerHandle, paths: readonly (readonly [string, string])[]): void {
    for (const [path, hostPath] of paths) {
      this.#files.attach(path, hostPath);
      this.#owners.set(path, owner);
    }
    this.#paths.set(
      text,
      paths.map(([path]) => path),
    );
  }
}

function aliasOf({ frameworkText, executorText }: ExecutorPlace): string {
  return `/frameworks/${frameworkText}/executors/${executorText}`;
}
