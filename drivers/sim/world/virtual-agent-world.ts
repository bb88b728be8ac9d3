import type { ContainerHandle, ContainerSpec, Probe } from '../../../engine/agent/index.ts';
import { AgentScript, type AgentWorld, type Wellness, type Work } from '../../../engine/contracts/index.ts';
import {
  type ExecutorId,
  type FrameworkId,
  type Micros,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
  micros,
  type TaskId,
} from '../../../engine/core/index.ts';
import type { AllocatorFactory } from '../../../engine/master/index.ts';
import * as events from '../agenda/index.ts';
import { CRASH, DISK_LIMIT, MEMORY_LIMIT } from '../containers/index.ts';
import { AgentFleet } from './agent-fleet.ts';
import { NO_MASTER } from './leader-view.ts';
import { machines } from './test-kit.ts';
import { DEFAULT_SIMULATION_OPTIONS } from './simulation-options.ts';
import { World } from './world.ts';

const MACHINE = 0;
/** Between two looks at whether something has come to be so. */
const LOOK = micros(5 * MICROS_PER_MILLISECOND);
const PATIENCE = micros(60 * MICROS_PER_SECOND);

const PROBES: { readonly [Type in Probe['type']]: Probe } = {
  COMMAND: {
    type: 'COMMAND',
    command: { value: 'look', shell: true, args: [], user: null, environment: [], uris: [] },
  },
  HTTP: { type: 'HTTP', scheme: 'http', protocol: 'IPv4', port: 80, path: '/' },
  TCP: { type: 'TCP', protocol: 'IPv4', port: 80 },
};

/** One machine of the simulator whose agent follows a script; for contract tests. No master ever leads. */
export class VirtualAgentWorld implements AgentWorld {
  readonly script = new AgentScript();
  readonly #world: World;
  readonly #fleet: AgentFleet;
  readonly #runs = new Map<TaskId, number>();
  #names = 0;

  constructor(allocator: AllocatorFactory) {
    this.#world = new World(
      { ...DEFAULT_SIMULATION_OPTIONS, seed: 1, machines: machines(1), allocator },
      { struck() {} },
    );
    const nobody = { leaderFor: () => NO_MASTER, isSilent: () => false };
    const runs = (_framework: FrameworkId, taskId: TaskId): number => this.#runs.get(taskId) ?? Infinity;
    this.#fleet = new AgentFleet(this.#world, runs, nobody, this.script.machine);
    this.#fleet.boot(this.#world.now, MACHINE);
  }

  name(): TaskId & ExecutorId {
    return ++this.#names as TaskId & ExecutorId;
  }

  command(): { readonly command: null; readonly container: null } {
    return { command: null, container: null };
  }

  executorCommand(): null {
    return null;
  }

  executorData(task: TaskId, { runs }: Work): null {
    this.#runs.set(task, runs ?? Infinity);
    return null;
  }

  willDo(_container: ContainerHandle, spec: ContainerSpec, { runs, cannotStart }: Work): void {
    if (spec.kind === 'commandTask' || spec.kind === 'podTask')
      this.#runs.set(spec.task.taskId, runs ?? Infinity);
    if (cannotStart)
      this.#fleet.containers.failLaunches(MACHINE, micros(this.#world.now + MICROS_PER_SECOND));
  }

  probe(container: ContainerHandle, type: Probe['type'], wellness: Wellness): Promise<Probe> {
    this.#fleet.prober.setCondition(MACHINE, container, wellness);
    return Promise.resolve(PROBES[type]);
  }

  pass(duration: Micros): Promise<void> {
    this.#advanceTo(micros(this.#world.now + duration));
    return Promise.resolve();
  }

  async until(holds: () => boolean | Promise<boolean>): Promise<boolean> {
    const end = this.#world.now + PATIENCE;
    while (!(await holds())) {
      if (this.#world.now >= end) return false;
      this.#advanceTo(micros(this.#world.now + LOOK));
    }
    return true;
  }

  stop(): Promise<void> {
    this.#fleet.stopProcess(this.#world.now, MACHINE);
    return Promise.resolve();
  }

  start(): Promise<void> {
    this.#fleet.returnAfter(this.#world.now, MACHINE, micros(0));
    this.#advanceTo(this.#world.now);
    return Promise.resolve();
  }

  reboot(): Promise<void> {
    this.#fleet.crash(this.#world.now, MACHINE, true);
    return Promise.resolve();
  }

  crash(container: ContainerHandle): Promise<void> {
    this.#fleet.containers.strike(this.#world.now, this.#slot(container), CRASH);
    return Promise.resolve();
  }

  exceed(container: ContainerHandle, limit: 'MEMORY_LIMIT' | 'DISK_LIMIT'): Promise<void> {
    const how = limit === 'MEMORY_LIMIT' ? MEMORY_LIMIT : DISK_LIMIT;
    this.#fleet.containers.strike(this.#world.now, this.#slot(container), how);
    return Promise.resolve();
  }

  hang(container: ContainerHandle, duration: Micros): Promise<void> {
    this.#fleet.containers.hang(this.#slot(container), micros(this.#world.now + duration));
    return Promise.resolve();
  }

  isAlive(container: ContainerHandle): Promise<boolean> {
    return Promise.resolve(this.#slot(container) >= 0);
  }

  #slot(container: ContainerHandle): number {
    return this.#fleet.containers.table.find(MACHINE, container);
  }

  #advanceTo(instant: Micros): void {
    const { agenda } = this.#world;
    while (agenda.nextTime <= instant && agenda.pop()) {
      const now = micros(agenda.time);
      this.#world.now = now;
      this.#happen(now, agenda.kind, agenda.target, agenda.detail);
    }
    if (instant > this.#world.now) this.#world.now = instant;
  }

  /** As in `Cluster`; of others than agents nothing happens here. */
  #happen(now: Micros, kind: number, target: number, detail: number): void {
    const fleet = this.#fleet;
    switch (kind) {
      case events.CONNECT:
        fleet.connect(now, target, detail);
        break;
      case events.CONTAINER_STARTED:
        fleet.containerStarted(now, target, detail);
        break;
      case events.CONTAINER_EXITED:
        fleet.containerExited(now, target, detail);
        break;
      case events.CONTAINER_UPDATED:
        fleet.containerUpdated(now, target, detail);
        break;
      case events.AGENT_TIMER:
        fleet.timer(now, target);
        break;
      case events.AGENT_RETURNS:
        fleet.returns(now, target, detail);
        break;
      case events.LATER:
        this.#world.happens(now, target);
        break;
      default:
        throw new Error(`an event of kind ${kind} has no place here`);
    }
  }
}
