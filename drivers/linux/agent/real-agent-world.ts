/** A real agent whose machine follows a script, for contract tests. */
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerHandle, ContainerSpec, Probe } from '../../../engine/agent/index.ts';
import {
  AgentScript,
  type AgentWorld,
  SCRIPTED_AGENT,
  type Wellness,
  type Work,
} from '../../../engine/contracts/index.ts';
import {
  assert,
  type ExecutorId,
  type Micros,
  MICROS_PER_MILLISECOND,
  type TaskId,
} from '../../../engine/core/index.ts';
import type { CommandInfo, ContainerInfo } from '../../../engine/protocol/index.ts';
import { type CgroupMounts, cgroupMounts } from '../containers/cgroups/cgroup-mounts.ts';
import { cgroupsBelow, ContainerCgroup } from '../containers/cgroups/container-cgroup.ts';
import type { DockerEngine } from '../testing/docker-engine.ts';
import { BUSYBOX_IMAGE } from '../testing/docker-engine.ts';
import { containerText } from './container-ids.ts';
import { type RunningAgent, startAgent } from './start-agent.ts';
import { TEST_EXECUTOR } from './test-executor.ts';
import { TEST_RESOURCES } from './test-kit.ts';

const CLUSTER = '01234567-89ab-4def-8123-4567';
const PATIENCE_MS = 60_000;
const LOOK_MS = 10;
const STEP_MS = 50;
/** More than any container of the contracts may use. */
const MUCH_DISK = 24 * 1_024 * 1_024;

export interface RealWorldOptions {
  readonly cgroups?: CgroupMounts;
  /** Tasks run in an image there; without, as processes. */
  readonly engine?: DockerEngine;
}

export class RealAgentWorld implements AgentWorld {
  readonly script = new AgentScript();
  readonly #folder: string;
  readonly #options: RealWorldOptions;
  readonly #server: Server;
  #agent: RunningAgent | null = null;
  #agentPort = 0;
  #names = 0;

  private constructor(folder: string, options: RealWorldOptions, server: Server) {
    this.#folder = folder;
    this.#options = options;
    this.#server = server;
  }

  static async open(options: RealWorldOptions = {}): Promise<RealAgentWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'orrery-ports-'));
    // What is asked for anything else is not answered.
    const server = createServer((request, response) => {
      if (request.url === '/well') response.writeHead(200).end();
      else if (request.url === '/ill') response.writeHead(500).end();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const world = new RealAgentWorld(folder, options, server);
    await writeFile(join(folder, 'executor.mjs'), TEST_EXECUTOR);
    await world.start();
    return world;
  }

  /** Ends everything, and asserts that nothing is left. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    if (this.#agent === null) await this.start();
    await this.#agent!.unregister();
    const name = await this.#agentName();
    const mounts = await this.#mounts();
    const cgroup = `orrery/${name}`;
    assert((await this.#processesOf('')).length === 0, 'no process of the agent’s containers is left');
    assert((await cgroupsBelow(mounts, cgroup)).size === 0, 'no cgroup of the agent’s containers is left');
    await new ContainerCgroup(mounts, cgroup).remove();
    await rm(this.#folder, { recursive: true });
  }

  name(): TaskId & ExecutorId {
    return this.#running.ids.names.number(`n${++this.#names}`) as TaskId & ExecutorId;
  }

  command({ runs, cannotStart }: Work): {
    readonly command: CommandInfo;
    readonly container: ContainerInfo | null;
  } {
    const steps = runs === null ? -1 : Math.ceil(runs / MICROS_PER_MILLISECOND / STEP_MS);
    const user = cannotStart ? 'no-such-user' : null;
    const command = { value: programOf(steps), shell: true, args: [], user, environment: [], uris: [] };
    const isImage = this.#options.engine !== undefined;
    return { command, container: isImage ? IN_IMAGE : null };
  }

  executorCommand(): CommandInfo {
    const value = `exec ${process.execPath} ${join(this.#folder, 'executor.mjs')}`;
    return { value, shell: true, args: [], user: null, environment: [], uris: [] };
  }

  executorData(_task: TaskId, { runs }: Work): Uint8Array {
    return Buffer.from(runs === null ? 'run' : 'finish');
  }

  willDo(_container: ContainerHandle, _spec: ContainerSpec, _work: Work): void {
    // Its command says it all.
  }

  async probe(_container: ContainerHandle, type: Probe['type'], wellness: Wellness): Promise<Probe> {
    const protocol = 'IPv4';
    switch (type) {
      case 'COMMAND': {
        const value = { well: 'exit 0', ill: 'exit 1', mute: 'exec sleep 60' }[wellness];
        const command = { value, shell: true, args: [], user: null, environment: [], uris: [] };
        return { type, command };
      }
      case 'HTTP':
        return { type, scheme: 'http', protocol, port: this.#port, path: `/${wellness}` };
      case 'TCP':
        return { type, protocol, port: wellness === 'well' ? this.#port : await closedPort() };
    }
  }

  async pass(duration: Micros): Promise<void> {
    await sleep(duration / MICROS_PER_MILLISECOND);
  }

  async until(holds: () => boolean | Promise<boolean>): Promise<boolean> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (performance.now() >= end) return false;
      await sleep(LOOK_MS);
    }
    return true;
  }

  async stop(): Promise<void> {
    await this.#running.stop();
    this.#agent = null;
  }

  async start(): Promise<void> {
    const { engine, cgroups } = this.#options;
    this.#agent = await startAgent({
      workDir: join(this.#folder, 'work'),
      // Nobody leads.
      master: () => new Promise(() => {}),
      // Executors look for it where it was.
      port: this.#agentPort,
      resources: TEST_RESOURCES,
      machine: this.script.machine,
      disk: { containerWatchMs: 200, enforcesQuota: true },
      ...(engine === undefined ? {} : { docker: { socket: engine.socket } }),
      ...(cgroups === undefined ? {} : { cgroups }),
    });
    this.#agentPort = this.#agent.port;
    this.#agent.ids.learnCluster(CLUSTER);
  }

  /** All processes are gone, and the machine has another boot's id. */
  async reboot(): Promise<void> {
    const { engine } = this.#options;
    if (engine !== undefined) {
      const running = await engine.docker.listContainers();
      for (const { Id } of running) await engine.docker.getContainer(Id).kill({ signal: 'SIGKILL' });
    }
    await new ContainerCgroup(await this.#mounts(), `orrery/${await this.#agentName()}`).kill();
    for (const pid of await this.#processesOf('')) kill(pid, 'SIGKILL');
    await writeFile(join(this.#folder, 'work', 'meta', 'boot_id'), 'another\n');
  }

  async crash(container: ContainerHandle): Promise<void> {
    await writeFile(join(this.#sandbox(container), 'crash'), '');
  }

  async exceed(container: ContainerHandle, limit: 'MEMORY_LIMIT' | 'DISK_LIMIT'): Promise<void> {
    const file = join(this.#sandbox(container), limit === 'MEMORY_LIMIT' ? 'memory' : 'much');
    await writeFile(file, limit === 'MEMORY_LIMIT' ? '' : Buffer.alloc(MUCH_DISK));
  }

  /** Its processes stand still. */
  async hang(container: ContainerHandle, duration: Micros): Promise<void> {
    const files = join(this.#folder, 'work', 'meta', 'containers', this.#text(container));
    const group = -Number(await readFile(join(files, 'child'), 'utf8'));
    kill(group, 'SIGSTOP');
    setTimeout(() => {
      kill(group, 'SIGCONT');
    }, duration / MICROS_PER_MILLISECOND).unref();
  }

  async isAlive(container: ContainerHandle): Promise<boolean> {
    const { engine } = this.#options;
    const text = this.#text(container);
    if (engine !== undefined) {
      const all = await engine.docker.listContainers({ filters: { status: ['running'] } });
      if (all.some(({ Names }) => Names.some((name) => name.includes(text)))) return true;
    }
    return (await this.#processesOf(text)).length > 0;
  }

  get #running(): RunningAgent {
    assert(this.#agent !== null, 'the agent’s process is there');
    return this.#agent;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #mounts(): Promise<CgroupMounts> {
    return this.#options.cgroups ?? (await cgroupMounts());
  }

  #text(container: ContainerHandle): string {
    return containerText(AGENT_TEXT, container);
  }

  #sandbox(container: ContainerHandle): string {
    const found = this.#running.containers.find(container);
    assert(found !== null, 'the agent has the container');
    return found.sandbox;
  }

  async #agentName(): Promise<string> {
    return (await readFile(join(this.#folder, 'work', 'meta', 'name'), 'utf8')).trim();
  }

  /** Processes that work in a folder of the agent's whose path has that part. */
  async #processesOf(part: string): Promise<number[]> {
    const found: number[] = [];
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const folder = await readlink(`/proc/${name}/cwd`).catch(() => '');
      if (folder.startsWith(`${this.#folder}/`) && folder.includes(part)) found.push(Number(name));
    }
    return found;
  }
}

const AGENT_TEXT = `${CLUSTER}00000001-S1`;
assert(SCRIPTED_AGENT === 2 ** 21 + 1, 'the first master’s agent 1');

const IN_IMAGE: ContainerInfo = {
  type: 'MESOS',
  hostname: null,
  volumes: [],
  docker: null,
  image: BUSYBOX_IMAGE,
  networks: [],
  shareCgroups: null,
};

/** Looks again and again whether something is to happen to it; ends with 0 after so many steps, or never. */
function programOf(steps: number): string {
  return [
    'cd "$MESOS_SANDBOX"; trap "exit 3" TERM; i=0',
    `while [ $i -ne ${steps} ]; do`,
    '  [ ! -e crash ] || exit 1',
    '  if [ -e memory ]; then a=aaaaaaaaaaaaaaaa; while :; do a=$a$a; done; fi',
    `  sleep ${STEP_MS / 1_000}; i=$((i+1))`,
    'done; exit 0',
  ].join('\n');
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function closedPort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
