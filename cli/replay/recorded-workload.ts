import { type Micros, micros } from '../../engine/core/index.ts';
import { type AgentInfo, isTerminal, type QuotaConfig, type TaskInfo } from '../../engine/protocol/index.ts';
import type { MasterInput, MasterMachine, MasterOutput } from '../../engine/master/index.ts';
import type { RegistryOperation } from '../../engine/registry/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Job, MachineSpec } from '../../engine/workload/index.ts';
import type { OpenedTrace } from '../../traces/index.ts';

/** A task that the recorded master launched. */
interface RecordedTask {
  readonly name: string;
  readonly role: string;
  readonly resources: Resources;
  readonly launched: Micros;
  /** Number of its group, null for a task by itself. */
  readonly group: number | null;
  running: Micros | null;
  ended: Micros | null;
}

/** What a recorded master ran, from its launches and the updates that came: the workload of a what-if. */
export class RecordedWorkload {
  readonly #tasks: RecordedTask[] = [];
  readonly #live = new Map<string, RecordedTask>();
  readonly #machines = new Map<number, MachineSpec>();
  readonly #quotas = new Map<string, QuotaConfig>();
  readonly #weights = new Map<string, number>();
  #groups = 0;
  #isCut = false;

  /** By role, as they stand. */
  get quotas(): readonly QuotaConfig[] {
    return [...this.#quotas.values()];
  }

  get weights(): readonly (readonly [string, number])[] {
    return [...this.#weights];
  }

  /** A master is known from a snapshot on: what it runs then was launched before, and counts from then. */
  goOn({ state }: MasterMachine, at: Micros): void {
    this.#isCut = true;
    for (const [role, quota] of state.intended.quotas) this.#quotas.set(role, { role, ...quota });
    for (const [role, weight] of state.intended.weights) this.#weights.set(role, weight);
    for (const framework of state.frameworks) {
      for (const tasks of [framework.tasks, framework.unreachableTasks]) {
        for (const task of tasks.values()) {
          if (isTerminal(task.state)) continue;
          const launched = this.#launched(
            at,
            framework.id,
            state.allocator.roleName(task.role),
            task.info,
            null,
          );
          if (task.state === 'TASK_RUNNING') launched.running = at;
        }
      }
    }
  }

  stepped(now: Micros, input: MasterInput, outputs: readonly MasterOutput[]): void {
    if (input.kind === 'elected') {
      const { quotas, weights, admitted } = input.registry;
      for (const [role, quota] of quotas) this.#quotas.set(role, { role, ...quota });
      for (const [role, weight] of weights) this.#weights.set(role, weight);
      for (const [id, info] of admitted) this.#admitted(id, info);
    }
    if (input.kind === 'agentMessage' && input.message.type === 'STATUS_UPDATE') {
      const { frameworkId, status, latestState } = input.message;
      const task = this.#live.get(`${frameworkId} ${status.taskId}`);
      if (task !== undefined) {
        if (latestState === 'TASK_RUNNING') task.running ??= now;
        if (isTerminal(latestState)) this.#ended(`${frameworkId} ${status.taskId}`, task, now);
      }
    }
    for (const output of outputs) {
      if (output.kind === 'persist') this.#persisted(output.operation);
      if (output.kind !== 'toAgent') continue;
      const { message } = output;
      if (message.type === 'RUN_TASK') {
        this.#launched(now, message.frameworkId, message.role, message.task, null);
      } else if (message.type === 'RUN_TASK_GROUP') {
        const group = this.#groups++;
        for (const task of message.tasks) this.#launched(now, message.frameworkId, message.role, task, group);
      }
    }
  }

  #persisted(operation: RegistryOperation): void {
    switch (operation.kind) {
      case 'agentAdmitted':
      case 'agentUpdated':
      case 'agentMarkedReachable':
        this.#admitted(operation.id, operation.info);
        break;
      case 'quotasUpdated':
        for (const quota of operation.quotaConfigs) {
          if (quota.guarantees.isEmpty && quota.limits.isEmpty) this.#quotas.delete(quota.role);
          else this.#quotas.set(quota.role, quota);
        }
        break;
      case 'weightsUpdated':
        for (const { role, weight } of operation.weightInfos) this.#weights.set(role, weight);
        break;
      default:
    }
  }

  #admitted(id: number, { hostname, resources, attributes, domain }: AgentInfo): void {
    this.#machines.set(id, { name: hostname, resources: plain(resources), attributes, domain });
  }

  #launched(
    now: Micros,
    framework: number,
    role: string,
    task: TaskInfo,
    group: number | null,
  ): RecordedTask {
    const key = `${framework} ${task.taskId}`;
    const recorded: RecordedTask = {
      name: `${framework}-${task.taskId}-${this.#tasks.length}`,
      role,
      resources: plain(task.resources),
      launched: now,
      group,
      running: null,
      ended: null,
    };
    this.#tasks.push(recorded);
    this.#live.set(key, recorded);
    return recorded;
  }

  #ended(key: string, task: RecordedTask, now: Micros): void {
    task.ended = now;
    this.#live.delete(key);
  }

  /**
   * The workload from `at` on, as a trace: what ran then arrives at once and has the rest of its time; what was launched later arrives when it
   * was launched. Tasks still running at `end` run until then.
   */
  trace(name: string, machine: MasterMachine, at: Micros, end: Micros): OpenedTrace {
    const jobs = this.#jobs(at, end);
    const tasks = jobs.reduce((sum, job) => sum + job.tasks.length, 0);
    return {
      workload: {
        name,
        format: 'journal',
        assumptions: [
          'a job arrives when the recorded master launched it: demand that it never launched is not in a journal',
          'tasks that ran at the end of the journal are taken to end there',
          'ports and custom resources are left out',
          ...(this.#isCut
            ? ['tasks launched before the snapshot are jobs of their own, groups as well']
            : []),
        ],
        async *batches() {
          yield await Promise.resolve(jobs);
        },
        report: () => ({
          rows: tasks,
          jobs: jobs.length,
          tasks,
          skippedRows: 0,
          skippedReasons: [],
          firstBadRow: null,
        }),
      },
      cluster: {
        name: `${name}, agents at the instant`,
        machines: named(
          [...machine.state.agents].map(
            (agent) =>
              this.#machines.get(agent.id) ?? {
                name: agent.info.hostname,
                resources: plain(agent.info.resources),
                attributes: agent.info.attributes,
                domain: agent.info.domain,
              },
          ),
        ),
        events: [],
        assumptions: [],
      },
    };
  }

  #jobs(at: Micros, end: Micros): Job[] {
    const jobs: Job[] = [];
    const groups = new Map<number, Job>();
    for (const task of this.#tasks) {
      if (task.ended !== null && task.ended <= at) continue;
      const started = Math.max(task.running ?? task.launched, at);
      const duration = micros(Math.max(1, (task.ended ?? Math.max(end, started + 1)) - started));
      const tasks = { count: 1, resources: task.resources, duration, constraints: [] };
      const known = task.group === null ? undefined : groups.get(task.group);
      if (known !== undefined) {
        (known.tasks as (typeof tasks)[]).push(tasks);
        continue;
      }
      const job: Job = {
        id: task.name,
        arrival: micros(Math.max(0, task.launched - at)),
        role: task.role,
        user: null,
        priority: 0,
        gang: task.group !== null,
        tasks: [tasks],
      };
      jobs.push(job);
      if (task.group !== null) groups.set(task.group, job);
    }
    return jobs;
  }
}

/** The scalars that a simulated machine has. */
function plain({ cpus, mem, disk, gpus }: Resources): Resources {
  return Resources.ofScalars({ cpus, mem, disk, gpus });
}

/** A trace's machines have names of their own; agents may share a host. */
function named(machines: readonly MachineSpec[]): MachineSpec[] {
  const times = new Map<string, number>();
  for (const { name } of machines) times.set(name, (times.get(name) ?? 0) + 1);
  return machines.map((machine, index) =>
    times.get(machine.name) === 1 ? machine : { ...machine, name: `${machine.name}-agent-${index}` },
  );
}
