import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandInfo, ContainerId, ContainerTermination } from '../../../engine/protocol/index.ts';
import { ContainerLaunchError, type ExecSession } from '../containers/container-runtime.ts';
import { Refusal } from '../http/refusal.ts';
import { type AgentContainer, type AgentContainers, FetchError } from './agent-containers.ts';
import { placeBelow } from './fetcher/safe-paths.ts';

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** A command that an operator runs in a container of the agent, under an id of its own (spec 06 §A). */
export interface DebugContainer {
  readonly id: ContainerId;
  readonly inside: AgentContainer;
  readonly sandbox: string;
  readonly session: ExecSession;
  readonly hasTerminal: boolean;
  /** Null while it runs. */
  end: ContainerTermination | null;
  readonly ended: Promise<ContainerTermination>;
}

const VALUE_MAX = 242;
const NEW = { flags: 'wx' };
/** Of those that have ended and that nobody removed. */
const ENDED_MAX = 1_000;

/** Containers that operators nest in the agent's own: they share its files, its limits and its network, and end with it. */
export class DebugContainers {
  readonly #containers: AgentContainers;
  readonly #all = new Map<string, DebugContainer | null>();

  constructor(containers: AgentContainers) {
    this.#containers = containers;
  }

  get all(): IterableIterator<DebugContainer | null> {
    return this.#all.values();
  }

  find(id: ContainerId): DebugContainer | null {
    return this.#all.get(keyOf(id)) ?? null;
  }

  /** The agent's own container with this id. */
  own(id: ContainerId): AgentContainer | null {
    const found = this.#containers.findText(id.value);
    return found !== null && (id.parent === null || id.parent.value === found.parent?.text) ? found : null;
  }

  /**
   * Runs a command. Null if the id is in use already. Rejects with Refusal.
   *
   * @param keepsOutput writes what it says to files in its sandbox, as nobody is attached
   */
  async launch(
    id: ContainerId,
    command: CommandInfo | null,
    terminal: TerminalSize | null,
    keepsOutput: boolean,
  ): Promise<DebugContainer | null> {
    checkId(id);
    if (id.parent === null)
      throw new Refusal(400, 'Standalone containers are not supported: give a container_id with a parent');
    const key = keyOf(id);
    if (this.#all.has(key)) return null;
    const inside = this.own(id.parent);
    if (inside === null || inside.state !== 'running')
      throw new Refusal(400, `The parent container ${id.parent.value} does not run`);
    this.#all.set(key, null);
    try {
      const made = await this.#start(id, inside, argvOf(command), command, terminal, keepsOutput);
      this.#all.set(key, made);
      this.#bound();
      return made;
    } catch (error) {
      this.#all.delete(key);
      const isRefusal = error instanceof ContainerLaunchError || error instanceof FetchError;
      throw isRefusal ? new Refusal(400, error.message) : error;
    }
  }

  /** Forgets one that has ended. Throws Refusal: 400 while it runs. */
  async remove(container: DebugContainer): Promise<void> {
    if (container.end === null)
      throw new Refusal(400, `The container ${container.id.value} still runs: kill it, and wait for its end`);
    this.#all.delete(keyOf(container.id));
    await rm(container.sandbox, { recursive: true, force: true });
  }

  /** Its connection is over. One that runs still is destroyed; how one ended by itself can be asked for later. */
  async sessionOver(container: DebugContainer): Promise<void> {
    if (container.end === null) await this.destroy(container);
    else await rm(container.sandbox, { recursive: true, force: true });
  }

  /** At once, with what it has. */
  async destroy(container: DebugContainer): Promise<void> {
    container.session.kill();
    await container.ended;
    await this.remove(container);
  }

  close(): void {
    for (const container of this.#all.values()) container?.session.kill();
  }

  async #start(
    id: ContainerId,
    inside: AgentContainer,
    argv: readonly string[],
    command: CommandInfo | null,
    terminal: TerminalSize | null,
    keepsOutput: boolean,
  ): Promise<DebugContainer> {
    // The task may have put links where this is to be.
    const sandbox = await placeBelow(inside.sandbox, join('containers', id.value));
    await mkdir(sandbox, { mode: 0o750 });
    const session = await this.#containers.runtimeOf(inside)!.exec(inside.text, {
      argv,
      environment: {
        ...inside.environment,
        ...Object.fromEntries(
          (command?.environment ?? []).map(({ name, value, secret }) => [name, value ?? secret ?? '']),
        ),
      },
      terminal,
    });
    if (keepsOutput) {
      session.stdin.end();
      session.stdout.pipe(createWriteStream(join(sandbox, 'stdout'), NEW));
      session.stderr?.pipe(createWriteStream(join(sandbox, 'stderr'), NEW));
    }
    const container: DebugContainer = {
      id,
      inside,
      sandbox,
      session,
      hasTerminal: terminal !== null,
      end: null,
      ended: session.ended.then((code) => {
        container.end = terminationOf(code);
        return container.end;
      }),
    };
    return container;
  }

  #bound(): void {
    if (this.#all.size <= ENDED_MAX) return;
    for (const [key, container] of this.#all) {
      if (container === null || container.end === null) continue;
      this.#all.delete(key);
      if (this.#all.size <= ENDED_MAX) return;
    }
  }
}

/** Status as wait(2) gives it: codes above 128 stand for signals. */
export function terminationOf(code: number): ContainerTermination {
  const exitStatus = code > 128 && code <= 192 ? code - 128 : code * 256;
  return { exitStatus, state: null, reason: null, limitation: null, message: null };
}

function keyOf({ value, parent }: ContainerId): string {
  return parent === null ? value : `${keyOf(parent)}.${value}`;
}

function checkId({ value, parent }: ContainerId): void {
  if (value === '' || value.length > VALUE_MAX || !/^[^./\\\s]+$/.test(value))
    throw new Refusal(
      400,
      `The container ID ${JSON.stringify(value)} is invalid: expecting 1 to ${VALUE_MAX} characters, none of them '.', '/', '\\' or a blank`,
    );
  if (parent !== null) checkId(parent);
}

function argvOf(command: CommandInfo | null): readonly string[] {
  if (command === null || command.value === null)
    throw new Refusal(400, "Expecting 'command.value' to be present");
  const { shell, value, args } = command;
  return shell ? ['/bin/sh', '-c', value] : [value, ...args.slice(1)];
}
