import { constants } from 'node:os';
import { type Duplex, PassThrough, Readable } from 'node:stream';
import Dockerode from 'dockerode';
import type { ContainerExit } from '../../../../engine/agent/index.ts';
import { type CgroupMounts, cgroupMounts } from '../cgroups/cgroup-mounts.ts';
import { ContainerCgroup, signalProcess } from '../cgroups/container-cgroup.ts';
import {
  type ContainerEvents,
  type ContainerImageSpec,
  ContainerLaunchError,
  type ContainerLimits,
  type ContainerRuntime,
  type ContainerSpec,
  type ContainerUsage,
  type ExecOptions,
  type ExecSession,
  type RecoveredContainer,
  type StartedContainer,
} from '../container-runtime.ts';
import { Gate } from './gate.ts';
import {
  AGENT_LABEL,
  containerName,
  containerOptions,
  ID_LABEL,
  limitOptions,
  PARENT_LABEL,
  SANDBOX_DIRECTORY,
  SANDBOX_LABEL,
} from './container-options.ts';
import { answered, EngineUnavailableError, reasonOf, statusOf } from './engine-calls.ts';
import { followLogs } from './log-files.ts';
import { PAUSE_IMAGE, pauseImageTar } from './pause-image.ts';

export interface DockerRuntimeOptions {
  /** Path of the engine's socket (`--docker_socket`). */
  readonly socket: string;
  /** The agent's own name: containers of others are left alone. */
  readonly agent: string;
  /** How long the engine may take over a call; pulling an image excepted. */
  readonly patienceMillis: number;
  /** How long an image may take. */
  readonly pullMillis: number;
  /** Launches at once. */
  readonly launchesAtOnce: number;
}

export const DEFAULT_DOCKER_OPTIONS: Omit<DockerRuntimeOptions, 'agent'> = {
  socket: '/var/run/docker.sock',
  patienceMillis: 60_000,
  pullMillis: 15 * 60_000,
  launchesAtOnce: 4,
};

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;
const SIGNAL_BASE = 128;
const SIGNAL_MAX = 64;
const EXEC_KILL_TRIES = 100;
const EXEC_KILL_PAUSE_MILLIS = 50;
/** Between two tries to reach an engine that went away. */
const RETRY_MILLIS = 1_000;

interface Live {
  readonly id: string;
  readonly parent: string | null;
  readonly sandbox: string;
  readonly container: Dockerode.Container;
  readonly environment: { readonly [name: string]: string };
  pid: number | null;
}

/** Containers in a Docker Engine (spec 12 §6). They are found again by labels. */
export class DockerRuntime implements ContainerRuntime {
  readonly name = 'docker';
  readonly #docker: Dockerode;
  readonly #options: DockerRuntimeOptions;
  readonly #events: ContainerEvents;
  readonly #mounts: CgroupMounts;
  readonly #gate: Gate;
  readonly #live = new Map<string, Live>();
  readonly #launching = new Set<string>();
  #hasPauseImage: Promise<void> | null = null;
  /** One for each container that is waited for: on a signal for all of them, listeners would count up with the containers. */
  readonly #waits = new Set<AbortController>();
  #isClosed = false;

  private constructor(options: DockerRuntimeOptions, events: ContainerEvents, mounts: CgroupMounts) {
    this.#docker = new Dockerode({ socketPath: options.socket });
    this.#options = options;
    this.#events = events;
    this.#mounts = mounts;
    this.#gate = new Gate(options.launchesAtOnce);
  }

  /** Rejects with EngineUnavailableError if no engine answers at the socket. */
  static async open(options: DockerRuntimeOptions, events: ContainerEvents): Promise<DockerRuntime> {
    const runtime = new DockerRuntime(options, events, await cgroupMounts());
    await runtime.#ask(runtime.#docker.ping(), 'ping');
    return runtime;
  }

  sandboxPath(sandbox: string, image: ContainerImageSpec | null): string {
    return image === null ? sandbox : SANDBOX_DIRECTORY;
  }

  async launch(spec: ContainerSpec): Promise<StartedContainer> {
    if (!ID.test(spec.id))
      throw new ContainerLaunchError(`a container cannot be called ${JSON.stringify(spec.id)}`);
    if (this.#live.has(spec.id) || this.#launching.has(spec.id))
      throw new ContainerLaunchError(`container ${spec.id} runs already`);
    if (spec.parent !== null && !this.#live.has(spec.parent))
      throw new ContainerLaunchError(
        `container ${spec.id} is to be nested in ${spec.parent}, which does not run`,
      );
    const options = containerOptions(spec, this.#options.agent);
    this.#launching.add(spec.id);
    try {
      return await this.#gate.run(() => this.#launch(spec, options));
    } catch (error) {
      // Whatever the engine made of it is taken away, now or when it answers again.
      void this.#removeSoon(containerName(spec.id));
      if (error instanceof ContainerLaunchError) throw error;
      throw new ContainerLaunchError(`container ${spec.id} cannot be launched: ${reasonOf(error)}`, {
        cause: error,
      });
    } finally {
      this.#launching.delete(spec.id);
    }
  }

  async signal(id: string, signal: 'SIGTERM' | 'SIGKILL' | number): Promise<void> {
    const live = this.#live.get(id);
    if (live === undefined) return;
    const isKill = signal === 'SIGKILL' || signal === constants.signals.SIGKILL;
    if (isKill)
      for (const nested of this.#live.values())
        if (nested.parent === id) await this.signal(nested.id, signal);
    try {
      await this.#ask(live.container.kill({ signal: String(signal) }), `kill ${id}`);
    } catch (error) {
      const status = statusOf(error);
      // Gone, or ended just now.
      if (status !== 404 && status !== 409) throw error;
    }
  }

  async update(id: string, limits: ContainerLimits): Promise<void> {
    const live = this.#live.get(id);
    if (live !== undefined) await this.#ask(live.container.update(limitOptions(limits)), `update ${id}`);
  }

  async usage(id: string): Promise<ContainerUsage | null> {
    const live = this.#live.get(id);
    if (live?.pid == null) return null;
    // The engine's own statistics take a second; the cgroup's files take none.
    const cgroup = await ContainerCgroup.ofProcess(this.#mounts, live.pid);
    return cgroup === null ? null : await cgroup.usage();
  }

  async exec(id: string, { argv, environment, terminal }: ExecOptions): Promise<ExecSession> {
    const live = this.#live.get(id);
    if (live === undefined) throw new ContainerLaunchError(`container ${id} does not run`);
    try {
      const exec = await this.#ask(
        live.container.exec({
          Cmd: [...argv],
          Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
          AttachStdin: true,
          AttachStdout: true,
          AttachStderr: true,
          Tty: terminal !== null,
        }),
        `exec in ${id}`,
      );
      const stream = await this.#ask(
        exec.start({ hijack: true, stdin: true, Tty: terminal !== null }),
        `start exec in ${id}`,
      );
      return this.#session(exec, stream, terminal !== null, terminal);
    } catch (error) {
      if (error instanceof EngineUnavailableError) throw error;
      throw new ContainerLaunchError(`a command cannot be run in container ${id}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  async recover(known: readonly string[]): Promise<readonly RecoveredContainer[]> {
    const isKnown = new Set(known);
    const found = await this.#ask(
      this.#docker.listContainers({
        all: true,
        filters: { label: [`${AGENT_LABEL}=${this.#options.agent}`] },
      }),
      'list containers',
    );
    const byId = new Map(found.map((one) => [one.Labels[ID_LABEL] ?? '', one]));
    for (const [id, { Id }] of byId) {
      if (!isKnown.has(id)) await this.#remove(Id);
    }
    const recovered: RecoveredContainer[] = [];
    for (const id of known) {
      const one = byId.get(id);
      recovered.push(one === undefined ? { id, state: 'gone' } : await this.#recoverOne(id, one));
    }
    return recovered;
  }

  async remove(id: string): Promise<void> {
    await this.#remove(containerName(id));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const wait of this.#waits) wait.abort();
    this.#live.clear();
    await Promise.resolve();
  }

  async #ask<T>(call: Promise<T>, what: string): Promise<T> {
    return await answered(call, what, this.#options.patienceMillis);
  }

  /** Ends and removes a container by name or number; one that is gone, or on its way out, is no error. */
  async #remove(name: string): Promise<void> {
    try {
      await this.#ask(this.#docker.getContainer(name).remove({ force: true, v: true }), `remove ${name}`);
    } catch (error) {
      const status = statusOf(error);
      if (status !== 404 && status !== 409) throw error;
    }
  }

  async #launch(spec: ContainerSpec, options: Dockerode.ContainerCreateOptions): Promise<StartedContainer> {
    if (spec.image === null) await this.#providePauseImage();
    else await this.#provideImage(spec.image);
    const container = await this.#ask(this.#docker.createContainer(options), `create ${spec.id}`);
    await this.#ask(container.start(), `start ${spec.id}`);
    const live: Live = {
      id: spec.id,
      parent: spec.parent,
      sandbox: spec.sandbox,
      container,
      environment: spec.environment,
      pid: null,
    };
    this.#live.set(spec.id, live);
    const started = await this.#look(live);
    void this.#await(live);
    return started;
  }

  async #look(live: Live): Promise<StartedContainer> {
    const { State, NetworkSettings } = await this.#ask(live.container.inspect(), `inspect ${live.id}`);
    live.pid = State.Pid === 0 ? null : State.Pid;
    const addresses = Object.values(NetworkSettings.Networks ?? {}).map(({ IPAddress }) => IPAddress);
    return { pid: live.pid, ipAddresses: addresses.filter((address) => address !== '') };
  }

  /** Copies the logs and waits for the end, through an engine that restarts meanwhile. */
  async #await(live: Live): Promise<void> {
    const wait = new AbortController();
    this.#waits.add(wait);
    const copied = followLogs(this.#docker, live.container, live.sandbox, wait.signal).catch(() => {});
    await this.#awaitEnd(live, copied, wait.signal);
    // Logs may take longer than the container.
    await copied;
    this.#waits.delete(wait);
  }

  async #awaitEnd(live: Live, copied: Promise<void>, abortSignal: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#isClosed) return;
      try {
        await live.container.wait({ abortSignal });
        await Promise.race([copied, pause(this.#options.patienceMillis)]);
        const { State } = await this.#ask(live.container.inspect(), `inspect ${live.id}`);
        this.#exited(live, exitOf(State.ExitCode, State.OOMKilled, State.Error));
        return;
      } catch (error) {
        if (statusOf(error) === 404) {
          this.#exited(live, {
            code: null,
            signal: null,
            cause: 'GONE',
            message: 'Docker Engine does not know it any more',
          });
          return;
        }
        await pause(RETRY_MILLIS);
      }
    }
  }

  #exited(live: Live, exit: ContainerExit): void {
    if (this.#isClosed || this.#live.get(live.id) !== live) return;
    this.#live.delete(live.id);
    this.#events.exited(live.id, exit);
  }

  async #recoverOne(id: string, { Id, State, Labels }: Dockerode.ContainerInfo): Promise<RecoveredContainer> {
    const container = this.#docker.getContainer(Id);
    const live: Live = {
      id,
      parent: Labels[PARENT_LABEL] ?? null,
      sandbox: Labels[SANDBOX_LABEL] ?? '',
      container,
      environment: {},
      pid: null,
    };
    if (State === 'created') {
      // The agent ended between making and starting it.
      await this.#remove(Id);
      return { id, state: 'gone' };
    }
    this.#live.set(id, live);
    if (State !== 'running' && State !== 'paused') {
      void this.#await(live);
      return { id, state: 'ended' };
    }
    const started = await this.#look(live);
    void this.#await(live);
    return { id, state: 'running', started };
  }

  async #provideImage({ name, forcePull }: ContainerImageSpec): Promise<void> {
    if (!forcePull) {
      try {
        await this.#ask(this.#docker.getImage(name).inspect(), `inspect image ${name}`);
        return;
      } catch (error) {
        if (statusOf(error) !== 404) throw error;
      }
    }
    try {
      await answered(this.#pull(name), `pull ${name}`, this.#options.pullMillis);
    } catch (error) {
      if (error instanceof EngineUnavailableError) throw error;
      throw new ContainerLaunchError(`the image ${name} cannot be pulled: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  async #pull(name: string): Promise<void> {
    const progress = await this.#docker.pull(name);
    await new Promise<void>((resolve, reject) => {
      this.#docker.modem.followProgress(progress, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  async #providePauseImage(): Promise<void> {
    this.#hasPauseImage ??= this.#importPauseImage();
    try {
      await this.#hasPauseImage;
    } catch (error) {
      this.#hasPauseImage = null;
      throw error;
    }
  }

  async #importPauseImage(): Promise<void> {
    try {
      await this.#ask(this.#docker.getImage(PAUSE_IMAGE).inspect(), 'inspect the pause image');
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      const [repo, tag] = PAUSE_IMAGE.split(':');
      const tar = Readable.from([await pauseImageTar()]);
      const stream = await this.#ask(this.#docker.importImage(tar, { repo, tag }), 'import the pause image');
      await new Promise<void>((resolve, reject) => {
        stream.once('end', resolve).once('error', reject).resume();
      });
    }
  }

  /** A container that should not be there, perhaps because the engine answered too late. */
  async #removeSoon(name: string): Promise<void> {
    for (let tries = 0; tries < 60 && !this.#isClosed; tries++) {
      try {
        await this.#ask(this.#docker.getContainer(name).remove({ force: true, v: true }), `remove ${name}`);
        return;
      } catch (error) {
        if (statusOf(error) === 404 && tries > 0) return;
        await pause(RETRY_MILLIS);
      }
    }
  }

  #session(
    exec: Dockerode.Exec,
    stream: Duplex,
    hasTerminal: boolean,
    size: { readonly rows: number; readonly columns: number } | null,
  ): ExecSession {
    const stdout = new PassThrough();
    const stderr = hasTerminal ? null : new PassThrough();
    if (stderr === null) stream.pipe(stdout);
    else this.#docker.modem.demuxStream(stream, stdout, stderr);
    const resize = async (rows: number, columns: number) => {
      if (hasTerminal) await this.#ask(exec.resize({ h: rows, w: columns }), 'resize');
    };
    const ended = new Promise<void>((resolve) => {
      stream.once('end', resolve).once('close', resolve).once('error', resolve);
    }).then(async () => {
      stdout.end();
      stderr?.end();
      const { ExitCode } = await this.#ask(exec.inspect(), 'inspect exec');
      return ExitCode ?? SIGNAL_BASE + constants.signals.SIGKILL;
    });
    if (size !== null) resize(size.rows, size.columns).catch(() => {});
    return {
      stdin: stream,
      stdout,
      stderr,
      resize,
      kill: () => {
        void killExec(exec, ended);
      },
      ended,
    };
  }
}

function exitOf(code: number, ranOutOfMemory: boolean, error: string): ContainerExit {
  if (ranOutOfMemory)
    return { code, signal: null, cause: 'MEMORY_LIMIT', message: 'The container used up its memory' };
  const signal = code > SIGNAL_BASE && code <= SIGNAL_BASE + SIGNAL_MAX ? code - SIGNAL_BASE : null;
  return { code: signal === null ? code : null, signal, cause: null, message: error === '' ? null : error };
}

/** The engine has no call for it; but its process is one of this host, from some time after the start. */
async function killExec(exec: Dockerode.Exec, ended: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const end = () => {
    over.abort();
  };
  ended.then(end, end);
  for (let tries = 0; tries < EXEC_KILL_TRIES && !over.signal.aborted; tries++) {
    try {
      const { Pid, Running } = await exec.inspect();
      if (Running && Pid > 0) signalProcess(Pid, 'SIGKILL');
    } catch (error) {
      if (statusOf(error) === 404) return;
    }
    await pause(EXEC_KILL_PAUSE_MILLIS);
  }
}

async function pause(millis: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, millis).unref();
  });
}
