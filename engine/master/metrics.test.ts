import { expect, test } from 'vitest';
import { frameworkIdText, type TaskId } from '../core/index.ts';
import { launch, MasterDriver, resources, SECOND, taskInfo } from './test-kit.ts';

// Spec 15: names and what they count.

function metricsOf(driver: MasterDriver): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [name, value] of driver.machine.metrics(driver.now, (id) => frameworkIdText(id, () => 'm'))) {
    expect(found.has(name), `${name} comes once`).toBe(false);
    expect(Number.isFinite(value), name).toBe(true);
    found.set(name, value);
  }
  return found;
}

const KINDS = ['cpus', 'gpus', 'mem', 'disk'];
const STATES = ['finished', 'failed', 'killed', 'lost', 'error', 'dropped', 'gone', 'gone_by_operator'];
const MESSAGES = [
  'register_framework',
  'reregister_framework',
  'unregister_framework',
  'deactivate_framework',
  'register_slave',
  'reregister_slave',
  'unregister_slave',
  'kill_task',
  'launch_tasks',
  'decline_offers',
  'revive_offers',
  'suppress_offers',
  'resource_request',
  'reconcile_tasks',
  'reconcile_operations',
  'status_update',
  'status_update_acknowledgement',
  'operation_status_update',
  'operation_status_update_acknowledgement',
  'framework_to_executor',
  'executor_to_framework',
  'exited_executor',
];

test('every name of spec 15 that the master can know is there from the start', () => {
  const names = metricsOf(new MasterDriver());
  const expected = [
    'elected uptime_secs outstanding_offers dropped_messages operator_event_stream_subscribers recovery_slave_removals',
    'slaves_connected slaves_disconnected slaves_active slaves_inactive slaves_unreachable',
    'slave_registrations slave_reregistrations slave_removals slave_removals/reason_registered',
    'slave_removals/reason_unhealthy slave_removals/reason_unregistered',
    'slave_unreachable_scheduled slave_unreachable_canceled slave_unreachable_completed',
    'slave_shutdowns_scheduled slave_shutdowns_canceled slave_shutdowns_completed',
    'frameworks_connected frameworks_disconnected frameworks_active frameworks_inactive',
    'tasks_staging tasks_starting tasks_running tasks_killing tasks_unreachable',
    'valid_status_updates invalid_status_updates',
    'valid_status_update_acknowledgements invalid_status_update_acknowledgements',
    'valid_framework_to_executor_messages invalid_framework_to_executor_messages',
    'valid_executor_to_framework_messages invalid_executor_to_framework_messages',
    'valid_operation_status_updates invalid_operation_status_updates',
    'valid_operation_status_update_acknowledgements invalid_operation_status_update_acknowledgements',
    'operations/total operations/pending operations/finished operations/reserve/total operations/reserve/finished',
  ]
    .join(' ')
    .split(' ')
    .concat(STATES.map((state) => `tasks_${state}`))
    .concat(MESSAGES.map((message) => `messages_${message}`))
    .concat(
      KINDS.flatMap((kind) =>
        ['total', 'used', 'percent', 'revocable_total', 'revocable_used', 'revocable_percent'].map(
          (what) => `${kind}_${what}`,
        ),
      ),
    )
    .map((name) => `master/${name}`)
    .concat(['registrar/queued_operations', 'allocator/mesos/allocation_runs'])
    .concat(
      ['cpus', 'mem', 'disk'].flatMap((kind) => [
        `allocator/mesos/resources/${kind}/total`,
        `allocator/mesos/resources/${kind}/offered_or_allocated`,
      ]),
    );
  expect(expected.filter((name) => !names.has(name))).toEqual([]);
});

test('resources, tasks and their ends are counted', () => {
  const driver = new MasterDriver();
  const scheduler = driver.subscribe();
  const agent = driver.register(1);
  driver.wait(2 * SECOND);
  driver.launchOn(scheduler, agent, 1, 2, 3);
  driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1);
  driver.update(scheduler, agent, 2, 'TASK_FAILED', 2);
  driver.update(scheduler, agent, 2, 'TASK_FAILED', 2);
  driver.wait(2 * SECOND);
  const offer = driver.offerOf(scheduler.id);
  driver.accept(scheduler, [offer.id], [launch(taskInfo(9, agent.id, {}, resources('cpus:99')))]);
  expect(Object.fromEntries(metricsOf(driver))).toMatchObject({
    'master/elected': 1,
    'master/uptime_secs': 4,
    'master/cpus_total': 4,
    'master/cpus_used': 2,
    'master/cpus_percent': 0.5,
    'master/slaves_active': 1,
    'master/tasks_staging': 1,
    'master/tasks_running': 1,
    'master/tasks_failed': 1,
    'master/tasks_error': 1,
    'master/task_error/source_master/reason_task_invalid': 1,
    'master/messages_launch_tasks': 2,
    'master/messages_status_update': 3,
    'master/valid_status_updates': 3,
    'master/messages_register_framework': 1,
  });
});

test('an agent that is lost counts as removed, and its tasks as unreachable, by their old names', () => {
  const driver = new MasterDriver();
  const scheduler = driver.subscribe();
  const agent = driver.register(1);
  driver.wait(2 * SECOND);
  driver.launchOn(scheduler, agent, 1);
  driver.closeLink(agent.link);
  driver.wait(601 * SECOND);
  expect(Object.fromEntries(metricsOf(driver))).toMatchObject({
    'master/slaves_unreachable': 1,
    'master/slave_removals': 1,
    'master/slave_removals/reason_unhealthy': 1,
    'master/slave_unreachable_completed': 1,
    'master/tasks_unreachable': 1,
    'master/task_unreachable/source_master/reason_slave_removed': 1,
  });
});

test('calls, events, offers and ends of each framework are counted with the option', () => {
  const driver = new MasterDriver({ options: { frameworkMetrics: true } });
  const scheduler = driver.subscribe({ name: 'a b', principal: 'p' });
  const agent = driver.register(1);
  driver.wait(2 * SECOND);
  driver.launchOn(scheduler, agent, 1);
  driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1);
  driver.call(scheduler.stream, { type: 'SUPPRESS', frameworkId: scheduler.id, roles: [] });
  driver.call(scheduler.stream, {
    type: 'KILL',
    frameworkId: scheduler.id,
    taskId: 8 as TaskId,
    agentId: null,
    killPolicy: null,
  });
  const prefix = `master/frameworks/a%20b/${frameworkIdText(scheduler.id, () => 'm')}`;
  expect(Object.fromEntries(metricsOf(driver))).toMatchObject({
    [`${prefix}/subscribed`]: 1,
    [`${prefix}/calls`]: 4,
    [`${prefix}/calls/accept`]: 1,
    [`${prefix}/events/offers`]: 1,
    [`${prefix}/events/update`]: 2,
    [`${prefix}/operations/launch`]: 1,
    [`${prefix}/offers/accepted`]: 1,
    [`${prefix}/tasks/terminal/task_finished`]: 1,
    [`${prefix}/roles/eng/suppressed`]: 1,
    'frameworks/p/messages_received': 4,
    'frameworks/p/messages_processed': 4,
  });
});

test('without the option nothing is counted for frameworks', () => {
  const driver = new MasterDriver();
  driver.subscribe({ principal: 'p' });
  for (const name of metricsOf(driver).keys()) expect(name).not.toMatch(/^(master\/)?frameworks\//);
});
