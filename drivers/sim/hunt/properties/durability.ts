import type { MasterInput, RequestId } from '../../../../engine/master/index.ts';
import type { RegistryState } from '../../../../engine/registry/index.ts';
import { expectThat, type Property } from '../property.ts';
import type { Scene } from '../scene.ts';

type Call = Extract<MasterInput, { kind: 'operatorCalled' }>['call'];

/** S11, durability: when an agent is told that it is registered, or an operator that a call took effect, the registry holds it. */
export function durability(scene: Scene): Property {
  const calls = new Map<string, Call>();
  /** Kind of the last write about each agent, per master: a call that another one follows at once cannot be seen any more. */
  const last = new Map<string, string>();
  /** Last call about the quota, or the weight, of each role, per master: likewise. */
  const lastOfRole = new Map<string, string>();
  const keyOf = (master: number, request: RequestId): string => `${master} ${request}`;
  return {
    id: 'S11',
    masterInput(_now, master, input) {
      if (input.kind !== 'operatorCalled') return;
      const key = keyOf(master, input.request);
      calls.set(key, input.call);
      for (const what of rolesAbout(input.call)) lastOfRole.set(`${master} ${what}`, key);
    },
    masterOutput(_now, master, output) {
      if (output.kind === 'persist' && 'id' in output.operation)
        last.set(`${master} ${output.operation.id}`, output.operation.kind);
      if (output.kind === 'answerCall') {
        const key = keyOf(master, output.request);
        const call = calls.get(key);
        calls.delete(key);
        const follower =
          call !== undefined && 'agentId' in call ? last.get(`${master} ${call.agentId}`) : undefined;
        const isLast =
          call !== undefined && rolesAbout(call).every((what) => lastOfRole.get(`${master} ${what}`) === key);
        if (isLast && (follower === undefined || follower === WRITES[call.type]))
          expectThat(
            isHeld(scene.registry, call),
            'S11',
            () => `${call.type} was answered, and the registry does not hold it`,
          );
      } else if (output.kind === 'refuseCall') {
        calls.delete(keyOf(master, output.request));
      } else if (output.kind === 'toAgent' && output.message.type === 'AGENT_REGISTERED') {
        const { agentId } = output.message;
        expectThat(
          scene.registry.isMember(agentId) || scene.registry.isGone(agentId),
          'S11',
          () => `agent ${agentId} is told that it is registered, and the registry does not hold it`,
        );
      }
    },
  };
}

const WRITES: { readonly [Type in Call['type']]?: string } = {
  DRAIN_AGENT: 'agentDrainStarted',
  DEACTIVATE_AGENT: 'agentDeactivated',
  REACTIVATE_AGENT: 'agentReactivated',
  MARK_AGENT_GONE: 'agentMarkedGone',
};

/** What the call says of roles: its kind and each of them. */
function rolesAbout(call: Call): string[] {
  if (call.type === 'UPDATE_QUOTA') return call.quotaConfigs.map(({ role }) => `quota ${role}`);
  if (call.type === 'UPDATE_WEIGHTS') return call.weightInfos.map(({ role }) => `weight ${role}`);
  return [];
}

/** Whether the registry shows the call's effect. What another call may have changed since is not looked at. */
function isHeld(registry: RegistryState, call: Call): boolean {
  switch (call.type) {
    case 'UPDATE_QUOTA':
      return call.quotaConfigs.every(({ role, guarantees, limits }) =>
        guarantees.isEmpty && limits.isEmpty ? !registry.quotas.has(role) : registry.quotas.has(role),
      );
    case 'UPDATE_WEIGHTS':
      return call.weightInfos.every(({ role }) => registry.weights.has(role));
    case 'DRAIN_AGENT':
    case 'DEACTIVATE_AGENT':
      return registry.deactivated.has(call.agentId) || !registry.isMember(call.agentId);
    case 'REACTIVATE_AGENT':
      return !registry.deactivated.has(call.agentId);
    case 'MARK_AGENT_GONE':
      return registry.isGone(call.agentId);
    default:
      return true;
  }
}
