import { JSON_TYPE } from '../../drivers/linux/codec/index.ts';
import type { MasterToAgent } from '../../engine/protocol/index.ts';
import { AgentFleet, type SimulatedAgent } from './agent-fleet.ts';
import { type HttpRow, httpRow, quantile } from './http-row.ts';
import { MasterProcess } from './master-process.ts';
import { type Offered, SchedulerClient, type Updated } from './scheduler-client.ts';
import { withFolder } from './work-folder.ts';

type RunTask = Extract<MasterToAgent, { type: 'RUN_TASK' }>;

/** One task fills an agent: what ends is all that can be offered. */
const AGENT_RESOURCES = 'cpus:4;mem:4096';
/** Milliseconds between two tasks that end. */
const PERIOD_MS = 10;

/** Agents full of tasks that end one after the other, and frameworks that fill them again at once. */
class Offering {
  readonly fleet: AgentFleet;
  readonly #running: (RunTask | null)[];
  /** When an agent’s task ended; 0 when that was offered. */
  readonly #freeSince: number[];
  readonly latenciesMs: number[] = [];
  readonly #numbers = new Map<string, number>();
  #launched = 0;
  #filled = 0;
  #wanted = 0;
  #settled: () => void = () => {};

  constructor(agents: number) {
    this.fleet = new AgentFleet(agents, AGENT_RESOURCES);
    this.fleet.script = this;
    this.#running = Array.from({ length: agents }, () => null);
    this.#freeSince = Array.from({ length: agents }, () => 0);
  }

  registered(): void {
    for (const { id, number } of this.fleet.agents) this.#numbers.set(this.fleet.ids.agentText(id), number);
  }

  /** Resolves when so many tasks more run. */
  async filled(tasks: number): Promise<void> {
    this.#wanted = this.#filled + tasks;
    await new Promise<void>((resolve) => {
      this.#settled = resolve;
    });
  }

  /** Ends the task of an agent; false if none runs there at the moment. */
  end(number: number): boolean {
    const run = this.#running[number]!;
    if (run === null) return false;
    this.#running[number] = null;
    this.#freeSince[number] = performance.now();
    this.fleet.agents[number]!.update(run, 'TASK_FINISHED');
    return true;
  }

  offers(client: SchedulerClient, offers: readonly Offered[]): void {
    const now = performance.now();
    for (const offer of offers) {
      const number = this.#numbers.get(offer.agentId)!;
      if (this.#freeSince[number]! > 0) this.latenciesMs.push(now - this.#freeSince[number]!);
      this.#freeSince[number] = 0;
      client.launch(offer, [`task-${++this.#launched}`], 4, 4_096);
    }
  }

  update(client: SchedulerClient, update: Updated): void {
    if (update.uuid !== null) client.acknowledge(update);
  }

  run(agent: SimulatedAgent, message: RunTask): void {
    agent.update(message, 'TASK_RUNNING');
    this.#running[agent.number] = message;
    if (++this.#filled === this.#wanted) this.#settled();
  }

  acknowledged(): void {}
}

/** From TASK_FINISHED leaving an agent to OFFERS with its resources at a framework, both in this process. */
export async function offerCase(
  name: string,
  agents: number,
  frameworks: number,
  samples: number,
  timing: 'event' | 'mesos',
): Promise<HttpRow[]> {
  return await withFolder(async (folder) => {
    const master = await MasterProcess.start([
      `--work_dir=${folder}`,
      '--port=0',
      `--allocation_timing=${timing}`,
    ]);
    const { host, port } = master;
    const offering = new Offering(agents);
    await offering.fleet.register(host, port, () => null);
    offering.registered();
    const full = offering.filled(agents);
    const clients: SchedulerClient[] = [];
    for (let number = 0; number < frameworks; number++)
      clients.push(
        await SchedulerClient.subscribe({ host, port, type: JSON_TYPE }, offering, `role-${number}`),
      );
    await full;
    const over = offering.filled(samples);
    let ended = 0;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (offering.end(ended % agents)) ended++;
        if (ended < samples) return;
        clearInterval(timer);
        resolve();
      }, PERIOD_MS);
    });
    await over;
    for (const client of clients) {
      client.check();
      client.close();
    }
    offering.fleet.close();
    await master.stop();
    const size = `${samples} tasks end, one each ${PERIOD_MS} ms, ${agents} agents, ${frameworks} frameworks, ${timing} timing`;
    return [
      httpRow(name, size, {
        p50Ms: quantile(offering.latenciesMs, 0.5),
        p99Ms: quantile(offering.latenciesMs, 0.99),
        samples: offering.latenciesMs.length,
      }),
    ];
  });
}
