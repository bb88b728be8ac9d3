import {
  type AgentId,
  type FrameworkId,
  type Micros,
  micros,
  type OfferId,
  type TaskId,
  type UpdateId,
} from '../../../engine/core/index.ts';
import {
  type AgentInfo,
  type Attribute,
  type Offer,
  type SchedulerCall,
  type SchedulerEvent,
  type TaskInfo,
  type TaskState,
} from '../../../engine/protocol/index.ts';
import type { Resources } from '../../../engine/resources/index.ts';
import type { Job, JobOutcome } from '../../../engine/workload/index.ts';
import { WorkloadFramework } from '../framework.ts';
import type { AttemptEnded, WorkloadInput, WorkloadOutput } from '../framework-io.ts';
import type { WorkloadOptions } from '../options.ts';
import { optionsFor, SECOND } from './fixtures.ts';
import { PlainMaster, scalars, statusOf } from './plain-master.ts';

export const FRAMEWORK = 7 as FrameworkId;

type CallOf<Type extends SchedulerCall['type']> = Extract<SchedulerCall, { type: Type }>;

/** One framework with the test in the master's place: what it says lies on the desk until the next input. */
export class Desk {
  readonly framework: WorkloadFramework;
  now = 0 as Micros;
  outputs: WorkloadOutput[] = [];
  readonly outcomes: JobOutcome[] = [];
  readonly attempts: AttemptEnded[] = [];
  readonly launched: TaskInfo[] = [];
  readonly #agents = new Map<number, AgentInfo>();
  #nextOffer = 1;
  #lastOffers: readonly Offer[] = [];
  #nextUpdate = 1;

  constructor(changes: Partial<WorkloadOptions>, roles: readonly string[] = ['batch']) {
    this.framework = new WorkloadFramework(
      optionsFor('desk', roles, { heartbeatsMissedMax: null, ...changes }),
    );
  }

  /** A desk whose framework is subscribed, with the jobs in its queue. */
  static open(
    changes: Partial<WorkloadOptions>,
    jobs: readonly Job[] = [],
    roles: readonly string[] = ['batch'],
  ): Desk {
    const desk = new Desk(changes, roles);
    desk.step({ kind: 'connected' });
    desk.subscribed();
    if (jobs.length > 0) desk.submit(...jobs);
    return desk;
  }

  step(input: WorkloadInput): this {
    this.outputs = [];
    this.framework.step(this.now, input, this.outputs);
    this.framework.checkInvariants();
    for (const output of this.outputs) {
      if (output.kind === 'jobEnded') this.outcomes.push(output.outcome);
      if (output.kind === 'attemptEnded') this.attempts.push(output.attempt);
      if (output.kind === 'call' && output.call.type === 'ACCEPT')
        this.launched.push(...tasksOf(output.call));
    }
    return this;
  }

  event(event: SchedulerEvent): this {
    return this.step({ kind: 'event', event });
  }

  subscribed(heartbeatIntervalSeconds = 0): this {
    return this.event({
      type: 'SUBSCRIBED',
      frameworkId: FRAMEWORK,
      heartbeatIntervalSeconds,
      master: 1 as never,
    });
  }

  submit(...jobs: readonly Job[]): this {
    return this.step({ kind: 'jobsArrived', jobs });
  }

  /** Offers of agents by number, one each, in one event; ids count from 1. */
  offer(resources: readonly Resources[], role = 'batch', firstAgent = 0): this {
    const offers: Offer[] = resources.map((each, index) => this.#offer(firstAgent + index, each, role));
    this.#lastOffers = offers;
    return this.event({ type: 'OFFERS', offers });
  }

  /** The last event of offers, word for word. */
  repeatOffers(): this {
    return this.event({ type: 'OFFERS', offers: this.#lastOffers });
  }

  attributes(agent: number, attributes: readonly Attribute[]): void {
    this.#agents.set(agent, { ...this.#agentInfo(agent), attributes });
  }

  rescind(id: number): this {
    return this.event({ type: 'RESCIND', offerId: id as OfferId });
  }

  update(task: TaskInfo | TaskId, state: TaskState, uuid: number | null = this.#nextUpdate++): this {
    const taskId = typeof task === 'number' ? task : task.taskId;
    const agentId = typeof task === 'number' ? (0 as AgentId) : task.agentId;
    return this.event({
      type: 'UPDATE',
      status: statusOf(taskId, state, agentId, this.now, uuid as UpdateId | null),
    });
  }

  /** Lets seconds pass, ticking when the framework wants it; all that it said meanwhile lies on the desk. */
  pass(seconds: number): this {
    const end = this.now + seconds * SECOND;
    const said: WorkloadOutput[] = [];
    for (;;) {
      const deadline = this.framework.nextDeadline();
      if (deadline === null || deadline > end) break;
      this.now = micros(Math.max(deadline, this.now));
      this.step({ kind: 'tick' });
      said.push(...this.outputs);
    }
    this.now = micros(end);
    this.outputs = said;
    return this;
  }

  /** Types of the calls on the desk, in order. */
  get said(): string[] {
    return this.outputs.map((output) => (output.kind === 'call' ? output.call.type : output.kind));
  }

  calls<Type extends SchedulerCall['type']>(type: Type): CallOf<Type>[] {
    const calls: CallOf<Type>[] = [];
    for (const output of this.outputs) {
      if (output.kind === 'call' && output.call.type === type) calls.push(output.call as CallOf<Type>);
    }
    return calls;
  }

  /** Names of the jobs of the tasks launched in the last step, in order. */
  get started(): string[] {
    return this.calls('ACCEPT').flatMap((call) => tasksOf(call).map((task) => task.template.name));
  }

  #offer(agent: number, resources: Resources, role: string): Offer {
    return {
      id: this.#nextOffer++ as OfferId,
      frameworkId: FRAMEWORK,
      agentId: agent as AgentId,
      agent: this.#agents.get(agent) ?? this.#agentInfo(agent),
      role,
      resources,
      unavailability: null,
      executorIds: [],
    };
  }

  #agentInfo(agent: number): AgentInfo {
    const known = this.#agents.get(agent);
    if (known !== undefined) return known;
    const info = new PlainMaster().addAgent(scalars(1, 1)).info;
    this.#agents.set(agent, info);
    return info;
  }
}

export function tasksOf(call: CallOf<'ACCEPT'>): readonly TaskInfo[] {
  return call.operations.flatMap((operation) => (operation.type === 'LAUNCH' ? operation.taskInfos : []));
}
