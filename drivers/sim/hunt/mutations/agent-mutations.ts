import { edit, type Mutation } from './mutation.ts';

const LAUNCHES = 'engine/agent/task-launches.ts';

/** Bugs of the agent. */
export const AGENT_MUTATIONS: readonly Mutation[] = [
  {
    id: 'B03',
    title: 'Executor that never started keeps its share',
    edits: [
      edit(
        LAUNCHES,
        'if (executor === null && launchExecutor) this.#state.sendExecutorExited(frameworkId, info.executorId, null, outputs);',
        '',
      ),
      edit(
        'engine/agent/executors.ts',
        "if (executor.kind === 'pod' || executor.phase === 'registering') this.destroy(executor, 'shutdown', outputs);",
        "executor.neverStarted = executor.phase === 'registering'; if (executor.kind === 'pod' || executor.phase === 'registering') this.destroy(executor, 'shutdown', outputs);",
      ),
      edit(
        'engine/agent/executors.ts',
        'if (!framework.isTerminating) this.#state.sendExecutorExited(framework.id, info.executorId, waitStatus(exit), outputs);',
        'if (!framework.isTerminating && !executor.neverStarted) this.#state.sendExecutorExited(framework.id, info.executorId, waitStatus(exit), outputs);',
      ),
    ],
    expects: ['S1'],
    note: 'Nothing is told of an executor whose launch was refused, nor of one whose first tasks were all killed before it had registered.',
  },
  {
    id: 'B09',
    title: 'Killed but launched anyway',
    edits: [
      edit(
        'engine/agent/executors.ts',
        'const kept = queue.filter((other) => !killed.includes(other)); queue.length = 0;',
        'const kept = [...queue]; queue.length = 0;',
      ),
    ],
    expects: ['S4', 'S10'],
    note: null,
  },
  {
    id: 'B10',
    title: 'Kill swallowed because the framework was forgotten',
    edits: [
      edit(
        'engine/agent/executors.ts',
        "this.#state.record(now, other, 'TASK_KILLED', 'SOURCE_AGENT', 'REASON_TASK_KILLED_DURING_LAUNCH', 'Killed before delivery to the executor', null, outputs);",
        "if (other.framework.taskCount > killed.length) this.#state.record(now, other, 'TASK_KILLED', 'SOURCE_AGENT', 'REASON_TASK_KILLED_DURING_LAUNCH', 'Killed before delivery to the executor', null, outputs); else this.#state.forget(other);",
      ),
    ],
    expects: ['L1', 'S1'],
    note: 'Queued tasks that are all their framework has on the agent are forgotten when they are killed, and nobody is told.',
  },
  {
    id: 'B12',
    title: 'Old ack pops the new update',
    edits: [
      edit(
        'engine/agent/status-updates.ts',
        "if (head === null || head.uuid !== uuid) return 'ignored';",
        "if (head === null) return 'ignored';",
      ),
    ],
    expects: ['S5'],
    note: null,
  },
  {
    id: 'B14',
    title: 'Read that inserts',
    edits: [
      edit(
        'engine/agent/agent-machine.ts',
        'const framework = this.#state.findFramework(message.frameworkId); const executor = findExecutor(framework, message.executorId);',
        'const framework = this.#state.framework(message.frameworkId, null); const executor = findExecutor(framework, message.executorId);',
      ),
    ],
    expects: ['S10', 'S1'],
    note: 'An order to shut an executor down makes a record of its framework where there is none.',
  },
  {
    id: 'B31',
    title: 'Backoff that overflows to zero',
    edits: [
      edit(
        'engine/agent/status-updates.ts',
        'Math.min(2 * task.retryDelay, this.#retryDelayMax)',
        'Math.max(1, ((16 * task.retryDelay) | 0) % this.#retryDelayMax)',
      ),
    ],
    expects: ['L7', 'C1'],
    note: 'The wait before an update is repeated is multiplied in 32 bits and cut to its maximum afterwards.',
  },
];
