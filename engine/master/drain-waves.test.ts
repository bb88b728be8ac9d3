import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AgentId, micros } from '../core/index.ts';
import type { MasterOutput } from './output.ts';
import {
  groupExecutor,
  MasterDriver,
  MINUTE,
  type RegisteredAgent,
  reportedTask,
  resources,
  type Scheduler,
  SECOND,
  taskInfo,
} from './test-kit.ts';

const TIMEOUT = 5 * MINUTE;

function limited(unavailableTasksMax: number, registry?: MasterDriver['registry']): MasterDriver {
  const options = { drainLimit: { unavailableTasksMax, replacementTimeout: micros(TIMEOUT) } };
  return new MasterDriver(registry === undefined ? { options } : { options, registry });
}

function drain(driver: MasterDriver, agentId: AgentId): MasterOutput[] {
  return driver.operator({ type: 'DRAIN_AGENT', agentId, maxGracePeriod: null, markGone: false });
}

/** Ids of the tasks in each order to drain. */
function waves(outputs: readonly MasterOutput[]): (number[] | null)[] {
  return outputs.flatMap((output) =>
    output.kind === 'toAgent' && output.message.type === 'DRAIN_AGENT'
      ? [output.message.tasks === null ? null : output.message.tasks.map(({ taskId }) => taskId as number)]
      : [],
  );
}

/** Agents of 8 cpus; the first with running tasks 1 to `tasks`. */
function cluster(driver: MasterDriver, tasks: number) {
  const shape = { resources: resources('cpus:8;mem:8192;disk:1000') };
  const agents = [driver.register(1, shape), driver.register(2, shape)] as [RegisteredAgent, RegisteredAgent];
  const scheduler = driver.subscribe();
  const ids = Array.from({ length: tasks }, (_, n) => n + 1);
  driver.launchOn(scheduler, agents[0], ...ids);
  for (const taskId of ids) driver.update(scheduler, agents[0], taskId, 'TASK_RUNNING', taskId);
  driver.wait(SECOND);
  return { agents, scheduler };
}

function runsOn(driver: MasterDriver, scheduler: Scheduler, agent: RegisteredAgent, taskId: number) {
  const outputs = driver.launchOn(scheduler, agent, taskId);
  outputs.push(...driver.update(scheduler, agent, taskId, 'TASK_RUNNING', taskId));
  outputs.push(...driver.wait(SECOND));
  return outputs;
}

function ends(driver: MasterDriver, scheduler: Scheduler, agent: RegisteredAgent, taskId: number) {
  return [
    ...driver.update(scheduler, agent, taskId, 'TASK_KILLED', 1_000 + taskId),
    ...driver.acknowledge(scheduler, agent.id, taskId, 1_000 + taskId),
  ];
}

describe('with the option drainLimit', () => {
  test('a drain kills no more of a framework’s tasks at once than may be missing', () => {
    const driver = limited(2);
    const { agents } = cluster(driver, 5);
    expect(waves(drain(driver, agents[0].id))).toEqual([[1, 2]]);
  });

  test('a task that begins to run elsewhere makes up for one, and the next goes', () => {
    const driver = limited(2);
    const { agents, scheduler } = cluster(driver, 5);
    drain(driver, agents[0].id);
    expect(waves(ends(driver, scheduler, agents[0], 1))).toEqual([]);
    const next = [11, 12, 13].map((taskId) => waves(runsOn(driver, scheduler, agents[1], taskId)));
    expect(next.map((orders) => orders.map((tasks) => tasks?.length))).toEqual([[1], [1], [1]]);
    expect(new Set(next.flat(2))).toEqual(new Set([3, 4, 5]));
  });

  test('after the replacement timeout a task no longer counts as missing', () => {
    const driver = limited(2);
    const { agents } = cluster(driver, 3);
    drain(driver, agents[0].id);
    expect(waves(driver.wait(TIMEOUT - SECOND))).toEqual([]);
    expect(waves(driver.wait(SECOND))).toEqual([[3]]);
  });

  test('the limit is one for all agents that drain, and one for each framework', () => {
    const driver = limited(1);
    const { agents, scheduler } = cluster(driver, 2);
    runsOn(driver, scheduler, agents[1], 11);
    expect(waves(drain(driver, agents[0].id))).toEqual([[1]]);
    expect(waves(drain(driver, agents[1].id))).toEqual([[]]);
    const other = limited(1);
    const shared = cluster(other, 1);
    const second = other.subscribe();
    other.call(shared.scheduler.stream, { type: 'SUPPRESS', frameworkId: shared.scheduler.id, roles: [] });
    for (const offer of other.offersOf(shared.scheduler.id))
      other.call(shared.scheduler.stream, {
        type: 'DECLINE',
        frameworkId: shared.scheduler.id,
        offerIds: [offer.id],
        filters: null,
      });
    other.wait(2 * SECOND);
    other.launchOn(second, shared.agents[0], 50);
    expect(waves(drain(other, shared.agents[0].id))).toEqual([[1, 50]]);
  });

  test('the tasks of one executor go together, however many, when nothing is missing', () => {
    const driver = limited(1);
    const shape = { resources: resources('cpus:8;mem:8192;disk:1000') };
    const agent = driver.register(1, shape);
    const scheduler = driver.subscribe();
    const group = {
      type: 'LAUNCH_GROUP',
      id: null,
      executor: groupExecutor(90, scheduler.id),
      taskInfos: [taskInfo(1, agent.id), taskInfo(2, agent.id)],
    } as const;
    driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [group], { refuseSeconds: 0 });
    driver.wait(2 * SECOND);
    driver.launchOn(scheduler, agent, 3);
    expect(waves(drain(driver, agent.id))).toEqual([[1, 2]]);
    expect(waves(driver.wait(TIMEOUT))).toEqual([[3]]);
  });

  test('an agent that comes back is told of those of before, and of no new ones', () => {
    const driver = limited(1);
    const { agents, scheduler } = cluster(driver, 3);
    drain(driver, agents[0].id);
    driver.closeLink(agents[0].link);
    const tasks = [1, 2, 3].map((taskId) => reportedTask(scheduler.id, taskInfo(taskId, agents[0].id)));
    expect(waves(driver.reregister(agents[0].info, { tasks }).outputs)).toEqual([[1]]);
  });

  test('a new master counts as missing what is reported as being killed', () => {
    const before = limited(1);
    const { agents, scheduler } = cluster(before, 3);
    drain(before, agents[0].id);
    const info = before.machine.state.frameworksById.get(scheduler.id)!.info;
    const driver = limited(1, before.registry);
    const tasks = [2, 1, 3].map((taskId) =>
      reportedTask(
        scheduler.id,
        taskInfo(taskId, agents[0].id),
        taskId === 1 ? 'TASK_KILLING' : 'TASK_RUNNING',
      ),
    );
    const frameworks = [{ id: scheduler.id, info }];
    const { outputs } = driver.reregister(agents[0].info, { tasks, frameworks });
    expect(waves(outputs)).toEqual([[1]]);
  });

  test('a drain comes to its end, however many tasks and agents, within the tasks’ number of timeouts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
        (most, count, replaces) => {
          const driver = limited(most);
          const { agents, scheduler } = cluster(driver, count);
          let live = count;
          let missing = 0;
          const pending = [...drain(driver, agents[0].id)];
          for (let round = 0; round <= count && live > 0; round++) {
            for (const taskId of waves(pending.splice(0)).flatMap((wave) => wave ?? [])) {
              missing++;
              live--;
              expect(missing).toBeLessThanOrEqual(Math.max(1, most));
              pending.push(...ends(driver, scheduler, agents[0], taskId));
              if (!replaces[taskId - 1]!) continue;
              missing--;
              pending.push(...runsOn(driver, scheduler, agents[1], 100 + taskId));
            }
            if (live === 0 || pending.some(({ kind }) => kind === 'toAgent' && waves(pending).length > 0))
              continue;
            missing = 0;
            pending.push(...driver.wait(TIMEOUT));
          }
          expect(live).toBe(0);
          expect(driver.machine.state.deactivatedAgents.get(agents[0].id)?.state).toBe('DRAINED');
        },
      ),
    );
  });
});

test('without the option all tasks are killed at once', () => {
  const driver = new MasterDriver();
  const { agents } = cluster(driver, 5);
  expect(waves(drain(driver, agents[0].id))).toEqual([null]);
});
