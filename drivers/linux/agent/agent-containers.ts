import { mkdir, rm, rmdir, readlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  AgentCheckpoint,
  ContainerExit,
  ContainerHandle,
  ContainerSpec as OrderedContainer,
} from '../../../engine/agent/index.ts';
import { NO_CONTAINER } from '../../../engine/agent/index.ts';
import type { AgentId, ExecutorId, FrameworkId, TaskId } from '../../../engine/core/index.ts';
import type {
  CommandInfo,
  ContainerId,
  ContainerStatus,
  TaskTemplate,
} from '../../../engine/protocol/index.ts';
import type { Resources } from '../../../engine/resources/index.ts';
import type { Logger } from 'pino';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import {
  type ContainerImageSpec,
  ContainerLaunchError,
  type ContainerLimits,
  type ContainerRuntime,
  type StartedContainer,
} from '../containers/container-runtime.ts';
import { placeBelow } from './fetcher/safe-paths.ts';
import { containerText } from './container-ids.ts';
import { containerLimits } from './container-limits.ts';
import { type ContainerPlan, planContainer, type RuntimeChoice } from './container-plan.ts';
import type { PersistentVolumes } from './persistent-volumes.ts';
import type { SandboxFiles } from './sandbox-files.ts';
import { sandboxMounts } from './sandbox-mounts.ts';
import { taskEnvironment } from './task-environment.ts';
import type { Users } from './users.ts';
import { type ExecutorPlace, ignoreMissing, replaceLink, type WorkDir } from './work-dir.ts';

/** A URI of a command could not be fetched; the message says which one and why. */
export class FetchError extends Error {}

export interface FetchOrder {
  readonly uris: CommandInfo['uris'];
  readonly sandbox: string;
  readonly owner: string | null;
  readonly signal: AbortSignal;
}

/** What the containers tell the agent's machine; each is called once for what its port promises. */
export interface ContainerNews {
  started(container: ContainerHandle, status: ContainerStatus): void;
  /** `done` is to be called once the exit is durable: the runtime forgets it then. */
  exited(container: ContainerHandle, exit: ContainerExit, done: () => void): void;
  updated(container: ContainerHandle, failure: string | null): void;
}

export interface AgentContainersOptions {
  readonly workDir: WorkDir;
  readonly ids: IdTexts;
  readonly runtimes: ReadonlyMap<RuntimeChoice, ContainerRuntime>;
  readonly users: Users;
  readonly files: SandboxFiles;
  readonly volumes: PersistentVolumes;
  readonly news: ContainerNews;
  readonly log: Logger;
  readonly enforcesCfs: boolean;
  readonly switchesUser: boolean;
  /** `--executor_environment_variables`. */
  readonly environment: { readonly [name: string]: string };
  readonly ip: string;
  readonly port: () => number;
  readonly agentId: () => AgentId;
  readonly fetch: (order: FetchOrder) => Promise<void>;
  /** For an executor's `MESOS_EXECUTOR_AUTHENTICATION_TOKEN`, null without authentication of executors. */
  readonly token: ((container: AgentContainer) => string) | null;
}

/** A container of the agent from its order to its end. */
export interface AgentContainer {
  readonly handle: ContainerHandle;
  readonly text: string;
  readonly parent: AgentContainer | null;
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
  /** Null for one of an executor. */
  readonly taskId: TaskId | null;
  readonly executorName: string;
  readonly role: string;
  readonly sandbox: string;
  readonly since: number;
  resources: Resources;
  readonly taskLimits: TaskTemplate['limits'];
  runtime: RuntimeChoice | null;
  state: 'launching' | 'running' | 'ended';
  status: ContainerStatus | null;
  /** Addresses of its own. */
  ipAddresses: readonly string[];
  /** Null until it is launched, and for one that was found again. */
  limits: ContainerLimits | null;
  /** By the last count, null before the first. */
  diskUsedBytes: number | null;
  /** What its command was given; null for one that was found again. */
  environment: { readonly [name: string]: string };
}

interface Held extends AgentContainer {
  readonly parent: Held | null;
  readonly abort: AbortController;
  readonly nested: Set<Held>;
  /** Who waits for its end. */
  readonly waiting: ((exit: ContainerExit) => void)[];
  /** The strongest one that was ordered while it was launching. */
  signal: 'SIGTERM' | 'SIGKILL' | null;
  /** Ended, but not told: something nested in it still runs, or it has not been told that it started. */
  exit: ContainerExit | null;
  /** Why the agent itself ends it, in place of what the runtime will say. */
  cause: Pick<ContainerExit, 'cause' | 'message'> | null;
}

/** Carries out what the agent's machine wants done with containers, on the runtimes that the agent has. */
export class AgentContainers {
  readonly #options: AgentContainersOptions;
  readonly #held = new Map<ContainerHandle, Held>();
  /** Launches that did not come about. */
  launchErrors = 0;
  readonly #byText = new Map<string, Held>();
  /** Exits are put aside until it is known which runtime has which container. */
  #isRecovering = false;
  /** Runtimes say `exited` with the text alone. */
  readonly exited = (text: string, exit: ContainerExit): void => {
    const held = this.#byText.get(text);
    if (held !== undefined) this.#ended(held, exit);
  };

  constructor(options: AgentContainersOptions) {
    this.#options = options;
  }

  get all(): IterableIterator<AgentContainer> {
    return this.#held.values();
  }

  get isIdle(): boolean {
    return this.#held.size === 0;
  }

  find(handle: ContainerHandle): AgentContainer | null {
    return this.#held.get(handle) ?? null;
  }

  findText(text: string): AgentContainer | null {
    return this.#byText.get(text) ?? null;
  }

  /** The container of an executor, also of a command task's, or null. */
  findExecutor(frameworkId: FrameworkId, executorId: ExecutorId): AgentContainer | null {
    for (const held of this.#held.values()) {
      if (held.frameworkId === frameworkId && held.executorId === executorId && held.parent === null)
        return held;
    }
    return null;
  }

  /** The runtime that a container is in; null while it has none. */
  runtimeOf({ runtime }: AgentContainer): ContainerRuntime | null {
    return runtime === null ? null : this.#options.runtimes.get(runtime)!;
  }

  launch(handle: ContainerHandle, parentHandle: ContainerHandle | null, spec: OrderedContainer): void {
    const parent = parentHandle === null ? null : (this.#held.get(parentHandle) ?? null);
    // One that has ended, told or not, takes no more; on its own, what belongs into it must not run.
    if (parentHandle !== null && (parent === null || parent.state === 'ended' || parent.exit !== null)) {
      this.launchErrors++;
      this.#options.news.exited(handle, PARENT_ENDED, () => {});
      return;
    }
    const isTask = spec.kind === 'commandTask' || spec.kind === 'podTask';
    const held = this.#hold(handle, parent, {
      frameworkId: spec.frameworkId,
      executorId: spec.executorId,
      taskId: isTask ? spec.task.taskId : null,
      executorName: isTask ? spec.task.template.name : spec.executor.name,
      role: spec.role,
      resources: isTask ? spec.task.resources : spec.resources,
      taskLimits: isTask ? spec.task.template.limits : null,
    });
    void this.#launch(held, spec);
  }

  signal(handle: ContainerHandle, signal: 'SIGTERM' | 'SIGKILL'): void {
    const held = this.#held.get(handle);
    if (held === undefined || held.state === 'ended') return;
    if (held.state === 'launching') {
      if (held.signal !== 'SIGKILL') held.signal = signal;
      if (signal === 'SIGKILL') held.abort.abort(new ContainerLaunchError('ended while it was launching'));
      return;
    }
    void this.#signal(held, signal);
  }

  /** The agent ends a container for a reason of its own, such as its disk. */
  end(container: AgentContainer, cause: NonNullable<ContainerExit['cause']>, message: string): void {
    const held = this.#held.get(container.handle);
    if (held === undefined || held.state !== 'running') return;
    held.cause ??= { cause, message };
    void this.#signal(held, 'SIGKILL');
  }

  /** How one that has not ended will. */
  ended(handle: ContainerHandle): Promise<ContainerExit> {
    const held = this.#held.get(handle);
    return new Promise((resolve) => {
      if (held === undefined || held.state === 'ended')
        resolve(held?.exit ?? { code: null, signal: null, cause: null, message: null });
      else held.waiting.push(resolve);
    });
  }

  update(handle: ContainerHandle, resources: Resources): void {
    const { news, enforcesCfs } = this.#options;
    const held = this.#held.get(handle);
    const runtime = held === undefined ? null : this.runtimeOf(held);
    if (held === undefined || runtime === null) {
      news.updated(handle, 'The container does not run');
      return;
    }
    held.resources = resources;
    held.limits = containerLimits(resources, held.taskLimits, enforcesCfs);
    runtime.update(held.text, held.limits).then(
      () => {
        news.updated(handle, null);
      },
      (error: unknown) => {
        news.updated(handle, messageOf(error));
      },
    );
  }

  /**
   * Takes over the containers that a former process left, and ends all that it did not know. Tells of each that is known: that it runs, or how it
   * ended. After a reboot none is known.
   */
  async recover(checkpoint: AgentCheckpoint | null, areAlive: boolean): Promise<void> {
    this.#isRecovering = true;
    if (checkpoint !== null && areAlive) this.#holdKnown(checkpoint);
    const known = [...this.#held.values()];
    for (const [name, runtime] of this.#options.runtimes) {
      const found = await runtime.recover(known.map(({ text }) => text));
      for (const one of found) {
        const held = this.#byText.get(one.id);
        if (held === undefined || one.state === 'gone') continue;
        held.runtime = name;
        if (one.state === 'running') this.#started(held, one.started);
        else held.state = 'running';
      }
    }
    this.#isRecovering = false;
    for (const held of known) {
      if (held.runtime === null) this.#ended(held, GONE);
      else if (held.exit !== null) this.#ended(held, held.exit);
    }
  }

  /** Removes a sandbox and the directories above it that are empty then. Rejects if something of it is left. */
  async removeSandbox(
    handle: ContainerHandle,
    frameworkId: FrameworkId,
    executorId: ExecutorId,
  ): Promise<void> {
    const { workDir, files } = this.#options;
    const place = this.#place(frameworkId, executorId);
    const text = containerText(place.agentText, handle);
    const sandbox = workDir.sandbox(place, text);
    await rm(sandbox, { recursive: true, force: true });
    files.detach(text);
    const runs = dirname(sandbox);
    const latest = join(runs, 'latest');
    const target = await readlink(latest).catch(ignoreMissing);
    if (target === text) await unlink(latest).catch(ignoreMissing);
    // runs, executor, executors, framework: as far as nothing else is in them.
    let directory = runs;
    for (let level = 0; level < 4; level++) {
      try {
        await rmdir(directory);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
        if (code !== 'ENOENT') throw error;
      }
      directory = dirname(directory);
    }
  }

  /** Ends every container and waits until each is gone: after a shutdown of the agent nothing is left. */
  async endAll(): Promise<void> {
    for (const held of this.#held.values()) {
      held.abort.abort(new ContainerLaunchError('the agent ends'));
      const runtime = this.runtimeOf(held);
      if (runtime !== null) await runtime.signal(held.text, 'SIGKILL').catch(() => {});
    }
    for (const runtime of this.#options.runtimes.values()) await runtime.recover([]);
  }

  #hold(
    handle: ContainerHandle,
    parent: Held | null,
    facts: Pick<
      AgentContainer,
      'frameworkId' | 'executorId' | 'taskId' | 'executorName' | 'role' | 'resources' | 'taskLimits'
    >,
  ): Held {
    const { workDir } = this.#options;
    const place = this.#place(facts.frameworkId, facts.executorId);
    const text = containerText(place.agentText, handle);
    const held: Held = {
      handle,
      text,
      parent,
      ...facts,
      sandbox: parent === null ? workDir.sandbox(place, text) : workDir.nestedSandbox(parent.sandbox, text),
      since: Date.now(),
      runtime: null,
      state: 'launching',
      status: null,
      ipAddresses: [],
      limits: null,
      diskUsedBytes: null,
      environment: {},
      abort: new AbortController(),
      nested: new Set(),
      waiting: [],
      signal: null,
      exit: null,
      cause: null,
    };
    this.#held.set(handle, held);
    this.#byText.set(text, held);
    parent?.nested.add(held);
    this.#show(held, place);
    return held;
  }

  #show(held: Held, place: ExecutorPlace): void {
    const { files, ids } = this.#options;
    if (held.parent === null) files.attach(place, held.text, held.handle);
    else if (held.taskId !== null)
      files.attachNested(place, held.parent, held.text, ids.taskText(held.taskId));
  }

  /** Sandboxes of containers that ended are shown until they are removed. */
  showSandboxes({ sandboxes }: AgentCheckpoint): void {
    const { files } = this.#options;
    for (const { container, frameworkId, executorId } of sandboxes) {
      const place = this.#place(frameworkId, executorId);
      files.attach(place, containerText(place.agentText, container), container);
    }
  }

  #place(frameworkId: FrameworkId, executorId: ExecutorId): ExecutorPlace {
    const { ids, agentId } = this.#options;
    return {
      agentText: ids.agentText(agentId()),
      frameworkText: ids.frameworkText(frameworkId),
      executorText: ids.executorText(executorId),
    };
  }

  /** Those that the checkpoint says should run; pods before what is nested in them. */
  #holdKnown({ executors, tasks }: AgentCheckpoint): void {
    const pods = new Map<string, Held>();
    for (const { frameworkId, info, role, container } of executors) {
      if (container === NO_CONTAINER) continue;
      const held = this.#hold(container, null, {
        frameworkId,
        executorId: info.executorId,
        taskId: null,
        executorName: info.name,
        role,
        resources: info.resources,
        taskLimits: null,
      });
      pods.set(`${frameworkId} ${info.executorId}`, held);
    }
    for (const { frameworkId, executorId, taskId, task, role, hasExecutor, progress } of tasks) {
      const isLive = progress.phase === 'launching' || progress.phase === 'running';
      if (progress.container === NO_CONTAINER || !isLive) continue;
      this.#hold(
        progress.container,
        hasExecutor ? (pods.get(`${frameworkId} ${executorId}`) ?? null) : null,
        {
          frameworkId,
          executorId,
          taskId,
          executorName: task.template.name,
          role,
          resources: task.resources,
          taskLimits: task.template.limits,
        },
      );
    }
  }

  async #launch(held: Held, spec: OrderedContainer): Promise<void> {
    let started: StartedContainer;
    try {
      started = await this.#prepareAndStart(held, spec);
    } catch (error) {
      this.launchErrors++;
      const cause = error instanceof FetchError ? 'FETCH_FAILED' : 'LAUNCH_FAILED';
      if (!(error instanceof ContainerLaunchError) && !(error instanceof FetchError))
        this.#options.log.error({ container: held.text, error: String(error) }, 'a launch failed');
      held.runtime = null;
      this.#ended(held, { code: null, signal: null, cause, message: messageOf(error) });
      return;
    }
    this.#started(held, started);
    if (held.signal !== null) await this.#signal(held, held.signal);
  }

  async #prepareAndStart(held: Held, spec: OrderedContainer): Promise<StartedContainer> {
    const { runtimes, enforcesCfs, switchesUser, volumes, users, fetch } = this.#options;
    const available = new Set(runtimes.keys());
    const plan = planContainer(spec, { runtimes: available, enforcesCfs, switchesUser });
    const { signal } = held.abort;
    await this.#makeSandbox(held, plan.owner);
    const mounts = [
      ...(await volumes.mounts(plan.resources, plan.owner)),
      ...(await sandboxMounts(plan.volumes, {
        sandbox: held.sandbox,
        parentSandbox: held.parent?.sandbox ?? null,
        runtime: plan.runtime,
        owner: plan.owner,
        users,
      })),
    ];
    const uris = plan.command?.uris ?? [];
    if (uris.length > 0) await fetch({ uris, sandbox: held.sandbox, owner: plan.owner, signal });
    signal.throwIfAborted();
    const runtime = runtimes.get(plan.runtime)!;
    const parent = held.parent?.runtime === plan.runtime ? held.parent.text : null;
    held.environment = this.#environment(held, spec, plan, runtime);
    held.limits = plan.limits;
    held.runtime = plan.runtime;
    return await runtime.launch({
      id: held.text,
      parent,
      sandbox: held.sandbox,
      argv: plan.argv,
      imageArguments: plan.imageArguments,
      environment: held.environment,
      user: plan.user,
      limits: plan.limits,
      mounts,
      image: plan.image,
      labels: this.#labels(held),
    });
  }

  #environment(
    held: Held,
    spec: OrderedContainer,
    plan: ContainerPlan,
    runtime: ContainerRuntime,
  ): { readonly [name: string]: string } {
    const { ids, agentId, ip, port, environment, token } = this.#options;
    return taskEnvironment(spec, plan.command, {
      agentText: ids.agentText(agentId()),
      frameworkText: ids.frameworkText(held.frameworkId),
      executorText: ids.executorText(held.executorId),
      taskText: held.taskId === null ? null : ids.taskText(held.taskId),
      ip,
      port: port(),
      sandbox: held.sandbox,
      sandboxInside: sandboxInside(runtime, held.sandbox, plan.image),
      hasImage: plan.image !== null,
      additional: environment,
      token: token === null || spec.kind !== 'customExecutor' ? null : token(held),
    });
  }

  #labels(held: Held): { readonly [name: string]: string } {
    const { ids } = this.#options;
    return {
      'orrery.framework': ids.frameworkText(held.frameworkId),
      'orrery.executor': ids.executorText(held.executorId),
      ...(held.taskId === null ? {} : { 'orrery.task': ids.taskText(held.taskId) }),
    };
  }

  /** Mode 0750, the user's; those above it are the agent's, and everybody may pass (spec 12 §1, §3). */
  async #makeSandbox({ sandbox, parent, text }: Held, owner: string | null): Promise<void> {
    const above = dirname(sandbox);
    if (parent === null) await mkdir(above, { recursive: true, mode: 0o755 });
    // What the pod's tasks have made of its sandbox is not trusted.
    else await placeBelow(parent.sandbox, join('containers', text));
    await mkdir(sandbox, { mode: 0o750 });
    await this.#options.users.give(sandbox, owner);
    if (parent === null) await replaceLink(join(above, 'latest'), text);
  }

  async #signal(held: Held, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    // Nested ones may be in another runtime, which does not know what they are nested in.
    if (signal === 'SIGKILL') for (const nested of held.nested) this.signal(nested.handle, 'SIGKILL');
    try {
      await this.runtimeOf(held)?.signal(held.text, signal);
    } catch (error) {
      this.#options.log.error(
        { container: held.text, signal, error: messageOf(error) },
        'a container could not be signalled',
      );
      // The engine away, perhaps: what must end is tried again while it is there.
      if (signal === 'SIGKILL' && held.state === 'running')
        setTimeout(() => {
          if (held.state === 'running') void this.#signal(held, signal);
        }, RETRY_MS).unref();
    }
  }

  #started(held: Held, started: StartedContainer): void {
    held.state = 'running';
    held.ipAddresses = started.ipAddresses;
    held.status = this.#statusOf(held, started);
    this.#options.news.started(held.handle, held.status);
    if (held.exit !== null && !this.#isRecovering) this.#ended(held, held.exit);
  }

  #statusOf(held: Held, { pid, ipAddresses }: StartedContainer): ContainerStatus {
    const addresses =
      ipAddresses.length > 0
        ? ipAddresses
        : held.parent !== null && held.parent.ipAddresses.length > 0
          ? held.parent.ipAddresses
          : [this.#options.ip];
    return {
      containerId: containerIdOf(held),
      networkInfos: [
        {
          name: null,
          ipAddresses: addresses.map((ipAddress) => ({
            protocol: ipAddress.includes(':') ? ('IPv6' as const) : ('IPv4' as const),
            ipAddress,
          })),
          groups: [],
          labels: null,
          portMappings: [],
        },
      ],
      netClsClassid: null,
      executorPid: pid,
    };
  }

  /** Told once, after everything that is nested in it, and after it was told that it started. */
  #ended(held: Held, exit: ContainerExit): void {
    if (held.state === 'ended') return;
    held.exit = exit;
    if (this.#isRecovering || (held.state === 'launching' && held.runtime !== null)) return;
    if (held.nested.size > 0) {
      for (const nested of held.nested) this.signal(nested.handle, 'SIGKILL');
      if (held.nested.size > 0) {
        // One that is being launched into it cannot be any more.
        return;
      }
    }
    held.state = 'ended';
    const { text, handle, parent } = held;
    const runtime = this.runtimeOf(held);
    const told = held.cause === null || exit.cause !== null ? exit : { ...exit, ...held.cause };
    for (const resolve of held.waiting) resolve(told);
    this.#options.news.exited(handle, told, () => {
      this.#held.delete(handle);
      this.#byText.delete(text);
      if (runtime !== null)
        runtime.remove(text).catch((error: unknown) => {
          this.#options.log.warn(
            { container: text, error: messageOf(error) },
            'a container is left in its runtime',
          );
        });
    });
    if (parent === null) return;
    parent.nested.delete(held);
    if (parent.exit !== null && parent.nested.size === 0) this.#ended(parent, parent.exit);
  }
}

const RETRY_MS = 1_000;
const GONE: ContainerExit = {
  code: null,
  signal: null,
  cause: 'GONE',
  message: 'The container was gone when the agent came back',
};

const PARENT_ENDED: ContainerExit = {
  code: null,
  signal: null,
  cause: 'LAUNCH_FAILED',
  message: 'The container that it was to be nested in has ended',
};

export function containerIdOf(container: AgentContainer): ContainerId {
  return {
    value: container.text,
    parent: container.parent === null ? null : containerIdOf(container.parent),
  };
}

/** Where a container finds its sandbox; a runtime of images always gives it a place of its own. */
function sandboxInside(runtime: ContainerRuntime, sandbox: string, image: ContainerImageSpec | null): string {
  return runtime.sandboxPath(sandbox, image);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
