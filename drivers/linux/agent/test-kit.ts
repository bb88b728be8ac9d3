/** A master and an agent on loopback, and a scheduler that launches what a test wants, for tests. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { micros } from '../../../engine/core/index.ts';
import { cgroupMounts } from '../containers/cgroups/cgroup-mounts.ts';
import { cgroupsBelow, ContainerCgroup } from '../containers/cgroups/container-cgroup.ts';
import {
  type Answer,
  type Asked,
  openStream,
  post,
  type Records,
  subscribe,
  testMaster,
} from '../master/test-kit.ts';
import type { RunningMaster, StartMasterOptions } from '../master/start-master.ts';
import { type RunningAgent, startAgent, type StartAgentOptions } from './start-agent.ts';

export const TEST_RESOURCES = 'cpus:4;mem:4096;disk:10000;ports:[31000-31100]';

export interface Status {
  readonly task_id: { readonly value: string };
  readonly agent_id: { readonly value: string };
  readonly state: string;
  readonly uuid?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly healthy?: boolean;
  readonly data?: string;
  readonly container_status?: {
    readonly container_id: { readonly value: string; readonly parent?: { readonly value: string } };
    readonly executor_pid?: number;
  };
  readonly check_status?: object;
}

interface Offer {
  readonly id: { readonly value: string };
  readonly agent_id: { readonly value: string };
  readonly resources: readonly object[];
}

/** A scheduler of one framework: takes every offer when it wants something, and acknowledges all updates. */
export class TestScheduler {
  readonly #master: RunningMaster;
  readonly #events: Records;
  readonly #streamId: string;
  readonly frameworkId: string;
  readonly statuses: Status[] = [];
  #offers: Offer[] = [];
  readonly #updates: Status[] = [];

  private constructor(master: RunningMaster, events: Records, streamId: string, frameworkId: string) {
    this.#master = master;
    this.#events = events;
    this.#streamId = streamId;
    this.frameworkId = frameworkId;
  }

  static async start(master: RunningMaster, frameworkInfo: object = {}): Promise<TestScheduler> {
    const { events, streamId, frameworkId } = await subscribe(master, {
      user: 'root',
      checkpoint: true,
      failover_timeout: 3_600,
      ...frameworkInfo,
    });
    return new TestScheduler(master, events, streamId, frameworkId);
  }

  async call(body: object): Promise<void> {
    const answer = await post(
      this.#master,
      '/api/v1/scheduler',
      { framework_id: { value: this.frameworkId }, ...body },
      { 'Mesos-Stream-Id': this.#streamId },
    );
    if (answer.status !== 202) throw new Error(`${answer.status}: ${answer.text}`);
  }

  async offer(): Promise<Offer> {
    while (this.#offers.length === 0) await this.#read();
    return this.#offers.shift()!;
  }

  /** Operations on the offers that come until one fits; the rest of them comes back at once. */
  async accept(
    operations: (offer: Offer) => readonly object[],
    fits: (offer: Offer) => boolean = () => true,
  ): Promise<Offer> {
    const offers = [await this.offer()];
    while (!offers.some(fits)) offers.push(await this.offer());
    const offer = offers.at(-1)!;
    const offer_ids = offers.map(({ id }) => id);
    await this.call({
      type: 'ACCEPT',
      accept: { offer_ids, operations: operations(offer), filters: { refuse_seconds: 0 } },
    });
    return offer;
  }

  /** Launches a task on the next offer. @returns the agent's id */
  async launch(taskId: string, task: object): Promise<string> {
    const offer = await this.accept(({ agent_id }) => [
      { type: 'LAUNCH', launch: { task_infos: [taskInfo(taskId, agent_id.value, task)] } },
    ]);
    return offer.agent_id.value;
  }

  async kill(taskId: string, killPolicy: object | null = null): Promise<void> {
    await this.call({
      type: 'KILL',
      kill: { task_id: { value: taskId }, ...(killPolicy === null ? {} : { kill_policy: killPolicy }) },
    });
  }

  /** The next update of the task that is one of these states; all that come are acknowledged. */
  async status(taskId: string, ...states: readonly string[]): Promise<Status> {
    for (;;) {
      while (this.#updates.length === 0) await this.#read();
      const status = this.#updates.shift()!;
      this.statuses.push(status);
      if (status.uuid !== undefined)
        await this.call({
          type: 'ACKNOWLEDGE',
          acknowledge: { agent_id: status.agent_id, task_id: status.task_id, uuid: status.uuid },
        });
      if (status.task_id.value === taskId && states.includes(status.state)) return status;
      if (status.task_id.value === taskId && TERMINAL.has(status.state))
        throw new Error(`task ${taskId} is ${status.state} (${status.reason}): ${status.message}`);
    }
  }

  close(): void {
    this.#events.close();
  }

  async #read(): Promise<void> {
    const event = await this.#events.next<{
      readonly type: string;
      readonly offers?: { readonly offers: readonly Offer[] };
      readonly update?: { readonly status: Status };
      readonly rescind?: { readonly offer_id: { readonly value: string } };
    }>();
    if (event.offers !== undefined) this.#offers.push(...event.offers.offers);
    if (event.update !== undefined) this.#updates.push(event.update.status);
    const { rescind } = event;
    if (rescind !== undefined)
      this.#offers = this.#offers.filter(({ id }) => id.value !== rescind.offer_id.value);
  }
}

const TERMINAL = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
]);

export function scalars(cpus: number, mem: number, disk = 0): object[] {
  const amounts = { cpus, mem, ...(disk === 0 ? {} : { disk }) };
  return Object.entries(amounts).map(([name, value]) => ({ name, type: 'SCALAR', scalar: { value } }));
}

export function taskInfo(taskId: string, agentId: string, task: object): object {
  return {
    name: taskId,
    task_id: { value: taskId },
    agent_id: { value: agentId },
    resources: scalars(0.1, 32),
    ...task,
  };
}

export const shell = (value: string, more: object = {}): object => ({ command: { value, ...more } });

/** Master, agent and folder of one test; `close` asserts that nothing of them is left. */
export class TestCluster {
  readonly folder: string;
  readonly master: RunningMaster;
  #agent: RunningAgent | null = null;
  readonly #schedulers: TestScheduler[] = [];

  private constructor(folder: string, master: RunningMaster) {
    this.folder = folder;
    this.master = master;
  }

  static async start(
    agent: Partial<StartAgentOptions> = {},
    master: Partial<StartMasterOptions> = {},
  ): Promise<TestCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'orrery-agent-'));
    const cluster = new TestCluster(folder, await testMaster(master));
    await cluster.startAgent(agent);
    return cluster;
  }

  get agent(): RunningAgent {
    return this.#agent!;
  }

  get workDir(): string {
    return join(this.folder, 'work');
  }

  get masterText(): string {
    return `${this.master.host}:${this.master.port}`;
  }

  /** Also a second time, on the same work directory. */
  async startAgent(options: Partial<StartAgentOptions> = {}): Promise<RunningAgent> {
    this.#agent = await startAgent({
      workDir: this.workDir,
      master: this.masterText,
      port: 0,
      resources: TEST_RESOURCES,
      ...options,
      settings: { registrationBackoff: micros(50_000), ...options.settings },
    });
    return this.#agent;
  }

  async scheduler(frameworkInfo: object = {}): Promise<TestScheduler> {
    const scheduler = await TestScheduler.start(this.master, frameworkInfo);
    this.#schedulers.push(scheduler);
    return scheduler;
  }

  async close(): Promise<void> {
    for (const scheduler of this.#schedulers) scheduler.close();
    if (this.#agent !== null) await this.#agent.unregister();
    await this.master.close();
    const name = await agentName(this.workDir);
    expect(await processesIn(this.folder)).toEqual([]);
    const mounts = await cgroupMounts();
    const cgroup = `orrery/${name}`;
    expect(await cgroupsBelow(mounts, cgroup)).toEqual(new Set());
    await new ContainerCgroup(mounts, cgroup).remove();
    await rm(this.folder, { recursive: true });
  }
}

async function agentName(workDir: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return (await readFile(join(workDir, 'meta', 'name'), 'utf8')).trim();
}

/** Processes of the machine whose working directory is below a folder. */
export async function processesIn(folder: string): Promise<string[]> {
  const { readlink } = await import('node:fs/promises');
  const found: string[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '');
    if (cwd === folder || cwd.startsWith(`${folder}/`)) found.push(`${name} in ${cwd}`);
  }
  return found;
}

/** One request to an agent, its whole answer. */
export async function askAgent(agent: RunningAgent, path: string, asked: Asked = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: agent.host,
        port: agent.port,
        path,
        method: asked.method ?? 'GET',
        headers: { ...asked.headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const body = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body,
            text: body.toString('utf8'),
          });
        });
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(asked.body);
  });
}

/** Looks until something holds; a test that waits for ever says what for. */
export async function until<T>(look: () => Promise<T | null> | T | null, what: string): Promise<T> {
  for (let tries = 0; tries < 600; tries++) {
    const found = await look();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`after 30 s it is still not so that ${what}`);
}

export { openStream };
