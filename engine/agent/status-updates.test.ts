import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FrameworkId, type Micros, micros, type TaskId, type UpdateId } from '../core/index.ts';
import { isTerminal, type TaskState, type TaskStatus } from '../protocol/index.ts';
import { AgentFramework } from './agent-framework.ts';
import { AgentTask, commandExecutorId, NEVER } from './agent-task.ts';
import type { AgentOutput } from './index.ts';
import { DEFAULT_AGENT_SETTINGS } from './index.ts';
import { StatusUpdates } from './status-updates.ts';
import { TaskTable } from './task-table.ts';
import { AGENT, updates } from './test-kit.ts';

const TASKS = 4;
const RETRY = DEFAULT_AGENT_SETTINGS.statusUpdateRetry;
const RETRY_MAX = DEFAULT_AGENT_SETTINGS.statusUpdateRetryMax;

type Command =
  | { readonly kind: 'append'; readonly task: number; readonly state: TaskState }
  /** `which` picks an id: the head's, an older one, a newer one, an unknown one. */
  | { readonly kind: 'acknowledge'; readonly task: number; readonly which: number }
  | { readonly kind: 'link'; readonly up: boolean }
  | { readonly kind: 'wait'; readonly micros: number }
  | { readonly kind: 'toDeadline' }
  /** A new process takes the streams over. */
  | { readonly kind: 'restart' };

const states = fc.constantFrom<TaskState>(
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_FINISHED',
  'TASK_FAILED',
);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('append' as const), task: fc.nat(TASKS - 1), state: states }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('acknowledge' as const),
      task: fc.nat(TASKS - 1),
      which: fc.integer({ min: -2, max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('link' as const), up: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), micros: fc.nat(30_000_000) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'toDeadline' as const }) },
  fc.constant({ kind: 'restart' as const }),
);

/** What spec 07 §3 asks of one task's stream, the slow way: all timers exact, one list per task. */
class PlainStream {
  readonly ids: number[] = [];
  dueAt = NEVER;
  delay = 0;
  terminal = false;
}

/** The status update manager as the specification tells it. `sent` lists `task/id` of everything sent in one step, sorted. */
class PlainUpdates {
  readonly streams = Array.from({ length: TASKS }, () => new PlainStream());
  up = false;
  sent: string[] = [];

  append(now: number, task: number, id: number, terminal: boolean): void {
    const stream = this.streams[task]!;
    stream.ids.push(id);
    stream.terminal = terminal;
    if (stream.ids.length === 1) this.#first(now, task);
  }

  acknowledge(now: number, task: number, id: number): void {
    const stream = this.streams[task]!;
    if (stream.ids[0] !== id) return;
    stream.ids.shift();
    stream.dueAt = NEVER;
    this.#first(now, task);
  }

  link(now: number, up: boolean): void {
    this.up = up;
    for (let task = 0; task < TASKS; task++) {
      this.streams[task]!.dueAt = NEVER;
      this.#first(now, task);
    }
  }

  tick(now: number): void {
    for (let task = 0; task < TASKS; task++) {
      const stream = this.streams[task]!;
      if (stream.dueAt > now) continue;
      stream.delay = Math.min(2 * stream.delay, RETRY_MAX);
      this.#send(now, task);
    }
  }

  get earliest(): number {
    return Math.min(...this.streams.map(({ dueAt }) => dueAt));
  }

  #first(now: number, task: number): void {
    const stream = this.streams[task]!;
    if (!this.up || stream.ids.length === 0) return;
    stream.delay = RETRY;
    this.#send(now, task);
  }

  #send(now: number, task: number): void {
    const stream = this.streams[task]!;
    stream.dueAt = now + stream.delay;
    this.sent.push(`${task}/${stream.ids[0]}`);
  }
}

// Spec 07 §3.
test('the update manager sends what the plain one sends, when it sends it, over restarts too', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120, size: 'max' }), (commands) => {
      const framework = new AgentFramework(1 as FrameworkId, null);
      const fresh = (into: TaskTable): AgentTask[] =>
        Array.from({ length: TASKS }, (_, number) => {
          const id = number as TaskId;
          const task = new AgentTask(framework, id, null, '', commandExecutorId(id), null, -1);
          into.add(task);
          return task;
        });
      let table = new TaskTable();
      let tasks = fresh(table);
      let subject = new StatusUpdates(DEFAULT_AGENT_SETTINGS);
      const oracle = new PlainUpdates();
      let now = 0;

      const step = (act: (outputs: AgentOutput[]) => void): void => {
        const outputs: AgentOutput[] = [];
        oracle.sent = [];
        act(outputs);
        subject.checkInvariants(table);
        const sent = updates(outputs).map(({ status }) => `${status.taskId}/${status.uuid}`);
        expect(sent.sort()).toEqual(oracle.sent.sort());
        for (const { status, latestState } of updates(outputs))
          expect(latestState).toBe(tasks[status.taskId]!.state);
        // The deadline may be early, never late, and there is none when nothing waits.
        expect(subject.deadline).toBeLessThanOrEqual(oracle.earliest);
        expect(subject.deadline === NEVER).toBe(oracle.earliest === NEVER);
      };
      const tick = (): void => {
        step((outputs) => {
          if (subject.deadline <= now) subject.retry(now as Micros, table, outputs);
          oracle.tick(now);
        });
      };

      for (const { kind, ...rest } of commands.map((each) => ({
        task: 0,
        which: 0,
        state: 'TASK_RUNNING' as TaskState,
        up: false,
        micros: 0,
        ...each,
      }))) {
        const { task, which, state, up } = rest;
        switch (kind) {
          case 'append':
            if (isTerminal(tasks[task]!.state)) break;
            step((outputs) => {
              const uuid = subject.mint();
              const status = {
                taskId: task as TaskId,
                state,
                source: 'SOURCE_EXECUTOR',
                reason: null,
                agentId: AGENT,
              } as const;
              const rarely = {
                executorId: null,
                timestamp: now as Micros,
                uuid,
                message: null,
                details: null,
              };
              subject.append(now as Micros, tasks[task]!, { ...status, ...rarely }, outputs);
              oracle.append(now, task, uuid, isTerminal(state));
            });
            break;
          case 'acknowledge': {
            const stream = oracle.streams[task]!;
            const uuid = (stream.ids[0] ?? 1) + which;
            const last = stream.ids.length === 1 && stream.ids[0] === uuid;
            step((outputs) => {
              const done = subject.acknowledge(now as Micros, tasks[task]!, uuid as UpdateId, outputs);
              const ended = last && stream.terminal;
              expect(done).toBe(stream.ids[0] !== uuid ? 'ignored' : ended ? 'streamEnded' : 'acknowledged');
              oracle.acknowledge(now, task, uuid);
            });
            break;
          }
          case 'link':
            step((outputs) => {
              if (up) subject.resume(now as Micros, AGENT, table, outputs);
              else subject.pause(table);
              oracle.link(now, up);
            });
            break;
          case 'restart':
            step((outputs) => {
              const [before, next] = [tasks, subject.nextUpdate];
              table = new TaskTable();
              tasks = fresh(table);
              subject = new StatusUpdates(DEFAULT_AGENT_SETTINGS);
              subject.continueAt(next);
              for (const old of before) {
                const task = tasks[old.taskId]!;
                for (const status of old.head === null ? [] : [old.head, ...(old.queued ?? [])])
                  subject.append(now as Micros, task, status, outputs);
                task.state = old.state;
              }
              oracle.link(now, false);
            });
            break;
          case 'wait': {
            const end = now + rest.micros;
            while (subject.deadline <= end) {
              now = subject.deadline;
              tick();
            }
            now = end;
            break;
          }
          case 'toDeadline':
            if (subject.deadline === NEVER) break;
            now = subject.deadline;
            tick();
            break;
        }
      }
    }),
  );
});

test('a stream that nobody acknowledges costs a bounded number of sends', () => {
  const table = new TaskTable();
  const task = new AgentTask(
    new AgentFramework(1 as FrameworkId, null),
    1 as TaskId,
    null,
    '',
    commandExecutorId(1 as TaskId),
    null,
    -1,
  );
  table.add(task);
  const subject = new StatusUpdates(DEFAULT_AGENT_SETTINGS);
  const outputs: AgentOutput[] = [];
  subject.resume(micros(0), AGENT, table, outputs);
  const status = {
    taskId: task.taskId,
    state: 'TASK_RUNNING',
    source: 'SOURCE_EXECUTOR',
    reason: null,
    agentId: AGENT,
  } as const;
  const rest = { executorId: null, timestamp: micros(0), uuid: subject.mint(), message: null, details: null };
  subject.append(micros(0), task, { ...status, ...rest }, outputs);
  const day = 86_400_000_000;
  while (subject.deadline <= day) subject.retry(micros(subject.deadline), table, outputs);
  // 10 s doubling reaches 630 s with the seventh send; from there one every 600 s.
  expect(outputs).toHaveLength(7 + Math.floor((86_400 - 630) / 600));
});

function taskOf(table: TaskTable, number: number): AgentTask {
  const id = number as TaskId;
  const framework = new AgentFramework(1 as FrameworkId, null);
  const task = new AgentTask(framework, id, null, '', commandExecutorId(id), null, -1);
  table.add(task);
  return task;
}

function statusOf(task: AgentTask, uuid: UpdateId, state: TaskState): TaskStatus {
  const said = { source: 'SOURCE_EXECUTOR', reason: null, message: null, details: null } as const;
  return {
    ...said,
    taskId: task.taskId,
    state,
    agentId: AGENT,
    executorId: null,
    timestamp: micros(0),
    uuid,
  };
}

/** One task whose first update is sent and waits, a second that has none. */
function oneWaits() {
  const table = new TaskTable();
  const [task, idle] = [taskOf(table, 1), taskOf(table, 2)];
  const subject = new StatusUpdates(DEFAULT_AGENT_SETTINGS);
  const outputs: AgentOutput[] = [];
  subject.resume(micros(0), AGENT, table, outputs);
  const head = statusOf(task, subject.mint(), 'TASK_RUNNING');
  subject.append(micros(0), task, head, outputs);
  subject.checkInvariants(table);
  return { table, task, idle, subject, head, outputs };
}

test('nothing follows the first terminal update, and the refused one leaves no trace', () => {
  const { table, task, subject, outputs } = oneWaits();
  subject.append(micros(1), task, statusOf(task, subject.mint(), 'TASK_FINISHED'), outputs);
  expect(() => {
    subject.append(micros(2), task, statusOf(task, subject.mint(), 'TASK_FAILED'), outputs);
  }).toThrow('the first terminal state of a task is final');
  expect(task.state).toBe('TASK_FINISHED');
  expect(task.queued).toHaveLength(1);
  subject.checkInvariants(table);
});

test('a task that is dropped takes its stream along: nothing of it is sent, acknowledged or waited for', () => {
  const { table, task, idle, subject, head, outputs } = oneWaits();
  subject.append(micros(1), task, statusOf(task, subject.mint(), 'TASK_FINISHED'), outputs);
  subject.append(micros(1), idle, statusOf(idle, subject.mint(), 'TASK_RUNNING'), outputs);
  subject.drop(task);
  expect(task).toMatchObject({ head: null, queued: null, retryAt: NEVER });
  expect(subject.acknowledge(micros(2), task, head.uuid!, outputs)).toBe('ignored');
  expect(subject.deadline).not.toBe(NEVER);
  subject.drop(idle);
  expect(subject.deadline).toBe(NEVER);
  table.remove(task);
  subject.checkInvariants(table);
  outputs.length = 0;
  subject.resume(micros(3), AGENT, table, outputs);
  expect(outputs).toEqual([]);
});

test('ids go on where the former process ended, and never back', () => {
  const subject = new StatusUpdates(DEFAULT_AGENT_SETTINGS);
  subject.continueAt(5 as UpdateId);
  subject.continueAt(3 as UpdateId);
  expect([subject.mint(), subject.mint()]).toEqual([5, 6]);
  expect(subject.nextUpdate).toBe(7);
});

test('the sender is the agent while it is registered, and nobody else', () => {
  const { table, subject } = oneWaits();
  expect(subject.sender).toBe(AGENT);
  subject.pause(table);
  expect(subject.sender).toBeNull();
});

type Books = ReturnType<typeof oneWaits>;

test.each<[string, string, (books: Books) => void]>([
  [
    'an update that was sent and has no retry',
    'a retry is set exactly for',
    ({ task }) => {
      task.retryAt = NEVER;
    },
  ],
  [
    'a retry without an update',
    'a retry is set exactly for',
    ({ subject, idle }) => {
      idle.retryAt = subject.deadline;
    },
  ],
  [
    'a retry without a registration',
    'a retry is set exactly for',
    ({ subject, table, task }) => {
      subject.pause(table);
      task.retryAt = RETRY;
    },
  ],
  [
    'a retry before the deadline',
    'no retry is due before the deadline',
    ({ subject, task }) => {
      task.retryAt = subject.deadline - 1;
    },
  ],
  [
    'updates that queue behind nothing',
    'updates queue only behind a sent one',
    ({ idle, head }) => {
      idle.queued = [head];
      idle.state = head.state;
    },
  ],
  [
    'a state that no update carries',
    'the newest update carries the latest state',
    ({ task }) => {
      task.state = 'TASK_KILLING';
    },
  ],
  [
    'an update behind a terminal one',
    'nothing follows a terminal update',
    ({ task, head }) => {
      task.head = { ...head, state: 'TASK_FINISHED' };
      task.queued = [head];
    },
  ],
  [
    'a stream that ended behind the back of the count',
    'the streams that wait are counted',
    ({ task }) => {
      task.head = null;
      task.retryAt = NEVER;
    },
  ],
  [
    'a deadline for nobody',
    'no deadline without a stream that waits',
    ({ subject, task, outputs }) => {
      const strange = new TaskTable();
      taskOf(strange, 3).retryAt = 2 * RETRY;
      subject.drop(task);
      subject.retry(micros(0), strange, outputs);
    },
  ],
])('books are refused that show %s', (_, message, spoil) => {
  const books = oneWaits();
  spoil(books);
  expect(() => {
    books.subject.checkInvariants(books.table);
  }).toThrow(message);
});
