import type { MediaType } from '../../drivers/linux/codec/index.ts';
import type { MasterToAgent } from '../../engine/protocol/index.ts';
import { AgentFleet, type SimulatedAgent } from './agent-fleet.ts';
import { type HttpRow, httpRow } from './http-row.ts';
import { MasterProcess } from './master-process.ts';
import { type Offered, SchedulerClient, type Updated } from './scheduler-client.ts';
import { withFolder } from './work-folder.ts';

/** No agent is ever full: what is measured is launching, not waiting for resources. */
const AGENT_RESOURCES = 'cpus:100000;mem:100000000;disk:1000';
const TASK_CPUS = 0.5;
const TASK_MEM = 32;

export interface LaunchShape {
  readonly agents: number;
  readonly frameworks: number;
  readonly tasksPerAccept: number;
  readonly type: MediaType;
}

/**
 * A master, agents and frameworks that launch as many tasks as they are told to. Each task goes the whole way: OFFERS, ACCEPT, RUN_TASK, TASK_RUNNING from the
 * agent, UPDATE, ACKNOWLEDGE, acknowledgement at the agent. It counts then.
 */
export class Launching {
  readonly master: MasterProcess;
  readonly #shape: LaunchShape;
  readonly #fleet: AgentFleet;
  readonly #clients: SchedulerClient[] = [];
  /** Offers that wait for further tasks. */
  readonly #kept: { readonly client: SchedulerClient; readonly offer: Offered }[] = [];
  #toLaunch = 0;
  #launched = 0;
  #done = 0;
  #wanted = 0;
  #finished: () => void = () => {};

  private constructor(master: MasterProcess, shape: LaunchShape) {
    this.master = master;
    this.#shape = shape;
    this.#fleet = new AgentFleet(shape.agents, AGENT_RESOURCES);
    this.#fleet.script = this;
  }

  /** @param flags of the master, or the arguments of another `main` (`MasterProcess.start`) */
  static async start(shape: LaunchShape, flags: readonly string[], main?: string): Promise<Launching> {
    const master = await MasterProcess.start(flags, main);
    const made = new Launching(master, shape);
    const { host, port } = master;
    await made.#fleet.register(host, port, () => null);
    for (let number = 0; number < shape.frameworks; number++) {
      made.#clients.push(
        await SchedulerClient.subscribe({ host, port, type: shape.type }, made, `role-${number % 10}`),
      );
    }
    return made;
  }

  /** Launches so many tasks more. Resolves when each runs and its agent knows that its framework knows. */
  async launch(tasks: number): Promise<void> {
    const finished = new Promise<void>((resolve) => {
      this.#finished = resolve;
    });
    this.#toLaunch += tasks;
    this.#wanted = this.#done + tasks;
    for (const { client, offer } of this.#kept.splice(0)) this.#use(client, offer);
    await finished;
    for (const client of this.#clients) client.check();
  }

  offers(client: SchedulerClient, offers: readonly Offered[]): void {
    for (const offer of offers) this.#use(client, offer);
  }

  update(client: SchedulerClient, update: Updated): void {
    client.acknowledge(update);
  }

  run(agent: SimulatedAgent, message: Extract<MasterToAgent, { type: 'RUN_TASK' }>): void {
    agent.update(message, 'TASK_RUNNING');
  }

  acknowledged(): void {
    if (++this.#done === this.#wanted) this.#finished();
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#fleet.close();
    await this.master.stop();
  }

  #use(client: SchedulerClient, offer: Offered): void {
    const count = Math.min(this.#shape.tasksPerAccept, this.#toLaunch);
    if (count === 0) {
      this.#kept.push({ client, offer });
      return;
    }
    this.#toLaunch -= count;
    const ids = Array.from({ length: count }, () => `task-${++this.#launched}`);
    client.launch(offer, ids, TASK_CPUS, TASK_MEM);
  }
}

/** One measured stretch. */
export interface Stretch {
  readonly perSecond: number;
  readonly masterCpuMicros: number;
}

export async function measuredLaunch(launching: Launching, tasks: number): Promise<Stretch> {
  const before = await launching.master.ask('usage');
  const began = performance.now();
  await launching.launch(tasks);
  const seconds = (performance.now() - began) / 1e3;
  const after = await launching.master.ask('usage');
  return { perSecond: tasks / seconds, masterCpuMicros: (after.cpuMicros - before.cpuMicros) / tasks };
}

export async function launchCase(name: string, shape: LaunchShape, tasks: number): Promise<HttpRow[]> {
  return await withFolder(async (folder) => {
    const launching = await Launching.start(shape, [`--work_dir=${folder}`, '--port=0']);
    await launching.launch(Math.ceil(tasks / 2));
    const { perSecond, masterCpuMicros } = await measuredLaunch(launching, tasks);
    await launching.stop();
    return [
      httpRow(name, sizeOf(shape, tasks), {
        launchesPerSecond: perSecond,
        masterCpuMicrosPerLaunch: masterCpuMicros,
        launchesPerMasterCpuSecond: 1e6 / masterCpuMicros,
      }),
    ];
  });
}

function sizeOf({ agents, frameworks, tasksPerAccept, type }: LaunchShape, tasks: number): string {
  return `${tasks} tasks, ${tasksPerAccept} per ACCEPT, ${frameworks} frameworks, ${agents} agents, ${type}, registry and journal on disk`;
}
