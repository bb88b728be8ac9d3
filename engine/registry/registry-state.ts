import { type AgentId, assert, assertNever, type MasterEpoch, type Micros } from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';
import {
  type AgentInfo,
  type MachineId,
  machineKey,
  type MaintenanceSchedule,
  type QuotaConfig,
} from '../protocol/index.ts';
import { scheduledMachines, withoutMachines } from './maintenance-schedule.ts';
import type { RegisteredDrain, RegisteredQuota, RegistryOperation, RegistrySnapshot } from './registry.ts';

export const NO_SCHEDULE: MaintenanceSchedule = { windows: [] };

/**
 * The registry's content, as the log of operations leaves it (spec 13 §3). Stores and the simulator apply operations to it;
 * a new master starts from its snapshot.
 */
export class RegistryState {
  #epoch = 0 as MasterEpoch;
  #admitted = new Map<AgentId, AgentInfo>();
  #unreachable = new Map<AgentId, Micros>();
  #gone = new Map<AgentId, Micros>();
  #deactivated = new Map<AgentId, RegisteredDrain | null>();
  #weights = new Map<string, number>();
  #quotas = new Map<string, RegisteredQuota>();
  #schedule = NO_SCHEDULE;
  /** By key, in the order in which they went down. */
  #machinesDown = new Map<string, MachineId>();
  #minimumCapabilities = new Set<string>();

  /** A registry with the content that a store has kept. */
  static restore(snapshot: RegistrySnapshot): RegistryState {
    const state = new RegistryState();
    state.#epoch = snapshot.epoch;
    for (const [id, info] of snapshot.admitted) state.#admitted.set(id, info);
    for (const [id, at] of snapshot.unreachable) state.#unreachable.set(id, at);
    for (const [id, at] of snapshot.gone) state.#gone.set(id, at);
    for (const [id, drain] of snapshot.deactivated) state.#deactivated.set(id, drain);
    for (const [role, weight] of snapshot.weights) state.#weights.set(role, weight);
    for (const [role, quota] of snapshot.quotas) state.#quotas.set(role, quota);
    state.#schedule = snapshot.schedule;
    for (const machine of snapshot.machinesDown) state.#machinesDown.set(machineKey(machine), machine);
    for (const capability of snapshot.minimumCapabilities) state.#minimumCapabilities.add(capability);
    return state;
  }

  /** Epoch of the last master elected; 0 before the first. */
  get epoch(): MasterEpoch {
    return this.#epoch;
  }

  get quotas(): ReadonlyMap<string, RegisteredQuota> {
    return this.#quotas;
  }

  get weights(): ReadonlyMap<string, number> {
    return this.#weights;
  }

  get deactivated(): ReadonlyMap<AgentId, RegisteredDrain | null> {
    return this.#deactivated;
  }

  get schedule(): MaintenanceSchedule {
    return this.#schedule;
  }

  /** By key. */
  get machinesDown(): ReadonlyMap<string, MachineId> {
    return this.#machinesDown;
  }

  isGone(id: AgentId): boolean {
    return this.#gone.has(id);
  }

  /** Admitted or unreachable. */
  isMember(id: AgentId): boolean {
    return this.#admitted.has(id) || this.#unreachable.has(id);
  }

  /** Applies one operation. An operation that does not fit the state is our own bug, and changes nothing: the master orders them. */
  apply(operation: RegistryOperation): void {
    switch (operation.kind) {
      case 'masterElected':
        assert(operation.epoch > this.#epoch, 'each master elected has an epoch beyond the last');
        this.#epoch = operation.epoch;
        break;
      case 'agentAdmitted':
        assert(!this.#admitted.has(operation.id), 'an agent is admitted once under one id');
        assert(
          !this.#unreachable.has(operation.id),
          'an unreachable agent is marked reachable, not admitted',
        );
        assert(!this.#gone.has(operation.id), 'a gone agent never comes back');
        this.#admitted.set(operation.id, operation.info);
        break;
      case 'agentUpdated':
        assert(this.#admitted.has(operation.id), 'only an admitted agent is updated');
        this.#admitted.set(operation.id, operation.info);
        break;
      case 'agentMarkedUnreachable':
        assert(this.#admitted.delete(operation.id), 'only an admitted agent becomes unreachable');
        this.#unreachable.set(operation.id, operation.at);
        break;
      case 'agentMarkedReachable':
        assert(!this.#gone.has(operation.id), 'a gone agent never comes back');
        this.#unreachable.delete(operation.id);
        this.#admitted.set(operation.id, operation.info);
        break;
      case 'agentMarkedGone':
        this.#admitted.delete(operation.id);
        this.#unreachable.delete(operation.id);
        this.#reactivate(operation.id);
        this.#gone.set(operation.id, operation.at);
        break;
      case 'agentRemoved':
        this.#admitted.delete(operation.id);
        if (!this.#unreachable.has(operation.id)) this.#reactivate(operation.id);
        break;
      case 'pruned':
        for (const id of operation.unreachable) {
          if (this.#unreachable.delete(id)) this.#reactivate(id);
        }
        for (const id of operation.gone) this.#gone.delete(id);
        break;
      case 'agentDrainStarted': {
        this.#assertKnown(operation.id);
        const { config, at } = operation;
        this.#deactivated.set(operation.id, { state: 'DRAINING', config, startedAt: at });
        this.#require('AGENT_DRAINING', true);
        break;
      }
      case 'agentDrained': {
        const drain = this.#deactivated.get(operation.id);
        assert(drain !== undefined && drain !== null, 'only an agent that is drained has been drained');
        this.#deactivated.set(operation.id, { ...drain, state: 'DRAINED' });
        break;
      }
      case 'agentDeactivated':
        this.#assertKnown(operation.id);
        if (!this.#deactivated.has(operation.id)) this.#deactivated.set(operation.id, null);
        this.#require('AGENT_DRAINING', true);
        break;
      case 'agentReactivated':
        this.#assertKnown(operation.id);
        this.#reactivate(operation.id);
        break;
      case 'weightsUpdated':
        for (const { role, weight } of operation.weightInfos) this.#weights.set(role, weight);
        break;
      case 'quotasUpdated':
        for (const config of operation.quotaConfigs) this.#setQuota(config);
        this.#require('QUOTA_V2', this.#quotas.size > 0);
        break;
      case 'maintenanceScheduled': {
        const scheduled = scheduledMachines(operation.schedule);
        for (const key of this.#machinesDown.keys())
          assert(scheduled.has(key), 'a machine that is down stays in the schedule');
        this.#schedule = operation.schedule;
        break;
      }
      case 'machinesDown': {
        const scheduled = scheduledMachines(this.#schedule);
        for (const machine of operation.machines)
          assert(scheduled.has(machineKey(machine)), 'only a machine of the schedule goes down');
        for (const machine of operation.machines) this.#machinesDown.set(machineKey(machine), machine);
        break;
      }
      case 'machinesUp': {
        const up = new Set(operation.machines.map(machineKey));
        for (const key of up) assert(this.#machinesDown.has(key), 'only a machine that is down comes up');
        for (const key of up) this.#machinesDown.delete(key);
        this.#schedule = withoutMachines(this.#schedule, up);
        break;
      }
      default:
        assertNever(operation);
    }
  }

  /** A copy that later operations do not change. */
  snapshot(): RegistrySnapshot {
    return {
      epoch: this.#epoch,
      admitted: new Map(this.#admitted),
      unreachable: new Map(this.#unreachable),
      gone: new Map(this.#gone),
      deactivated: new Map(this.#deactivated),
      weights: new Map(this.#weights),
      quotas: new Map(this.#quotas),
      schedule: this.#schedule,
      machinesDown: [...this.#machinesDown.values()],
      minimumCapabilities: [...this.#minimumCapabilities],
    };
  }

  #assertKnown(id: AgentId): void {
    assert(this.isMember(id), 'an agent that an operator names is admitted or unreachable');
  }

  #reactivate(id: AgentId): void {
    if (this.#deactivated.delete(id)) this.#require('AGENT_DRAINING', this.#deactivated.size > 0);
  }

  #setQuota({ role, guarantees, limits }: QuotaConfig): void {
    if (guarantees.isEmpty && limits.isEmpty) this.#quotas.delete(role);
    else this.#quotas.set(role, { guarantees, limits });
  }

  #require(capability: 'AGENT_DRAINING' | 'QUOTA_V2', isInUse: boolean): void {
    if (isInUse) this.#minimumCapabilities.add(capability);
    else this.#minimumCapabilities.delete(capability);
  }

  static readonly layout = fieldsLayout({
    blank: () => new RegistryState(),
    take: (it: RegistryState) => ({
      epoch: it.#epoch,
      admitted: it.#admitted,
      unreachable: it.#unreachable,
      gone: it.#gone,
      deactivated: it.#deactivated,
      weights: it.#weights,
      quotas: it.#quotas,
      schedule: it.#schedule,
      machinesDown: it.#machinesDown,
      minimumCapabilities: it.#minimumCapabilities,
    }),
    put: (it, fields) => {
      it.#epoch = fields.epoch;
      it.#admitted = fields.admitted;
      it.#unreachable = fields.unreachable;
      it.#gone = fields.gone;
      it.#deactivated = fields.deactivated;
      it.#weights = fields.weights;
      it.#quotas = fields.quotas;
      it.#schedule = fields.schedule;
      it.#machinesDown = fields.machinesDown;
      it.#minimumCapabilities = fields.minimumCapabilities;
    },
  });
}
