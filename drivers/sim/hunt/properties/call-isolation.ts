import type { AgentId, FrameworkId, Micros } from '../../../../engine/core/index.ts';
import type { MasterInput, MasterMachine } from '../../../../engine/master/index.ts';
import type { Filters, OffersEvent, SchedulerCall } from '../../../../engine/protocol/index.ts';
import type { Resources } from '../../../../engine/resources/index.ts';
import { expectThat, type Property } from '../property.ts';

interface Filter {
  readonly refused: Resources;
  readonly until: number;
}

/** What one framework has declined of an agent in a role. */
interface Refusal {
  readonly role: string;
  readonly agentId: AgentId;
  filters: Filter[];
}

/**
 * S12, isolation, and C1, durations: a plain model of declines, SUPPRESS and REVIVE per framework and role. What was declined is not offered to
 * the same framework in the same role before its time, whatever was said of other roles; a suppressed role is offered nothing. Where the model
 * cannot be sure what the master did, it forgets.
 */
export function callIsolation(): Property {
  /** One model per master: two may believe that they lead. */
  const models = new Map<number, Model>();
  return {
    id: 'S12',
    masterInput(_now, master, input, machine) {
      // A master's filters run by its own clock, which shows the instant of its last step here; the new one is no earlier.
      if (input.kind === 'elected') models.set(master, new Model());
      else models.get(master)?.input(input, machine);
    },
    masterOutput(_now, master, output, machine) {
      // Its registration may have waited for the authorizer or the registry since it came.
      if (output.kind === 'toAgent' && output.message.type === 'AGENT_REREGISTERED')
        models.get(master)?.forgetAgent(output.message.agentId);
      if (output.kind !== 'event') return;
      if (output.event.type === 'SUBSCRIBED') models.get(master)?.forgetFramework(output.event.frameworkId);
      if (output.event.type !== 'OFFERS') return;
      models.get(master)?.offered(output.event, machine.state.now);
    },
  };
}

/** What one master has been told, and knows. */
class Model {
  /** Per framework; then by role and agent. */
  readonly #filters = new Map<FrameworkId, Map<string, Refusal>>();
  #count = 0;
  /** Suppressed roles per framework; absent: unknown. */
  readonly #suppressed = new Map<FrameworkId, Set<string>>();

  input(input: MasterInput, machine: MasterMachine): void {
    switch (input.kind) {
      case 'schedulerCalled':
        if (waits(machine, input.call)) this.forgetFramework(input.call.frameworkId!);
        else if (isHeard(machine, input)) this.#called(machine, input.call);
        break;
      case 'streamClosed': {
        const framework = machine.state.frameworksByStream.get(input.stream);
        if (framework !== undefined) this.forgetFramework(framework.id);
        break;
      }
      case 'linkClosed':
      case 'agentMessage': {
        if (input.kind === 'agentMessage' && !RENEWING.has(input.message.type)) break;
        const agent = machine.state.agentsByLink.get(input.link);
        const id =
          input.kind === 'agentMessage' && input.message.type === 'REREGISTER_AGENT'
            ? input.message.info.id
            : (agent?.id ?? null);
        if (id !== null) this.forgetAgent(id);
        break;
      }
      default:
    }
    if (this.#count < FILTERS_KEPT) return;
    // Rows of agents and frameworks that are gone are no longer looked for.
    const { state } = machine;
    this.#forget(
      (framework, { agentId }) => state.frameworksById.has(framework) && state.agentsById.has(agentId),
    );
  }

  offered({ offers }: OffersEvent, now: Micros): void {
    for (const { frameworkId, role, agentId, resources } of offers) {
      expectThat(
        this.#suppressed.get(frameworkId)?.has(role) !== true,
        'S12',
        () => `framework ${frameworkId} has suppressed role ${role}, and is offered agent ${agentId} in it`,
      );
      const refusal = this.#filters.get(frameworkId)?.get(keyOf(agentId, role));
      if (refusal === undefined) continue;
      for (const { refused, until } of refusal.filters) {
        expectThat(
          now >= until || !refused.contains(resources),
          'S12',
          () =>
            `framework ${frameworkId} has declined ${refused.toString()} of agent ${agentId} in role ${role} until ${until} µs, and is offered ${resources.toString()} of it at ${now} µs`,
        );
      }
    }
  }

  #called(machine: MasterMachine, call: SchedulerCall): void {
    switch (call.type) {
      case 'SUBSCRIBE':
        if (call.frameworkId !== null) this.forgetFramework(call.frameworkId);
        break;
      case 'TEARDOWN':
      case 'UPDATE_FRAMEWORK':
        this.forgetFramework(call.frameworkId);
        break;
      case 'DECLINE':
        this.#declined(machine, call);
        break;
      case 'REVIVE': {
        const roles = rolesNamed(machine, call);
        if (roles === null) break;
        this.#forgetOf(call.frameworkId, ({ role }) => !roles.includes(role));
        if (call.roles.length === 0) this.#suppressed.set(call.frameworkId, new Set());
        else for (const role of roles) this.#suppressed.get(call.frameworkId)?.delete(role);
        break;
      }
      case 'SUPPRESS': {
        const roles = rolesNamed(machine, call);
        if (roles === null) break;
        let known = this.#suppressed.get(call.frameworkId);
        if (known === undefined) {
          known = new Set();
          this.#suppressed.set(call.frameworkId, known);
        }
        for (const role of roles) known.add(role);
        break;
      }
      case 'REQUEST':
        this.#suppressed.delete(call.frameworkId);
        break;
      default:
    }
  }

  #declined(machine: MasterMachine, call: Extract<SchedulerCall, { type: 'DECLINE' }>): void {
    const { offers, now } = machine.state;
    const duration = refusalOf(call.filters);
    if (duration === 0) return;
    for (const id of call.offerIds) {
      const slot = offers.slotOf(id);
      if (slot === -1) continue;
      const { frameworkId, role, agentId, resources } = offers.offer(slot);
      if (frameworkId !== call.frameworkId) continue;
      let own = this.#filters.get(frameworkId);
      if (own === undefined) {
        own = new Map();
        this.#filters.set(frameworkId, own);
      }
      const key = keyOf(agentId, role);
      const filter = { refused: resources, until: now + duration };
      const refusal = own.get(key);
      if (refusal === undefined) {
        own.set(key, { role, agentId, filters: [filter] });
        this.#count++;
      } else {
        refusal.filters = refusal.filters.filter((one) => one.until > now);
        refusal.filters.push(filter);
      }
    }
  }

  forgetFramework(id: FrameworkId): void {
    this.#count -= this.#filters.get(id)?.size ?? 0;
    this.#filters.delete(id);
    this.#suppressed.delete(id);
  }

  forgetAgent(id: AgentId): void {
    this.#forget((_framework, { agentId }) => agentId !== id);
  }

  #forget(keeps: (framework: FrameworkId, refusal: Refusal) => boolean): void {
    for (const id of this.#filters.keys()) this.#forgetOf(id, (refusal) => keeps(id, refusal));
  }

  #forgetOf(id: FrameworkId, keeps: (refusal: Refusal) => boolean): void {
    const own = this.#filters.get(id);
    if (own === undefined) return;
    for (const [key, refusal] of own) {
      if (keeps(refusal)) continue;
      own.delete(key);
      this.#count--;
    }
    if (own.size === 0) this.#filters.delete(id);
  }
}

const FILTERS_KEPT = 4_096;
const RENEWING: ReadonlySet<string> = new Set(['REGISTER_AGENT', 'REREGISTER_AGENT', 'UNREGISTER_AGENT']);

/** Behind a call that waits for the authorizer: when it takes effect, nobody outside knows. */
function waits({ state }: MasterMachine, { frameworkId }: SchedulerCall): boolean {
  return frameworkId !== null && state.authorizations?.queues.has(frameworkId) === true;
}

function isHeard(machine: MasterMachine, input: Extract<MasterInput, { kind: 'schedulerCalled' }>): boolean {
  if (input.call.type === 'SUBSCRIBE') return true;
  return machine.state.frameworksById.get(input.call.frameworkId)?.stream === input.stream;
}

/** Spec 03 §7: default 5 s; negative and not a number likewise; at most 365 days; 0 for no filter. µs. */
function refusalOf(filters: Filters | null): number {
  const seconds = filters === null ? 5 : filters.refuseSeconds;
  if (seconds === 0) return 0;
  if (!(seconds > 0)) return 5_000_000;
  return Math.floor(Math.min(seconds, 365 * 86_400) * 1_000_000);
}

/** Roles that a REVIVE or SUPPRESS is about; null if one of them is not subscribed, which drops the call. */
function rolesNamed(
  leader: MasterMachine,
  call: { readonly frameworkId: FrameworkId; readonly roles: readonly string[] },
): readonly string[] | null {
  const subscribed = leader.state.frameworksById.get(call.frameworkId)?.roles ?? [];
  if (call.roles.length === 0) return subscribed;
  return call.roles.every((role) => subscribed.includes(role)) ? call.roles : null;
}

function keyOf(agent: AgentId, role: string): string {
  return `${agent} ${role}`;
}
