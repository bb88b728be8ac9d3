import { describe, expect, test } from 'vitest';
import type {
  AgentInput,
  ContainerHandle,
  CustomExecutorSpec,
  ExecutorStreamId,
} from '../../../engine/agent/index.ts';
import { executorInfo, FRAMEWORK, frameworkInfo, taskInfo } from '../../../engine/agent/test-kit.ts';
import { type Micros, micros } from '../../../engine/core/index.ts';
import type { ExecutorEvent } from '../../../engine/protocol/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import { VirtualExecutors } from './virtual-executors.ts';

const SECOND = 1_000_000;
const MACHINE = 0;
const HANDLE = 7 as ContainerHandle;

/** A ground with one executor, whose tasks run for ten seconds, and a clock. What the agent is told, as words. */
class Ground {
  readonly executors: VirtualExecutors;
  readonly heard: string[] = [];
  now = 0;
  isAgentUp = true;
  hangsUntil: Micros | null = null;
  stream: ExecutorStreamId | null = null;
  #later: { readonly at: number; readonly happens: (now: Micros) => void }[] = [];

  constructor(checkpoint = true) {
    this.executors = new VirtualExecutors({
      later: (at, happens) => this.#later.push({ at, happens }),
      isUp: () => this.isAgentUp,
      tell: (_now, _machine, input) => this.#tell(input),
      exit: (_now, machine, container) => {
        this.heard.push('exit');
        this.executors.ended(machine, container);
      },
      hangsUntil: () => this.hangsUntil,
      runMicros: () => 10 * SECOND,
    });
    const framework = frameworkInfo([], checkpoint);
    const spec: CustomExecutorSpec = {
      kind: 'customExecutor',
      frameworkId: FRAMEWORK,
      executorId: 60 as never,
      framework,
      role: 'dev',
      executor: executorInfo(60, 'CUSTOM'),
      resources: Resources.EMPTY,
      environment: {
        checkpoint,
        recoveryTimeout: checkpoint ? micros(900 * SECOND) : null,
        subscriptionBackoffMax: checkpoint ? micros(2 * SECOND) : null,
        shutdownGracePeriod: micros(5 * SECOND),
      },
    };
    this.executors.launched(MACHINE, HANDLE, spec);
    this.executors.started(micros(0), MACHINE, HANDLE);
    this.until(1);
  }

  until(seconds: number): void {
    for (;;) {
      const due = this.#later.filter(({ at }) => at <= seconds * SECOND).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#later = this.#later.filter((one) => one !== due);
      this.now = due.at;
      due.happens(micros(due.at));
    }
    this.now = seconds * SECOND;
  }

  event(event: ExecutorEvent): void {
    this.executors.heard(micros(this.now), MACHINE, this.stream!, event);
  }

  launch(taskId: number): void {
    this.event({ type: 'LAUNCH', task: taskInfo(taskId) });
  }

  #tell(input: AgentInput): void {
    if (input.kind !== 'executorCalled') return;
    const { call } = input;
    if (call.type === 'SUBSCRIBE') {
      this.stream = input.stream;
      const tasks = call.unacknowledgedTasks.map(({ taskId }) => taskId);
      const states = call.unacknowledgedUpdates.map(({ taskId, state }) => `${state} ${taskId}`);
      this.heard.push(`SUBSCRIBE tasks [${tasks.join()}] updates [${states.join()}]`);
    } else if (call.type === 'UPDATE') {
      this.heard.push(`${call.status.state} ${call.status.taskId}`);
    }
  }
}

describe('a virtual executor', () => {
  test('subscribes once its container runs, runs its tasks for their time, and says so', () => {
    const ground = new Ground();
    ground.launch(1);
    ground.until(5);
    expect(ground.heard).toEqual(['SUBSCRIBE tasks [] updates []', 'TASK_RUNNING 1']);
    ground.until(20);
    expect(ground.heard.at(-1)).toBe('TASK_FINISHED 1');
  });

  test('kills a task on KILL, and everything on SHUTDOWN before it ends', () => {
    const ground = new Ground();
    for (const task of [1, 2, 3]) ground.launch(task);
    ground.until(2);
    ground.event({ type: 'KILL', taskId: 2 as never, killPolicy: null });
    ground.until(3);
    expect(ground.heard.at(-1)).toBe('TASK_KILLED 2');
    ground.event({ type: 'SHUTDOWN' });
    ground.until(60);
    expect(ground.heard.slice(-3)).toEqual(['TASK_KILLED 1', 'TASK_KILLED 3', 'exit']);
  });

  test('comes again to a new process of its agent, with what was not acknowledged', () => {
    const ground = new Ground();
    ground.launch(1);
    ground.until(2);
    ground.isAgentUp = false;
    ground.executors.agentLeft(micros(ground.now), MACHINE);
    ground.until(100);
    ground.isAgentUp = true;
    ground.executors.agentCame(micros(ground.now), MACHINE);
    ground.until(101);
    expect(ground.heard.at(-1)).toBe('SUBSCRIBE tasks [] updates [TASK_RUNNING 1,TASK_FINISHED 1]');
  });

  test('names the tasks of which nothing was acknowledged', () => {
    const ground = new Ground();
    ground.launch(1);
    ground.until(2);
    ground.executors.closed(micros(ground.now), MACHINE, ground.stream!);
    ground.executors.agentCame(micros(ground.now), MACHINE);
    ground.until(3);
    expect(ground.heard.at(-1)).toBe('SUBSCRIBE tasks [1] updates [TASK_RUNNING 1]');
  });

  test('ends with its connection if its framework does not checkpoint, else after the recovery timeout', () => {
    const plain = new Ground(false);
    plain.executors.agentLeft(micros(plain.now), MACHINE);
    expect(plain.heard.at(-1)).toBe('exit');
    const patient = new Ground();
    patient.isAgentUp = false;
    patient.executors.agentLeft(micros(patient.now), MACHINE);
    patient.until(900);
    expect(patient.heard).not.toContain('exit');
    patient.until(902);
    expect(patient.heard.at(-1)).toBe('exit');
  });

  test('does nothing while it hangs, and everything when it goes on', () => {
    const ground = new Ground();
    ground.hangsUntil = micros(50 * SECOND);
    ground.launch(1);
    ground.until(49);
    expect(ground.heard).toHaveLength(1);
    ground.until(70);
    expect(ground.heard.slice(1)).toEqual(['TASK_RUNNING 1', 'TASK_FINISHED 1']);
  });
});
