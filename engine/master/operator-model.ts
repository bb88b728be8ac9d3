/** A plain model of what operators have been granted, for the master's histories. */
import type { AgentId } from '../core/index.ts';
import { type ExtensionCall, machineKey, type OperatorMutation } from '../protocol/index.ts';
import type { RequestId } from './input.ts';
import type { MasterOutput } from './output.ts';
import type { MasterState } from './state.ts';

type Call = OperatorMutation | ExtensionCall;

/**
 * Applies a call when it is answered with success, by its plain meaning, and holds the master to it after every step: through links that
 * break, agents that come and go, and masters that fall.
 */
export class OperatorModel {
  readonly #asked = new Map<RequestId, Call>();
  #requests = 0;
  readonly deactivated = new Set<AgentId>();
  readonly #drained = new Set<AgentId>();
  readonly #gone = new Set<AgentId>();
  /** Keys of machines in the schedule. */
  #scheduled = new Set<string>();
  readonly down = new Set<string>();
  readonly #quotas = new Map<string, string>();
  readonly #weights = new Map<string, number>();
  granted = 0;

  /** The number that the call is made under. */
  ask(call: Call): RequestId {
    const request = (1_000_000 + this.#requests++) as RequestId;
    this.#asked.set(request, call);
    return request;
  }

  /** What was not answered by the master that fell, nobody knows. */
  masterFell(): void {
    this.#asked.clear();
  }

  see(output: MasterOutput): void {
    if (output.kind === 'answerCall') {
      const call = this.#asked.get(output.request);
      if (call === undefined) return;
      this.#asked.delete(output.request);
      this.granted++;
      this.#grant(call);
    } else if (output.kind === 'refuseCall') {
      const call = this.#asked.get(output.request);
      this.#asked.delete(output.request);
      const { error } = output;
      // Cleared all the same (spec 10 §3); of an agent that is being marked gone nothing is, until it is gone.
      if (
        call?.type === 'REACTIVATE_AGENT' &&
        error.code === 'CONFLICT' &&
        error.message.includes('no longer deactivated')
      )
        this.#reactivate(call.agentId);
    }
  }

  /** The master says the same of every agent, machine, quota and weight. */
  check(master: MasterState): void {
    for (const id of [...this.deactivated]) {
      const isKnown =
        master.agentsById.has(id) || master.recoveredAgents.has(id) || master.unreachableAgents.has(id);
      if (!isKnown) this.#reactivate(id);
    }
    agree('deactivated agents', ascending(master.deactivatedAgents.keys()), ascending(this.deactivated));
    for (const [id, drain] of master.deactivatedAgents)
      agree(`whether agent ${id} is drained`, drain !== null, this.#drained.has(id));
    for (const id of this.#gone) agree(`whether agent ${id} is gone`, master.goneAgents.has(id), true);
    agree('machines of the schedule', sorted(master.scheduledMachines.keys()), sorted(this.#scheduled));
    agree('machines that are down', sorted(master.machinesDown.keys()), sorted(this.down));
    const quotas = [...master.quotas].map(
      ([role, { guarantees, limits }]) => `${role} ${guarantees.toString()}<${limits.toString()}`,
    );
    agree('quotas', sorted(quotas), sorted([...this.#quotas].map(([role, text]) => `${role} ${text}`)));
    const text = ([role, weight]: readonly [string, number]) => `${role} ${weight}`;
    agree('weights', sorted([...master.weights].map(text)), sorted([...this.#weights].map(text)));
    for (const agent of master.agents) {
      const stays = this.down.has(machineKey(agent.info)) && agent.leaving === null;
      agree(`whether agent ${agent.id} stays on a machine that is down`, stays, false);
    }
  }

  #grant(call: Call): void {
    switch (call.type) {
      case 'DRAIN_AGENT':
        this.deactivated.add(call.agentId);
        this.#drained.add(call.agentId);
        break;
      case 'DEACTIVATE_AGENT':
        this.deactivated.add(call.agentId);
        break;
      case 'REACTIVATE_AGENT':
        this.#reactivate(call.agentId);
        break;
      case 'MARK_AGENT_GONE':
        this.#reactivate(call.agentId);
        this.#gone.add(call.agentId);
        break;
      case 'UPDATE_MAINTENANCE_SCHEDULE':
        this.#scheduled = new Set(
          call.schedule.windows.flatMap(({ machineIds }) => machineIds).map(machineKey),
        );
        break;
      case 'START_MAINTENANCE':
        for (const machine of call.machines) this.down.add(machineKey(machine));
        break;
      case 'STOP_MAINTENANCE':
        for (const machine of call.machines) {
          this.down.delete(machineKey(machine));
          this.#scheduled.delete(machineKey(machine));
        }
        break;
      case 'UPDATE_QUOTA':
        for (const { role, guarantees, limits } of call.quotaConfigs) {
          if (guarantees.isEmpty && limits.isEmpty) this.#quotas.delete(role);
          else this.#quotas.set(role, `${guarantees.toString()}<${limits.toString()}`);
        }
        break;
      case 'SET_QUOTA': {
        const text = call.quotaRequest.guarantee.quantities().toString();
        this.#quotas.set(call.quotaRequest.role, `${text}<${text}`);
        break;
      }
      case 'REMOVE_QUOTA':
        this.#quotas.delete(call.role);
        break;
      case 'UPDATE_WEIGHTS':
        for (const { role, weight } of call.weightInfos) this.#weights.set(role, weight);
        break;
      default:
    }
  }

  #reactivate(id: AgentId): void {
    this.deactivated.delete(id);
    this.#drained.delete(id);
  }
}

function ascending(ids: Iterable<AgentId>): AgentId[] {
  return [...ids].sort((a, b) => a - b);
}

function sorted(texts: Iterable<string>): string[] {
  return [...texts].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function agree(what: string, inMaster: unknown, granted: unknown): void {
  const [one, two] = [JSON.stringify(inMaster), JSON.stringify(granted)];
  if (one !== two) throw new Error(`${what}: the master says ${one}, granted was ${two}`);
}
