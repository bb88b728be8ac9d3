import type { AgentMachine, AgentOutput } from '../../../engine/agent/index.ts';
import {
  type AgentId,
  type FrameworkId,
  InvariantError,
  type Micros,
  micros,
} from '../../../engine/core/index.ts';
import type { MasterInput, MasterMachine, MasterOutput } from '../../../engine/master/index.ts';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import type { ChaosFramework, ChaosOutput } from '../../../frameworks/chaos/index.ts';
import type { ContainerTable } from '../containers/index.ts';
import { scaledFaults } from '../faults/index.ts';
import type { Actor } from '../world/output-tap.ts';
import { DEFAULT_SIMULATION_OPTIONS, type SimulationOptions } from '../world/simulation-options.ts';
import { HuntCluster } from './cluster.ts';
import { boundOf, type HuntCase, scenarioOf } from './hunt-case.ts';
import { HUNT_FAULTS } from './hunt-faults.ts';
import { PropertyError, type PropertyId } from './property.ts';
import type { Scenario } from './scenario.ts';
import type { Scene } from './scene.ts';
import { Watch } from './watch.ts';

/** Why a run failed. */
export interface HuntFailure {
  readonly property: PropertyId;
  readonly what: string;
  readonly at: Micros;
  readonly stack: string | null;
}

/** What a run came to. */
export interface HuntResult {
  readonly hash: string;
  readonly events: number;
  /** Virtual time. */
  readonly duration: Micros;
  readonly faults: number;
  readonly failure: HuntFailure | null;
}

/** Sees what goes in and out in a run, for timelines. */
export interface HuntWitness {
  input(now: Micros, actor: Actor, input: MasterInput): void;
  output(now: Micros, actor: Actor, output: MasterOutput | AgentOutput | ChaosOutput): void;
  fault(now: Micros, text: string): void;
}

/** A run under way, and what properties see of it. */
class HuntRun implements Scene {
  readonly scenario: Scenario;
  readonly cluster: HuntCluster;
  readonly #watch: Watch;

  constructor(which: HuntCase, witness: HuntWitness | null) {
    const scenario = scenarioOf(which);
    this.scenario = scenario;
    this.#watch = new Watch(this);
    this.cluster = new HuntCluster(
      {
        ...optionsOf(scenario, which.faults),
        tap: {
          output: (now, actor, output) => {
            witness?.output(now, actor, output as MasterOutput | AgentOutput | ChaosOutput);
            if (actor.kind === 'master') this.#watch.masterOutput(now, 0, output as MasterOutput);
            else if (actor.kind === 'agent')
              this.#watch.agentOutput(now, actor.machine, output as AgentOutput);
            else this.#watch.frameworkOutput(now, actor.framework, output as ChaosOutput);
          },
        },
        observer:
          witness === null
            ? null
            : {
                jobEnded() {},
                taskEnded() {},
                sampled() {},
                faultInjected: ({ at, kind, target, until }) => {
                  witness.fault(
                    at,
                    `${kind} ${target}${until === null ? '' : ` until ${until / 1_000_000} s`}`,
                  );
                },
              },
      },
      scenario.frameworks,
      (now, input) => {
        const { machine } = this.cluster.master;
        if (machine === null) return;
        witness?.input(now, { kind: 'master' }, input);
        this.#watch.masterInput(now, 0, input, machine);
      },
    );
  }

  /** To the end, or to the first broken promise, which it throws. */
  run(): void {
    const { cluster, scenario } = this;
    const end = micros(scenario.horizon + boundOf(scenario));
    while (cluster.nextTime <= end) {
      cluster.next();
      this.#watch.happened();
    }
    cluster.world.now = end;
    this.#watch.settled();
  }

  get now(): Micros {
    return this.cluster.now;
  }

  get leader(): MasterMachine | null {
    const { machine } = this.cluster.master;
    return machine?.isLeading === true ? machine : null;
  }

  get containers(): ContainerTable {
    return this.cluster.agents.containers.table;
  }

  agent(machine: number): AgentMachine | null {
    return this.cluster.agents.agent(machine);
  }

  answers(machine: number): boolean {
    return this.cluster.agents.isUp(machine) && !this.cluster.agents.isFrozen(machine);
  }

  framework(number: number): ChaosFramework {
    return this.cluster.frameworks.framework(number);
  }

  numberOf(id: FrameworkId): number {
    return this.cluster.frameworks.numberById(id);
  }

  nameOfFramework(number: number): string {
    return this.cluster.frameworks.nameOf(number);
  }

  machineOf(id: AgentId): number {
    return this.cluster.directory.machineOf(id);
  }
}

/** The simulator's options for a case. */
export function optionsOf(
  scenario: Scenario,
  faults: readonly number[] | null,
): Omit<SimulationOptions, 'tap'> {
  return {
    ...DEFAULT_SIMULATION_OPTIONS,
    seed: scenario.seed,
    machines: scenario.machines,
    frameworks: {
      ...DEFAULT_SIMULATION_OPTIONS.frameworks,
      roles: scenario.weights.map(({ role, weight }) => ({ role, weight })),
    },
    quotas: scenario.quotas,
    faults: { ...scaledFaults(HUNT_FAULTS, scenario.trouble), until: scenario.horizon, keep: faults },
    allocator: hierarchicalDrf,
    allocatorOptions: scenario.allocator,
    master: scenario.master,
    agent: scenario.agent,
    checkInvariants: 'never',
  };
}

/** Runs a case to its end, or to the first broken promise. Equal cases give equal results. */
export function hunt(which: HuntCase, witness: HuntWitness | null = null): HuntResult {
  const run = new HuntRun(which, witness);
  let failure: HuntFailure | null = null;
  try {
    run.run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    failure = failureOf(error, run.now);
  }
  return {
    hash: run.cluster.world.hash.digest(),
    events: run.cluster.events,
    duration: run.now,
    faults: run.cluster.faults.struckCount,
    failure,
  };
}

/** Whatever a machine throws by itself breaks S10: no valid history fails an internal check, or crashes. */
function failureOf(error: Error, at: Micros): HuntFailure {
  const property = error instanceof PropertyError ? error.property : 'S10';
  const kind = error instanceof InvariantError ? '' : `${error.name}: `;
  return {
    property,
    what: error instanceof PropertyError ? error.message : `S10: ${kind}${error.message}`,
    at,
    stack: error.stack ?? null,
  };
}
