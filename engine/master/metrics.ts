import type { FrameworkId, Micros } from '../core/index.ts';
import { fromMilli, MICROS_PER_SECOND } from '../core/index.ts';
import { isTerminal, TASK_STATE_NUMBERS, type TaskState } from '../protocol/index.ts';
import { OPERATION_ENDS, RESOURCE_OPERATIONS } from './counters.ts';
import { CALL_TYPES, EVENT_TYPES, OPERATION_TYPES } from './framework-counters.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { MasterState } from './state.ts';

/** A metric as `/metrics/snapshot` names it, and its value. */
export type MetricValue = readonly [name: string, value: number];

const KINDS = ['cpus', 'mem', 'disk', 'gpus'] as const;
const ENDED: readonly TaskState[] = [
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
];
const ACTIVE: readonly TaskState[] = [
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_UNREACHABLE',
];

/**
 * The metrics of spec 15 that the master itself knows: the process, the registry's store and the timing of cycles are its driver's. Gauges are
 * made here, O(agents + frameworks + live tasks); counters were counted as it went.
 */
export function* masterMetrics(
  master: MasterState,
  now: Micros,
  frameworkIdText: (id: FrameworkId) => string,
): Generator<MetricValue> {
  yield ['master/elected', master.leading ? 1 : 0];
  yield ['master/uptime_secs', (now - master.startTime) / MICROS_PER_SECOND];
  yield* resourceMetrics(master);
  yield* agentMetrics(master);
  yield* frameworkSums(master);
  yield* taskMetrics(master);
  yield* messageMetrics(master);
  yield ['master/operator_event_stream_subscribers', master.streams?.subscribers.size ?? 0];
  yield ['registrar/queued_operations', master.registrar.queued];
  yield* operationMetrics(master);
  yield* allocatorMetrics(master);
  for (const framework of master.frameworks) yield* frameworkMetrics(framework, frameworkIdText);
  for (const [principal, counters] of master.principals) {
    yield [`frameworks/${principal}/messages_received`, counters.messagesReceived];
    yield [`frameworks/${principal}/messages_processed`, counters.messagesProcessed];
  }
}

/** Units, not thousandths; `percent` is a fraction. What is in use of agents that are away counts as used. */
function* resourceMetrics({ stats, agents }: MasterState): Generator<MetricValue> {
  const revocable = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  const revocableUsed = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  for (const agent of agents) {
    const total = agent.info.resources.revocable();
    let used = total;
    if (!total.isEmpty) {
      used = total.minus(total);
      for (const task of agent.tasks) {
        if (!isTerminal(task.state)) used = used.plus(task.info.resources.revocable());
      }
      for (const { info } of agent.executors) used = used.plus(info.resources.revocable());
    }
    for (const kind of KINDS) {
      if (agent.link !== null) revocable[kind] += total[kind];
      revocableUsed[kind] += used[kind];
    }
  }
  for (const kind of KINDS) {
    const total = stats.total[kind] - revocable[kind];
    const used = stats.allocated[kind] - revocableUsed[kind];
    yield [`master/${kind}_total`, total / MILLI];
    yield [`master/${kind}_used`, used / MILLI];
    yield [`master/${kind}_percent`, total === 0 ? 0 : used / total];
    yield [`master/${kind}_revocable_total`, revocable[kind] / MILLI];
    yield [`master/${kind}_revocable_used`, revocableUsed[kind] / MILLI];
    yield [
      `master/${kind}_revocable_percent`,
      revocable[kind] === 0 ? 0 : revocableUsed[kind] / revocable[kind],
    ];
  }
}

const MILLI = 1_000;

function* agentMetrics({ agents, unreachableAgents, counters }: MasterState): Generator<MetricValue> {
  let connected = 0;
  let active = 0;
  let count = 0;
  for (const agent of agents) {
    count++;
    if (agent.link === null) continue;
    connected++;
    if (!agent.deactivated) active++;
  }
  yield ['master/slaves_connected', connected];
  yield ['master/slaves_disconnected', count - connected];
  yield ['master/slaves_active', active];
  yield ['master/slaves_inactive', count - active];
  yield ['master/slaves_unreachable', unreachableAgents.size];
  yield ['master/slave_registrations', counters.agentRegistrations];
  yield ['master/slave_reregistrations', counters.agentReregistrations];
  const { agentRemovalsRegistered, agentRemovalsUnhealthy, agentRemovalsUnregistered } = counters;
  yield [
    'master/slave_removals',
    agentRemovalsRegistered + agentRemovalsUnhealthy + agentRemovalsUnregistered,
  ];
  yield ['master/slave_removals/reason_registered', agentRemovalsRegistered];
  yield ['master/slave_removals/reason_unhealthy', agentRemovalsUnhealthy];
  yield ['master/slave_removals/reason_unregistered', agentRemovalsUnregistered];
  // The names of old for the same thing are `shutdowns`.
  for (const name of ['slave_unreachable', 'slave_shutdowns']) {
    yield [`master/${name}_scheduled`, counters.agentUnreachableScheduled];
    yield [`master/${name}_canceled`, counters.agentUnreachableCanceled];
    yield [`master/${name}_completed`, counters.agentUnreachableCompleted];
  }
  yield ['master/recovery_slave_removals', counters.recoveryAgentRemovals];
}

function* frameworkSums({ frameworks, offers }: MasterState): Generator<MetricValue> {
  let connected = 0;
  let count = 0;
  for (const framework of frameworks) {
    count++;
    if (framework.stream !== null) connected++;
  }
  yield ['master/frameworks_connected', connected];
  yield ['master/frameworks_disconnected', count - connected];
  yield ['master/frameworks_active', connected];
  yield ['master/frameworks_inactive', count - connected];
  yield ['master/outstanding_offers', offers.count];
}

function* taskMetrics({ frameworks, counters }: MasterState): Generator<MetricValue> {
  const active = new Map<TaskState, number>(ACTIVE.map((state) => [state, 0]));
  for (const framework of frameworks) countActive(framework, active);
  for (const [state, count] of active) yield [`master/tasks_${lower(state)}`, count];
  const { taskEnds } = counters;
  for (const state of ENDED) yield [`master/tasks_${lower(state)}`, taskEnds.of(state)];
  for (const [state, source, reason, count] of taskEnds.byReason()) {
    yield [`master/task_${lower(state)}/${oldName(source)}/${oldName(reason)}`, count];
  }
}

/** Adds a framework's live tasks by state, and its unreachable ones. */
function countActive(framework: FrameworkRecord, active: Map<TaskState, number>): void {
  for (const { state } of framework.tasks.values()) {
    const count = active.get(state);
    if (count !== undefined) active.set(state, count + 1);
  }
  active.set('TASK_UNREACHABLE', active.get('TASK_UNREACHABLE')! + framework.unreachableTasks.size);
}

function lower(state: TaskState): string {
  return state.slice('TASK_'.length).toLowerCase();
}

/** The names of version 0 (spec 07 §2): an agent is a slave. */
function oldName(name: string): string {
  return name.toLowerCase().replace('agent', 'slave');
}

function* messageMetrics({ counters }: MasterState): Generator<MetricValue> {
  const messages: readonly (readonly [string, number])[] = [
    ['register_framework', counters.messagesRegisterFramework],
    ['reregister_framework', counters.messagesReregisterFramework],
    ['unregister_framework', counters.messagesUnregisterFramework],
    ['deactivate_framework', counters.messagesDeactivateFramework],
    ['register_slave', counters.messagesRegisterAgent],
    ['reregister_slave', counters.messagesReregisterAgent],
    ['unregister_slave', counters.messagesUnregisterAgent],
    ['kill_task', counters.messagesKillTask],
    ['launch_tasks', counters.messagesLaunchTasks],
    ['decline_offers', counters.messagesDeclineOffers],
    ['revive_offers', counters.messagesReviveOffers],
    ['suppress_offers', counters.messagesSuppressOffers],
    ['resource_request', counters.messagesResourceRequest],
    ['reconcile_tasks', counters.messagesReconcileTasks],
    ['reconcile_operations', counters.messagesReconcileOperations],
    ['status_update', counters.messagesStatusUpdate],
    ['status_update_acknowledgement', counters.messagesStatusUpdateAcknowledgement],
    ['operation_status_update', counters.messagesOperationStatusUpdate],
    ['operation_status_update_acknowledgement', counters.messagesOperationStatusUpdateAcknowledgement],
    ['framework_to_executor', counters.messagesFrameworkToExecutor],
    ['executor_to_framework', counters.messagesExecutorToFramework],
    ['exited_executor', counters.messagesExitedExecutor],
    ['update_framework', counters.messagesUpdateFramework],
  ];
  for (const [name, count] of messages) yield [`master/messages_${name}`, count];
  yield ['master/dropped_messages', counters.droppedMessages];
  yield ['master/valid_status_updates', counters.validStatusUpdates];
  yield ['master/invalid_status_updates', counters.invalidStatusUpdates];
  yield ['master/valid_status_update_acknowledgements', counters.validStatusUpdateAcknowledgements];
  yield ['master/invalid_status_update_acknowledgements', counters.invalidStatusUpdateAcknowledgements];
  yield ['master/valid_operation_status_updates', counters.validOperationStatusUpdates];
  yield ['master/invalid_operation_status_updates', counters.invalidOperationStatusUpdates];
  yield [
    'master/valid_operation_status_update_acknowledgements',
    counters.validOperationStatusUpdateAcknowledgements,
  ];
  yield [
    'master/invalid_operation_status_update_acknowledgements',
    counters.invalidOperationStatusUpdateAcknowledgements,
  ];
  yield ['master/valid_framework_to_executor_messages', counters.validFrameworkToExecutor];
  yield ['master/invalid_framework_to_executor_messages', counters.invalidFrameworkToExecutor];
  yield ['master/valid_executor_to_framework_messages', counters.validExecutorToFramework];
  yield ['master/invalid_executor_to_framework_messages', counters.invalidExecutorToFramework];
}

/** Pending operations as they are, ended ones as they were counted. */
function* operationMetrics({ agents, counters }: MasterState): Generator<MetricValue> {
  const pending = new Map(RESOURCE_OPERATIONS.map((type) => [type, 0]));
  for (const { operations } of agents) {
    for (const { info, isPending } of operations?.values() ?? [])
      if (isPending) pending.set(info.type, pending.get(info.type)! + 1);
  }
  const states = ['OPERATION_PENDING', ...OPERATION_ENDS] as const;
  const sums = new Map<string, number>(states.map((state) => [state, 0]));
  let total = 0;
  for (const type of RESOURCE_OPERATIONS) {
    let ofType = 0;
    for (const state of states) {
      const count =
        state === 'OPERATION_PENDING' ? pending.get(type)! : counters.operationEnds.of(type, state);
      ofType += count;
      sums.set(state, sums.get(state)! + count);
      yield [`master/operations/${type.toLowerCase()}/${lowerOperation(state)}`, count];
    }
    total += ofType;
    yield [`master/operations/${type.toLowerCase()}/total`, ofType];
  }
  for (const [state, count] of sums) yield [`master/operations/${lowerOperation(state)}`, count];
  yield ['master/operations/total', total];
}

function lowerOperation(state: string): string {
  return state.slice('OPERATION_'.length).toLowerCase();
}

function* allocatorMetrics(master: MasterState): Generator<MetricValue> {
  const { allocator, stats, quotas } = master;
  const { allocationRuns, offerFiltersActive } = allocator.metrics();
  yield ['allocator/mesos/allocation_runs', allocationRuns];
  yield ['allocator/mesos/offer_filters/active', offerFiltersActive];
  for (const kind of ['cpus', 'mem', 'disk'] as const) {
    const name = `allocator/mesos/resources/${kind}`;
    yield [`${name}/total`, stats.total[kind] / MILLI];
    yield [`${name}/offered_or_allocated`, (stats.offered[kind] + stats.allocated[kind]) / MILLI];
  }
  const roles = new Set<string>();
  for (const framework of master.frameworks) for (const role of framework.roles) roles.add(role);
  for (const role of roles)
    yield [`allocator/mesos/roles/${role}/shares/dominant`, allocator.dominantShare(allocator.role(role))];
  for (const [role, { guarantees, limits }] of quotas) {
    const name = `allocator/mesos/quota/roles/${role}/resources`;
    for (let index = 0; index < guarantees.names.length; index++)
      yield [`${name}/${guarantees.names[index]!}/guarantee`, fromMilli(guarantees.values[index]!)];
    for (let index = 0; index < limits.names.length; index++)
      yield [`${name}/${limits.names[index]!}/limit`, fromMilli(limits.values[index]!)];
  }
}

function* frameworkMetrics(
  framework: FrameworkRecord,
  frameworkIdText: (id: FrameworkId) => string,
): Generator<MetricValue> {
  const { counters, info } = framework;
  if (counters === null) return;
  const prefix = `master/frameworks/${encodeURIComponent(info.name)}/${frameworkIdText(framework.id)}`;
  yield [`${prefix}/subscribed`, framework.stream === null ? 0 : 1];
  yield* sums(`${prefix}/calls`, CALL_TYPES, counters.calls);
  yield* sums(`${prefix}/events`, EVENT_TYPES, counters.events);
  yield* sums(`${prefix}/operations`, OPERATION_TYPES, counters.operations);
  const active = new Map<TaskState, number>(ACTIVE.map((state) => [state, 0]));
  countActive(framework, active);
  for (const [state, count] of active) yield [`${prefix}/tasks/active/${state.toLowerCase()}`, count];
  for (const state of ENDED)
    yield [
      `${prefix}/tasks/terminal/${state.toLowerCase()}`,
      counters.tasksEnded[TASK_STATE_NUMBERS[state]]!,
    ];
  yield [`${prefix}/offers/sent`, counters.offersSent];
  yield [`${prefix}/offers/accepted`, counters.offersAccepted];
  yield [`${prefix}/offers/declined`, counters.offersDeclined];
  yield [`${prefix}/offers/rescinded`, counters.offersRescinded];
  for (const role of framework.roles)
    yield [`${prefix}/roles/${role}/suppressed`, framework.suppressedRoles.has(role) ? 1 : 0];
}

/** The sum, then each. */
function* sums<Name extends string>(
  prefix: string,
  names: readonly Name[],
  counts: { readonly [Key in Name]: number },
): Generator<MetricValue> {
  let sum = 0;
  for (const name of names) sum += counts[name];
  yield [prefix, sum];
  for (const name of names) yield [`${prefix}/${name.toLowerCase()}`, counts[name]];
}
