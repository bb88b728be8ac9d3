import { AgentLink, IdTexts } from '../../drivers/linux/index.ts';
import type { AgentId, FrameworkId, TaskId, UpdateId } from '../../engine/core/index.ts';
import { micros } from '../../engine/core/index.ts';
import {
  type AgentInfo,
  ALL_AGENT_CAPABILITIES,
  type FrameworkInfo,
  type MasterToAgent,
  type ReportedTask,
  type TaskState,
} from '../../engine/protocol/index.ts';
import { Resources } from '../../engine/resources/index.ts';

type RunTask = Extract<MasterToAgent, { type: 'RUN_TASK' }>;
/** What of an order to launch an update of its task needs. */
interface Told {
  readonly frameworkId: FrameworkId;
  readonly task: { readonly taskId: TaskId };
}
type Acknowledgement = Extract<MasterToAgent, { type: 'STATUS_UPDATE_ACKNOWLEDGEMENT' }>;

/** Links that are being opened at once: a master's queue of connections is finite. */
const OPENING_MAX = 512;
const RETRY_MS = 100;

/** What an agent reports when it registers again. */
export interface Report {
  readonly tasks: readonly ReportedTask[];
  readonly frameworks: readonly { readonly id: FrameworkId; readonly info: FrameworkInfo }[];
}

export interface FleetScript {
  run(agent: SimulatedAgent, message: RunTask): void;
  acknowledged(agent: SimulatedAgent, message: Acknowledgement): void;
}

/** An agent of which only the link to the master is real. */
export class SimulatedAgent {
  readonly #fleet: AgentFleet;
  readonly number: number;
  #info: AgentInfo;
  #link: AgentLink | null = null;
  #updates = 0;
  #registered: (() => void) | null = null;

  constructor(fleet: AgentFleet, number: number, info: AgentInfo) {
    this.#fleet = fleet;
    this.number = number;
    this.#info = info;
  }

  get id(): AgentId {
    return this.#info.id!;
  }

  /** Links to the master, tries again while it cannot be reached, and registers: anew with a report. */
  async register(host: string, port: number, report: Report | null): Promise<void> {
    const { ids } = this.#fleet;
    let isLost = true;
    while (isLost) {
      try {
        this.#link = await AgentLink.open(ids, { host, port }, this);
        isLost = !this.#link.isOpen;
      } catch {
        await new Promise((resume) => setTimeout(resume, RETRY_MS));
      }
    }
    const registered = new Promise<void>((resolve) => {
      this.#registered = resolve;
    });
    if (report === null) this.#link!.send({ type: 'REGISTER_AGENT', info: this.#info });
    else {
      const { tasks, frameworks } = report;
      this.#link!.send({
        type: 'REREGISTER_AGENT',
        info: this.#info,
        tasks,
        frameworks,
        executors: [],
        operations: [],
      });
    }
    await registered;
  }

  update(run: Told, state: TaskState): void {
    const { taskId } = run.task;
    this.#link!.send({
      type: 'STATUS_UPDATE',
      agentId: this.id,
      frameworkId: run.frameworkId,
      status: {
        taskId,
        state,
        source: 'SOURCE_EXECUTOR',
        reason: null,
        agentId: this.id,
        executorId: taskId as number as never,
        timestamp: micros(Date.now() * 1_000),
        uuid: ++this.#updates as UpdateId,
        message: null,
        details: null,
      },
      latestState: state,
    });
  }

  message(message: MasterToAgent): void {
    if (message.type === 'RUN_TASK') this.#fleet.script.run(this, message);
    else if (message.type === 'STATUS_UPDATE_ACKNOWLEDGEMENT') this.#fleet.script.acknowledged(this, message);
    else if (message.type === 'AGENT_REGISTERED' || message.type === 'AGENT_REREGISTERED') {
      this.#info = { ...this.#info, id: message.agentId };
      this.#registered?.();
    }
  }

  pinged(): void {}

  closed(): void {
    this.#link = null;
  }

  close(): void {
    this.#link?.close();
  }
}

/** Many agents of one kind, in this process. */
export class AgentFleet {
  readonly ids = new IdTexts(null);
  readonly agents: readonly SimulatedAgent[];
  script: FleetScript = { run() {}, acknowledged() {} };

  constructor(count: number, resources: string) {
    const parsed = Resources.parse(resources);
    if (!parsed.ok) throw new Error(`the resources of a benchmark's agents are malformed: ${resources}`);
    const info: AgentInfo = {
      id: null,
      hostname: '',
      ip: '127.0.0.1',
      port: 5_051,
      resources: parsed.value,
      attributes: [{ name: 'rack', type: 'TEXT', text: 'r1' }],
      domain: null,
      capabilities: ALL_AGENT_CAPABILITIES,
      version: '1.12.0',
    };
    this.agents = Array.from(
      { length: count },
      (_, number) => new SimulatedAgent(this, number, { ...info, hostname: `node-${number}` }),
    );
  }

  async register(
    host: string,
    port: number,
    report: (agent: SimulatedAgent) => Report | null,
  ): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < this.agents.length) {
        const agent = this.agents[next++]!;
        await agent.register(host, port, report(agent));
      }
    };
    await Promise.all(Array.from({ length: Math.min(OPENING_MAX, this.agents.length) }, worker));
  }

  close(): void {
    for (const agent of this.agents) agent.close();
  }
}
