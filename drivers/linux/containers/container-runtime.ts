import type { Readable, Writable } from 'node:stream';
import type { ContainerExit } from '../../../engine/agent/index.ts';

/** What a container may use. Amounts are whole; null is without limit. */
export interface ContainerLimits {
  /** Thousandths of a cpu: its share of a busy machine. */
  readonly cpuShares: number;
  /** Thousandths of a cpu that it never exceeds, even on an idle machine. */
  readonly cpuQuota: number | null;
  readonly memoryBytes: number | null;
  /** What it is promised of `memoryBytes` when memory is short. */
  readonly memorySoftBytes: number | null;
}

/** A directory or file of the host that a container sees. */
export interface ContainerMount {
  /** Absolute, on the host. */
  readonly source: string;
  /** Absolute, or below the sandbox. */
  readonly target: string;
  readonly readOnly: boolean;
}

/** What an image runtime needs besides; null fields are its defaults (spec 12 §6, §7). */
export interface ContainerImageSpec {
  readonly name: string;
  readonly forcePull: boolean;
  readonly privileged: boolean;
  readonly network: 'HOST' | 'BRIDGE' | 'NONE' | 'USER';
  /** Of a USER network. */
  readonly networkName: string | null;
  readonly portMappings: readonly {
    readonly hostPort: number;
    readonly containerPort: number;
    readonly protocol: 'tcp' | 'udp';
  }[];
  /** Raw parameters of `docker run`, such as `label=a=b`. */
  readonly parameters: readonly { readonly key: string; readonly value: string }[];
  readonly hostname: string | null;
}

/** One container to launch; everything is resolved. */
export interface ContainerSpec {
  /** Letters, digits, `-`, `_` and `.`; never used again. It names the container, its cgroup, its place among the runtime's files. */
  readonly id: string;
  /** The container that it is nested in, null for none. A nested one shares its network and is ended with it. */
  readonly parent: string | null;
  /** Absolute and there, owned by the user; the working directory but for an image that has one. `stdout` and `stderr` go there. */
  readonly sandbox: string;
  /** Program and arguments; null runs what the image says, or, without image, nothing: a place for nested containers. */
  readonly argv: readonly string[] | null;
  /** Arguments for the image's own entry point; with `argv` null. */
  readonly imageArguments: readonly string[];
  /** All of it: nothing is inherited. */
  readonly environment: { readonly [name: string]: string };
  /** Name of the user that runs it; null for the agent's own. */
  readonly user: string | null;
  readonly limits: ContainerLimits;
  readonly mounts: readonly ContainerMount[];
  /** Null runs on the host's own files. */
  readonly image: ContainerImageSpec | null;
  /** For people and for `recover`. */
  readonly labels: { readonly [name: string]: string };
}

/** A container that runs. */
export interface StartedContainer {
  /** Of its first process, on the host. */
  readonly pid: number | null;
  /** Addresses of its own; empty with the host's network. */
  readonly ipAddresses: readonly string[];
}

/** Usage at an instant; null where the runtime cannot tell (spec 06 §D). */
export interface ContainerUsage {
  readonly cpuUserSeconds: number | null;
  readonly cpuSystemSeconds: number | null;
  readonly memoryBytes: number | null;
  readonly memoryRssBytes: number | null;
  readonly memoryCacheBytes: number | null;
  readonly memoryLimitBytes: number | null;
  readonly processes: number | null;
  readonly throttledPeriods: number | null;
  readonly periods: number | null;
  readonly throttledSeconds: number | null;
}

/** A command inside a running container. */
export interface ExecSession {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Null with a terminal: it has one stream for both. */
  readonly stderr: Readable | null;
  /** Of the terminal; without one nothing happens. */
  resize(rows: number, columns: number): Promise<void>;
  kill(): void;
  /** Exit code, or 128 and the signal. */
  readonly ended: Promise<number>;
}

export interface ExecOptions {
  readonly argv: readonly string[];
  readonly environment: { readonly [name: string]: string };
  readonly terminal: { readonly rows: number; readonly columns: number } | null;
}

/** What became of a container while the agent was away. */
export type RecoveredContainer =
  | { readonly id: string; readonly state: 'running'; readonly started: StartedContainer }
  /** Its exit has been, or will be, told by `ContainerEvents`. */
  | { readonly id: string; readonly state: 'ended' }
  /** The runtime never heard of it, or it went away with its status. */
  | { readonly id: string; readonly state: 'gone' };

/** What a runtime tells by itself. */
export interface ContainerEvents {
  /** Once for each container that was launched, and for each recovered one that runs or had ended. */
  exited(id: string, exit: ContainerExit): void;
}

/** A launch did not come about; nothing is left of it. */
export class ContainerLaunchError extends Error {}

/**
 * Runs containers: the port behind the agent's container outputs. Containers outlive the agent's process; `recover` finds them again.
 * Implementations: `ProcessRuntime`, `DockerRuntime`; all pass `containerRuntimeContract`.
 */
export interface ContainerRuntime {
  readonly name: string;
  /** Where a container of that sandbox finds it, with `image` or without. */
  sandboxPath(sandbox: string, image: ContainerImageSpec | null): string;
  /** Starts a container. Rejects with ContainerLaunchError; then no exit is told. */
  launch(spec: ContainerSpec): Promise<StartedContainer>;
  /** Signals the container's first process and its group; `SIGKILL` ends the whole tree, nested containers included. One that is gone is no error. */
  signal(id: string, signal: 'SIGTERM' | 'SIGKILL' | number): Promise<void>;
  /** New limits for a running container. */
  update(id: string, limits: ContainerLimits): Promise<void>;
  /** Null for a container that does not run. */
  usage(id: string): Promise<ContainerUsage | null>;
  /** Runs a command in a running container. Rejects with ContainerLaunchError. */
  exec(id: string, options: ExecOptions): Promise<ExecSession>;
  /** First call of a new agent process: what became of `known`; every other container of this agent is ended and removed. */
  recover(known: readonly string[]): Promise<readonly RecoveredContainer[]>;
  /** Forgets a container that has ended, its sandbox excepted. */
  remove(id: string): Promise<void>;
  /** Lets go of everything; containers run on. */
  close(): Promise<void>;
}
