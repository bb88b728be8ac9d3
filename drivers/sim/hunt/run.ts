import type { AgentMachine, AgentOutput } from '../../../engine/agent/index.ts';
import { type FrameworkId, InvariantError, type Micros, micros } from '../../../engine/core/index.ts';
import type { MasterInput, MasterMachine, MasterOutput } from '../../../engine/master/index.ts';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import type { RegistryState } from '../../../engine/registry/index.ts';
import { ChaosFramework, type ChaosOutput, runMicrosOf } from '../../../frameworks/chaos/index.ts';
import { scaledFaults } from '../faults/index.ts';
import { Cluster } from '../world/cluster.ts';
import { DEFAULT_ENSEMBLE_OPTIONS } from '../world/ensemble-options.ts';
import type { Actor } from '../world/output-tap.ts';
import { SchedulerFleet } from '../world/scheduler-fleet.ts';
import type { SchedulerFactory } from '../world/scheduler-port.ts';
import { DEFAULT_SIMULATION_OPTIONS, type SimulationOptions } from '../world/simulation-options.ts';
import { boundOf, type HuntCase, scenarioOf } from './hunt-case.ts';
import { HUNT_FAULTS } from './hunt-faults.ts';
import { expectThat, PropertyError, type PropertyId } from './property.ts';
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
  /** Tasks that frameworks asked to be launched. */
  readonly launches: number;
  readonly failure: HuntFailure | null;
}

/** Sees what goes in and out in a run, for timelines. */
export interface HuntWitness {
  input(now: Micros, actor: Actor, input: MasterInput): void;
  output(now: Micros, actor: Actor, output: MasterOutput | AgentOutput | ChaosOutput): void;
  fault(now: Micros, text: string): void;
}

/** More than any run needs: whatever takes so many is a storm. */
const EVENTS_MAX = 8_000_000;

/** A run under way, and what properties see of it. */
class HuntRun implements Scene {
  readonly scenario: Scenario;
  readonly cluster: Cluster<SchedulerFleet<ChaosFramework>>;
  readonly #watch: Watch;

  constructor(scenario: Scenario, faults: readonly number[] | null, witness: HuntWitness | null) {
    this.scenario = scenario;
    this.#watch = new Watch(this);
    this.cluster = new Cluster(
      { ...optionsOf(scenario, faults), ...this.#taps(witness) },
      (world, masters) => new SchedulerFleet(world, chaosFactory(scenario), masters),
    );
  }

  /** To the end, or to the first broken promise, which it throws; without the phase of recovery if `isShort`. */
  run(isShort: boolean): void {
    const { cluster, scenario } = this;
    const end = isShort ? scenario.horizon : micros(scenario.horizon + boundOf(scenario));
    while (cluster.nextTime <= end) {
      cluster.advanceOne();
      this.#watch.happened();
      expectThat(
        cluster.events < EVENTS_MAX,
        'L7',
        () => `${EVENTS_MAX} events have happened after ${this.now} µs, and it goes on`,
      );
    }
    cluster.advanceTo(end);
    if (!isShort) this.#watch.settled();
  }

  get now(): Micros {
    return this.cluster.now;
  }

  get launches(): number {
    let sum = 0;
    for (let number = 0; number < this.scenario.frameworks.length; number++)
      sum += this.framework(number).ledger.launches;
    return sum;
  }

  get leader(): MasterMachine | null {
    const { machine } = this.cluster.masters;
    return machine?.isLeading === true ? machine : null;
  }

  get registry(): RegistryState {
    return this.cluster.masters.registry;
  }

  agent(machine: number): AgentMachine | null {
    return this.cluster.agents.agent(machine);
  }

  answers(machine: number): boolean {
    return this.cluster.agents.isUp(machine) && !this.cluster.agents.isFrozen(machine);
  }

  framework(number: number): ChaosFramework {
    return this.cluster.schedulers.framework(number);
  }

  numberOf(id: FrameworkId): number {
    return this.cluster.schedulers.numberById(id);
  }

  nameOfFramework(number: number): string {
    return this.cluster.schedulers.nameOf(number);
  }

  #taps(witness: HuntWitness | null): Pick<SimulationOptions, 'tap' | 'inputTap' | 'observer'> {
    const watch = this.#watch;
    return {
      tap: {
        output: (now, actor, output) => {
          witness?.output(now, actor, output as MasterOutput | AgentOutput | ChaosOutput);
          if (actor.kind === 'master') {
            const { machine } = this.cluster.masters.hosts[actor.master]!;
            if (machine !== null) watch.masterOutput(now, actor.master, output as MasterOutput, machine);
          } else if (actor.kind === 'agent') watch.agentOutput(now, actor.machine, output as AgentOutput);
          else watch.frameworkOutput(now, actor.framework, output as ChaosOutput);
        },
      },
      inputTap: {
        input: (now, actor, input) => {
          if (actor.kind !== 'master') return;
          witness?.input(now, actor, input as MasterInput);
          const { machine } = this.cluster.masters.hosts[actor.master]!;
          if (machine !== null) watch.masterInput(now, actor.master, input as MasterInput, machine);
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
    };
  }
}

function chaosFactory({ frameworks }: Scenario): SchedulerFactory<ChaosFramework> {
  return {
    count: frameworks.length,
    nameOf: (number) => frameworks[number]!.info.name,
    make: (number, before, seed) => {
      const options = frameworks[number]!;
      return new ChaosFramework(before === null ? options : { ...options, seed }, before);
    },
    runMicrosOf: (number, taskId) =>
      runMicrosOf(frameworks[number]!.seed, frameworks[number]!.temper, taskId),
  };
}

/** The simulator's options for a case. */
export function optionsOf(scenario: Scenario, faults: readonly number[] | null): SimulationOptions {
  return {
    ...DEFAULT_SIMULATION_OPTIONS,
    seed: scenario.seed,
    machines: scenario.machines,
    frameworks: {
      ...DEFAULT_SIMULATION_OPTIONS.frameworks,
      roles: scenario.weights.map(({ role, weight }) => ({ role, weight })),
    },
    quotas: scenario.quotas,
    faults: {
      ...scaledFaults(HUNT_FAULTS, scenario.trouble),
      until: scenario.horizon,
      healsBy: scenario.horizon,
      keep: faults,
    },
    ensemble: { ...DEFAULT_ENSEMBLE_OPTIONS, masters: scenario.masters },
    allocator: hierarchicalDrf,
    allocatorOptions: scenario.allocator,
    master: scenario.master,
    agent: scenario.agent,
    checkInvariants: 'never',
  };
}

/**
 * Runs a case to its end, or to the first broken promise. Equal cases give equal results.
 *
 * @param isShort ends with the horizon: for a failure that is known to come before it
 */
export function hunt(which: HuntCase, witness: HuntWitness | null = null, isShort = false): HuntResult {
  return huntScenario(scenarioOf(which), which.faults, witness, isShort);
}

/** The same for a scenario that no seed draws. @param faults those of its plan that strike, by index; null for all */
export function huntScenario(
  scenario: Scenario,
  faults: readonly number[] | null,
  witness: HuntWitness | null,
  isShort = false,
): HuntResult {
  const run = new HuntRun(scenario, faults, witness);
  let failure: HuntFailure | null = null;
  try {
    run.run(isShort);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    failure = failureOf(error, run.now);
  }
  return {
    hash: run.cluster.hash(),
    events: run.cluster.events,
    duration: run.now,
    faults: run.cluster.faults.struckCount,
    launches: run.launches,
    failure,
  };
}

/** S9: as `hunt`, twice; a second run that differs in its outputs is a failure of its own. */
export function huntTwice(which: HuntCase): HuntResult {
  const first = hunt(which);
  if (first.failure !== null) return first;
  const second = hunt(which);
  if (second.hash === first.hash && second.events === first.events) return first;
  const what = `S9: one seed gives the hashes ${first.hash} and ${second.hash}, after ${first.events} and ${second.events} events`;
  return { ...first, failure: { property: 'S9', what, at: first.duration, stack: null } };
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
