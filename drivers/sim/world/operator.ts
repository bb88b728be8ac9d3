import { assertNever, type Micros, MICROS_PER_SECOND, micros, milli } from '../../../engine/core/index.ts';
import type { MasterMachine, MasterOutput } from '../../../engine/master/index.ts';
import type { AgentInfo, MachineId, OperatorMutation } from '../../../engine/protocol/index.ts';
import {
  CPUS,
  DISK,
  Quantities,
  type Reservation,
  ResourceLimits,
  Resources,
  resourceIdentity,
  scalarResource,
} from '../../../engine/resources/index.ts';
import type { OperatorMoment, PlannedFault } from '../faults/index.ts';
import type { MasterEnsemble, MomentWitness, OperatorWitness } from './master-ensemble.ts';
import type { OutputList } from './output-list.ts';
import type { World } from './world.ts';

type Plan = Extract<PlannedFault, { kind: 'operatorActs' }>;

/** Calls in order, each after the one before took effect; `mends` undo them later, however often it takes. */
interface Sequence {
  readonly calls: readonly OperatorMutation[];
  readonly mends: readonly OperatorMutation[];
}

/** Before a mending call that was not answered, or refused, is made again. */
export const MEND_WAIT = 5 * MICROS_PER_SECOND;
/** A mending call that is refused so often has nothing to mend any more. */
export const MEND_ATTEMPTS_MAX = 60;
/** An operator's call that nobody answers is given up. */
const CALL_TIMEOUT = 15 * MICROS_PER_SECOND;

/**
 * An operator who acts at the worst moment: calls of spec 05 §A on whoever leads, chosen when they are made among the agents, roles and
 * frameworks that the master knows then. What can be undone is undone after a while, so that the cluster heals.
 */
export class Operator implements MomentWitness, OperatorWitness {
  readonly #world: World;
  readonly #masters: MasterEnsemble;
  readonly #record: (now: Micros, what: string) => void;
  /** Acts that wait for their moment. */
  #waiting: { readonly plan: Plan; readonly mendAt: (now: Micros) => Micros }[] = [];
  readonly #answers = new Map<number, (now: Micros, refusal: string | null) => void>();
  /** Mends that have not taken effect. */
  mending = 0;

  constructor(world: World, masters: MasterEnsemble, record: (now: Micros, what: string) => void) {
    this.#world = world;
    this.#masters = masters;
    this.#record = record;
    masters.operator = this;
  }

  /** @param mendAt when an act of this instant is to be mended */
  plan(now: Micros, plan: Plan, mendAt: (now: Micros) => Micros): void {
    if (plan.moment === 'at once') {
      this.#act(now, this.#masters.coordination.leader, plan, mendAt);
      return;
    }
    this.#waiting.push({ plan, mendAt });
    this.#masters.moments = this;
  }

  /** Acts that found no moment are given up: nothing strikes any more. */
  giveUp(): void {
    this.#waiting = [];
    this.#masters.moments = null;
  }

  stepped(now: Micros, master: number, outputs: OutputList<MasterOutput>): void {
    for (let row = 0; row < this.#waiting.length; row++) {
      const { plan, mendAt } = this.#waiting[row]!;
      if (!isMoment(plan.moment, outputs)) continue;
      this.#waiting.splice(row, 1);
      if (this.#waiting.length === 0) this.#masters.moments = null;
      // After this step, before anything else of another instant.
      this.#world.later(now, (later) => this.#act(later, master, plan, mendAt));
      return;
    }
  }

  answered(now: Micros, request: number, refusal: string | null): void {
    const answered = this.#answers.get(request);
    this.#answers.delete(request);
    answered?.(now, refusal);
  }

  #act(now: Micros, master: number, plan: Plan, mendAt: (now: Micros) => Micros): void {
    const machine = this.#masters.hosts[master]?.machine ?? null;
    if (machine === null) return;
    const sequence = sequenceOf(plan, machine, micros(now), this.#world);
    if (sequence === null) return;
    this.#record(now, `${plan.act} ${plan.moment}`);
    this.#callAll(now, master, sequence, 0, mendAt);
  }

  /** The call at `index` and, when that took effect, the next. */
  #callAll(
    now: Micros,
    master: number,
    sequence: Sequence,
    index: number,
    mendAt: (now: Micros) => Micros,
  ): void {
    const call = sequence.calls[index];
    if (call === undefined) return;
    // Whether it takes effect is not known if nobody answers: it is mended in any case.
    const mend = sequence.mends[index];
    if (mend !== undefined) {
      this.mending++;
      this.#world.later(mendAt(now), (later) => this.#mend(later, mend, MEND_ATTEMPTS_MAX));
    }
    this.#call(now, master, call, (later, refusal) => {
      if (refusal === null) this.#callAll(later, master, sequence, index + 1, mendAt);
    });
  }

  #mend(now: Micros, call: OperatorMutation, attempts: number): void {
    if (attempts === 0) {
      this.mending--;
      return;
    }
    this.#call(now, this.#masters.coordination.leader, call, (later, refusal) => {
      const isOver = refusal === null || refusal === 'NOT_SUPPORTED' || refusal === 'CALL_INVALID';
      if (isOver || refusal === 'NOT_FOUND') this.mending--;
      // Nobody heard it, so it does not count as an attempt: somebody will lead again.
      else
        this.#world.later(micros(later + MEND_WAIT), (again) =>
          this.#mend(
            again,
            call,
            refusal === 'UNANSWERED' || refusal === 'NOT_LEADING' ? attempts : attempts - 1,
          ),
        );
    });
  }

  #call(
    now: Micros,
    master: number,
    call: OperatorMutation,
    then: (now: Micros, refusal: string | null) => void,
  ): void {
    let isOver = false;
    const answered = (later: Micros, refusal: string | null): void => {
      if (isOver) return;
      isOver = true;
      then(later, refusal);
    };
    // The answer may come before the request's number does.
    const request = this.#masters.operatorCalls(now, master, call, (number) =>
      this.#answers.set(number, answered),
    );
    if (request === null) {
      this.#world.later(now, (later) => answered(later, 'UNANSWERED'));
      return;
    }
    if (isOver) return;
    this.#world.later(micros(now + CALL_TIMEOUT), (later) => {
      this.#answers.delete(request);
      answered(later, 'UNANSWERED');
    });
  }
}

function isMoment(moment: OperatorMoment, outputs: OutputList<MasterOutput>): boolean {
  for (let index = 0; index < outputs.count; index++) {
    const output = outputs.at(index);
    switch (moment) {
      case 'after a registry write':
        if (output.kind === 'persist' && output.operation.kind !== 'masterElected') return true;
        break;
      case 'after an election':
        if (output.kind === 'persist' && output.operation.kind === 'masterElected') return true;
        break;
      case 'after an offer':
        if (output.kind === 'event' && output.event.type === 'OFFERS') return true;
        break;
      case 'after a registration':
        if (
          output.kind === 'toAgent' &&
          (output.message.type === 'AGENT_REGISTERED' || output.message.type === 'AGENT_REREGISTERED')
        )
          return true;
        break;
      case 'at once':
        return true;
      default:
        assertNever(moment);
    }
  }
  return false;
}

const PRINCIPAL = 'operator';

/** What the act means on what the master knows at this instant; null if there is nothing to do it to. */
function sequenceOf(plan: Plan, machine: MasterMachine, now: Micros, world: World): Sequence | null {
  const { act, pick } = plan;
  const { state } = machine;
  const agents: AgentInfo[] = [];
  for (const agent of state.agents) agents.push({ ...agent.info, id: agent.id });
  // Those that have not come back yet are acted on as well.
  for (const [id, info] of state.recoveredAgents) agents.push({ ...info, id });
  const agent = agents.length === 0 ? null : agents[pick % agents.length]!;
  const agentId = agent?.id ?? null;
  const second = Math.floor(pick / 256);
  switch (act) {
    case 'quota':
    case 'weights': {
      const { roles } = world.options.frameworks;
      const of = roles.length === 0 ? null : roles[pick % roles.length]!;
      if (of === null) return null;
      if (act === 'weights') {
        const set = (weight: number): OperatorMutation => ({
          type: 'UPDATE_WEIGHTS',
          weightInfos: [{ role: of.role, weight }],
        });
        return { calls: [set(1 + (second % 5))], mends: [set(of.weight)] };
      }
      const before = world.options.quotas.find(({ role }) => role === of.role);
      const set = (guarantees: Quantities, limits: ResourceLimits): OperatorMutation => ({
        type: 'UPDATE_QUOTA',
        force: true,
        quotaConfigs: [{ role: of.role, guarantees, limits }],
      });
      const cpus = milli(1_000 * (1 + (second % 4)));
      return {
        calls: [set(Quantities.EMPTY, ResourceLimits.of([['cpus', cpus]]))],
        mends: [set(before?.guarantees ?? Quantities.EMPTY, before?.limits ?? ResourceLimits.UNLIMITED)],
      };
    }
    case 'teardown': {
      const ids = [...state.frameworks].map(({ id }) => id);
      if (ids.length === 0) return null;
      return { calls: [{ type: 'TEARDOWN', frameworkId: ids[pick % ids.length]! }], mends: [] };
    }
    default:
  }
  if (agent === null || agentId === null) return null;
  const reactivate: OperatorMutation = { type: 'REACTIVATE_AGENT', agentId };
  const machineId: MachineId = { hostname: agent.hostname, ip: agent.ip };
  switch (act) {
    case 'drain':
    case 'drainAndMarkGone': {
      const markGone = act === 'drainAndMarkGone';
      const maxGracePeriod = micros((second % 30) * MICROS_PER_SECOND);
      return {
        calls: [{ type: 'DRAIN_AGENT', agentId, maxGracePeriod, markGone }],
        mends: markGone ? [] : [reactivate],
      };
    }
    case 'deactivate':
      return { calls: [{ type: 'DEACTIVATE_AGENT', agentId }], mends: [reactivate] };
    case 'reactivate':
      return { calls: [reactivate], mends: [] };
    case 'markGone':
      return { calls: [{ type: 'MARK_AGENT_GONE', agentId }], mends: [] };
    case 'reserve':
    case 'volumes': {
      const { roles } = world.options.frameworks;
      if (roles.length === 0) return null;
      const { role } = roles[second % roles.length]!;
      const reservation: Reservation = { type: 'DYNAMIC', role, principal: PRINCIPAL, labels: null };
      const reservations = [reservation];
      const name = act === 'volumes' ? 'disk' : 'cpus';
      const amount = act === 'volumes' ? milli(64_000) : milli(500);
      const reserved = scalarResource(resourceIdentity({ name, reservations }), amount);
      const resources = Resources.of([reserved]);
      const source = Resources.of([scalarResource(act === 'volumes' ? DISK : CPUS, amount)]);
      const reserve: OperatorMutation = {
        type: 'RESERVE_RESOURCES',
        agentId,
        source: second % 2 === 0 ? Resources.EMPTY : source,
        resources,
      };
      const unreserve: OperatorMutation = { type: 'UNRESERVE_RESOURCES', agentId, resources };
      if (act === 'reserve') return { calls: [reserve], mends: [unreserve] };
      const disk = {
        source: null,
        persistence: { id: `operator-${plan.index}`, principal: PRINCIPAL },
        volume: { containerPath: 'data', mode: 'RW' as const },
      };
      const volumes = Resources.of([scalarResource(resourceIdentity({ name, reservations, disk }), amount)]);
      return {
        calls: [
          { ...reserve, source: Resources.EMPTY },
          { type: 'CREATE_VOLUMES', agentId, volumes },
        ],
        // In the order in which calls are mended: the reservation waits until its volume is destroyed.
        mends: [unreserve, { type: 'DESTROY_VOLUMES', agentId, volumes }],
      };
    }
    case 'maintenance':
    case 'machinesDown': {
      const start = micros(now + 60 * MICROS_PER_SECOND);
      const windows = [
        {
          machineIds: [machineId],
          unavailability: { start, duration: micros(600 * MICROS_PER_SECOND) },
        },
      ];
      const schedule: OperatorMutation = { type: 'UPDATE_MAINTENANCE_SCHEDULE', schedule: { windows } };
      const clear: OperatorMutation = { type: 'UPDATE_MAINTENANCE_SCHEDULE', schedule: { windows: [] } };
      if (act === 'maintenance') return { calls: [schedule], mends: [clear] };
      return {
        calls: [schedule, { type: 'START_MAINTENANCE', machines: [machineId] }],
        mends: [clear, { type: 'STOP_MAINTENANCE', machines: [machineId] }],
      };
    }
    default:
      return assertNever(act);
  }
}
