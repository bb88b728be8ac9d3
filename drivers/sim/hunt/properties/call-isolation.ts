import type { AgentId, FrameworkId, Micros } from '../../../../engine/core/index.ts';
import type { MasterInput, MasterMachine } from '../../../../engine/master/index.ts';
import type { Filters, SchedulerCall } from '../../../../engine/protocol/index.ts';
import type { Resources } from '../../../../engine/resources/index.ts';
import { expectThat, type Property } from '../property.ts';

interface Filter {
  readonly refused: Resources;
  readonly until: number;
}

/**
 * S12, isolation, and C1, durations: a plain model of declines, SUPPRESS and REVIVE per framework and role. What was declined is not offered to
 * the same framework in the same role before its time, whatever was said of other roles; a suppressed role is offered nothing. Where the model
 * cannot be sure what the master did, it forgets.
 */
export function callIsolation(): Property {
  /** Per framework, role and agent. */
  let filters = new Map<string, Filter[]>();
  /** Suppressed roles per framework; absent: unknown. */
  let suppressed = new Map<FrameworkId, Set<string>>();
  let epoch = 0;

  const forget = (keep: (framework: FrameworkId, role: string, agent: AgentId) => boolean): void => {
    for (const key of filters.keys()) {
      const [framework, agent, role] = splitKey(key);
      if (!keep(framework, role, agent)) filters.delete(key);
    }
  };

  const called = (now: Micros, leader: MasterMachine, call: SchedulerCall): void => {
    switch (call.type) {
      case 'SUBSCRIBE':
        if (call.frameworkId === null) break;
        forget((framework) => framework !== call.frameworkId);
        suppressed.delete(call.frameworkId);
        break;
      case 'TEARDOWN':
      case 'UPDATE_FRAMEWORK':
        forget((framework) => framework !== call.frameworkId);
        suppressed.delete(call.frameworkId);
        break;
      case 'DECLINE':
        for (const id of call.offerIds) {
          const slot = leader.state.offers.slotOf(id);
          if (slot === -1) continue;
          const { frameworkId, role, agentId, resources } = leader.state.offers.offer(slot);
          const until = now + refusalOf(call.filters);
          if (frameworkId !== call.frameworkId || until === now) continue;
          const key = keyOf(frameworkId, agentId, role);
          const before = (filters.get(key) ?? []).filter((one) => one.until > now);
          before.push({ refused: resources, until });
          filters.set(key, before);
        }
        break;
      case 'REVIVE': {
        const roles = rolesNamed(leader, call);
        if (roles === null) break;
        forget((framework, role) => framework !== call.frameworkId || !roles.includes(role));
        const known = suppressed.get(call.frameworkId);
        if (call.roles.length === 0) suppressed.set(call.frameworkId, new Set());
        else if (known !== undefined) for (const role of roles) known.delete(role);
        break;
      }
      case 'SUPPRESS': {
        const roles = rolesNamed(leader, call);
        if (roles === null) break;
        let known = suppressed.get(call.frameworkId);
        if (known === undefined) {
          known = new Set();
          suppressed.set(call.frameworkId, known);
        }
        for (const role of roles) known.add(role);
        break;
      }
      case 'REQUEST':
        suppressed.delete(call.frameworkId);
        break;
      default:
    }
  };

  return {
    id: 'S12',
    masterInput(now, _master, input, machine) {
      if (input.kind === 'elected') {
        filters = new Map();
        suppressed = new Map();
        epoch = input.epoch;
        return;
      }
      if (machine.epoch !== epoch) return;
      switch (input.kind) {
        case 'schedulerCalled':
          if (isHeard(machine, input)) called(now, machine, input.call);
          break;
        case 'streamClosed': {
          const framework = machine.state.frameworksByStream.get(input.stream);
          if (framework === undefined) break;
          forget((id) => id !== framework.id);
          suppressed.delete(framework.id);
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
          if (id !== null) forget((_framework, _role, one) => one !== id);
          break;
        }
        default:
      }
    },
    masterOutput(now, _master, output) {
      if (output.kind !== 'event' || output.event.type !== 'OFFERS') return;
      for (const { frameworkId, role, agentId, resources } of output.event.offers) {
        if (suppressed.size > 0)
          expectThat(
            suppressed.get(frameworkId)?.has(role) !== true,
            'S12',
            () =>
              `framework ${frameworkId} has suppressed role ${role}, and is offered agent ${agentId} in it`,
          );
        const list = filters.get(keyOf(frameworkId, agentId, role));
        if (list === undefined) continue;
        for (const { refused, until } of list) {
          expectThat(
            now >= until || !refused.contains(resources),
            'S12',
            () =>
              `framework ${frameworkId} has declined ${refused} of agent ${agentId} in role ${role} until ${until} µs, and is offered ${resources} of it`,
          );
        }
      }
    },
    check({ leader }) {
      // Rows of agents and frameworks that are gone are no longer looked for.
      if (leader === null || filters.size < FILTERS_KEPT) return;
      const { state } = leader;
      forget((framework, _role, agent) => state.frameworksById.has(framework) && state.agentsById.has(agent));
    },
  };
}

const FILTERS_KEPT = 4_096;
const RENEWING: ReadonlySet<string> = new Set(['REGISTER_AGENT', 'REREGISTER_AGENT', 'UNREGISTER_AGENT']);

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

function keyOf(framework: FrameworkId, agent: AgentId, role: string): string {
  return `${framework} ${agent} ${role}`;
}

function splitKey(key: string): readonly [FrameworkId, AgentId, string] {
  const [framework, agent, ...role] = key.split(' ');
  return [Number(framework) as FrameworkId, Number(agent) as AgentId, role.join(' ')];
}
