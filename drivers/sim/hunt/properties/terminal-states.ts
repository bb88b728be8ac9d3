import type { AgentOutput } from '../../../../engine/agent/index.ts';
import type { FrameworkId, TaskId } from '../../../../engine/core/index.ts';
import type { MasterMachine } from '../../../../engine/master/index.ts';
import { isTerminal, type TaskState } from '../../../../engine/protocol/index.ts';
import { expectThat, type Property } from '../property.ts';

type TaskRecord =
  MasterMachine['state']['frameworks'] extends Iterable<infer Framework>
    ? Framework extends { readonly tasks: ReadonlyMap<unknown, infer Task> }
      ? Task
      : never
    : never;

/**
 * S4, terminal is absorbing. On an agent: once a task's end was made known, nothing else is said of it and nothing of it starts. In the
 * master: the first terminal state of a record stays. And of one launch there is one start (S3).
 */
export function terminalStates(): Property {
  /** Latest state that an agent has put into words, per machine, framework and task. */
  const said = new Map<string, { state: TaskState; uuid: number }>();
  const ended = new WeakMap<TaskRecord, TaskState>();
  const launches = new Map<string, number>();
  const starts = new Map<string, number>();
  const begins = (machine: number, frameworkId: FrameworkId, taskId: TaskId): void => {
    const name = `${frameworkId} ${taskId}`;
    const started = (starts.get(name) ?? 0) + 1;
    starts.set(name, started);
    expectThat(
      started <= (launches.get(name) ?? 0),
      'S3',
      () =>
        `task ${taskId} of framework ${frameworkId} was launched ${launches.get(name) ?? 0} times and starts for the ${started}th, on machine ${machine}`,
    );
    const before = said.get(`${machine} ${name}`);
    expectThat(
      before === undefined || !isTerminal(before.state) || launches.get(name) !== 1,
      'S4',
      () =>
        `task ${taskId} of framework ${frameworkId} starts on machine ${machine} after its agent has said ${before!.state}`,
    );
    said.delete(`${machine} ${name}`);
  };
  return {
    id: 'S4',
    frameworkOutput(_now, number, output) {
      if (output.kind !== 'call' || output.call.type !== 'ACCEPT') return;
      for (const operation of output.call.operations) {
        if (operation.type !== 'LAUNCH' && operation.type !== 'LAUNCH_GROUP') continue;
        for (const { taskId } of operation.taskInfos) {
          const key = `${output.call.frameworkId} ${taskId}`;
          launches.set(key, (launches.get(key) ?? 0) + 1);
        }
      }
      void number;
    },
    agentOutput(_now, machine, output) {
      const start = startOf(output);
      if (start !== null) {
        for (const taskId of start.taskIds) begins(machine, start.frameworkId, taskId);
      } else if (output.kind === 'toMaster' && output.message.type === 'STATUS_UPDATE') {
        const { frameworkId, status, latestState } = output.message;
        const key = `${machine} ${frameworkId} ${status.taskId}`;
        const before = said.get(key);
        if (before === undefined) {
          said.set(key, { state: latestState, uuid: status.uuid! });
          return;
        }
        expectThat(
          !isTerminal(before.state) ||
            before.state === latestState ||
            launches.get(`${frameworkId} ${status.taskId}`) !== 1,
          'S4',
          () =>
            `task ${status.taskId} of framework ${frameworkId} was ${before.state} on machine ${machine} and is ${latestState} now`,
        );
        before.state = latestState;
        before.uuid = status.uuid!;
      }
    },
    check(scene) {
      const { leader } = scene;
      if (leader === null) return;
      for (const { id, tasks } of leader.state.frameworks) {
        for (const task of tasks.values()) {
          if (!isTerminal(task.state)) {
            expectThat(
              !ended.has(task),
              'S4',
              () =>
                `in the master, task ${task.taskId} of framework ${id} was ${ended.get(task)} and is ${task.state} now`,
            );
            continue;
          }
          const first = ended.get(task);
          if (first === undefined) ended.set(task, task.state);
          expectThat(
            first === undefined || first === task.state,
            'S4',
            () =>
              `in the master, task ${task.taskId} of framework ${id} was ${first} and is ${task.state} now`,
          );
        }
      }
    },
  };
}

/** Tasks whose processes an order starts: in a container of their own. Custom executors start theirs by themselves. */
function startOf(output: AgentOutput): { frameworkId: FrameworkId; taskIds: readonly TaskId[] } | null {
  if (output.kind !== 'launchContainer') return null;
  const { spec } = output;
  if (spec.kind !== 'commandTask' && spec.kind !== 'podTask') return null;
  return { frameworkId: spec.frameworkId, taskIds: [spec.task.taskId] };
}
