import { type Milli, toMilli } from '../core/index.ts';
import type {
  StatusReason,
  StatusSource,
  TaskInfo,
  TaskState,
  TaskStatusDetails,
} from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import type { TaskEnding } from './agent-task.ts';
import type { ContainerExit } from './container.ts';
import { NO_DETAILS } from './status-details.ts';

/** What the end of a container means for its task: the parts of the terminal update. */
export interface ContainerOutcome {
  readonly state: TaskState;
  readonly source: StatusSource;
  readonly reason: StatusReason | null;
  readonly message: string;
  readonly details: TaskStatusDetails | null;
}

const FINISHED: ContainerOutcome = {
  state: 'TASK_FINISHED',
  source: 'SOURCE_EXECUTOR',
  reason: null,
  message: 'Command exited with status 0',
  details: null,
};

/** What `strsignal` calls the common signals; Mesos's messages carry these names. Index: signal number. */
const SIGNAL_NAMES: readonly string[] = [
  '',
  'Hangup',
  'Interrupt',
  'Quit',
  'Illegal instruction',
  'Trace/breakpoint trap',
  'Aborted',
  'Bus error',
  'Floating point exception',
  'Killed',
  'User defined signal 1',
  'Segmentation fault',
  'User defined signal 2',
  'Broken pipe',
  'Alarm clock',
  'Terminated',
];

/**
 * The terminal update for a container that ended. What the agent knows of it (a limit, a failed launch) goes before what the executor
 * concludes; a task that was told to end is KILLED whatever its exit code (spec 04 §4, §6; 07 §2).
 *
 * @param partitionAware of the framework; decides between LOST and DROPPED or GONE
 * @param launched whether the container is known to have started
 */
export function containerOutcome(
  exit: ContainerExit,
  ending: TaskEnding,
  task: TaskInfo,
  launched: boolean,
  partitionAware: boolean,
): ContainerOutcome {
  if (exit.cause === null && ending === 'none' && exit.code === 0) return FINISHED;
  switch (exit.cause) {
    case 'MEMORY_LIMIT':
      return limitation('REASON_CONTAINER_LIMITATION_MEMORY', exit.message ?? 'Memory limit exceeded', {
        mem: memoryLimit(task),
      });
    case 'DISK_LIMIT':
      return limitation('REASON_CONTAINER_LIMITATION_DISK', exit.message ?? 'Disk usage exceeds quota', {
        disk: task.resources.disk,
      });
    case 'OTHER_LIMIT':
      return byAgent(
        'TASK_FAILED',
        'REASON_CONTAINER_LIMITATION',
        exit.message ?? 'Container limit exceeded',
      );
    default:
  }
  if (ending === 'preempted') {
    const state = partitionAware ? 'TASK_GONE' : 'TASK_LOST';
    return byAgent(state, 'REASON_CONTAINER_PREEMPTED', 'Container was ended by the QoS controller');
  }
  if (ending === 'killedDuringLaunch') {
    return byAgent('TASK_KILLED', 'REASON_TASK_KILLED_DURING_LAUNCH', 'Killed before the task was launched');
  }
  if (exit.cause === 'LAUNCH_FAILED' || exit.cause === 'FETCH_FAILED') {
    return byAgent(
      'TASK_FAILED',
      'REASON_CONTAINER_LAUNCH_FAILED',
      exit.message ?? 'Failed to launch container',
    );
  }
  if (exit.cause === 'GONE' && !launched) {
    const state = partitionAware ? 'TASK_DROPPED' : 'TASK_LOST';
    return byAgent(state, 'REASON_AGENT_RESTARTED', exit.message ?? 'Task launched during agent restart');
  }
  if (ending === 'maxCompletionTime') {
    return byExecutor('TASK_FAILED', 'REASON_MAX_COMPLETION_TIME_REACHED', exit);
  }
  if (ending === 'killed' || ending === 'unhealthy') return byExecutor('TASK_KILLED', null, exit);
  if (exit.code === null && exit.signal === null) {
    return byAgent(
      'TASK_FAILED',
      'REASON_EXECUTOR_TERMINATED',
      exit.message ?? 'Command terminated with unknown status',
    );
  }
  return byExecutor('TASK_FAILED', null, exit);
}

export function byAgent(state: TaskState, reason: StatusReason, message: string): ContainerOutcome {
  return { state, source: 'SOURCE_AGENT', reason, message, details: null };
}

function byExecutor(state: TaskState, reason: StatusReason | null, exit: ContainerExit): ContainerOutcome {
  return { state, source: 'SOURCE_EXECUTOR', reason, message: waitStatusText(exit), details: null };
}

export function limitation(
  reason: StatusReason,
  message: string,
  limit: { readonly mem?: Milli; readonly disk?: Milli },
): ContainerOutcome {
  return {
    state: 'TASK_FAILED',
    source: 'SOURCE_AGENT',
    reason,
    message,
    details: { ...NO_DETAILS, limitation: Resources.ofScalars(limit) },
  };
}

/** The hard limit: the task's own limit if it is finite, else what it asked for (spec 12 §6). */
function memoryLimit(task: TaskInfo): Milli {
  const limit = task.template.limits?.mem ?? null;
  return limit !== null && Number.isFinite(limit) ? toMilli(limit) : task.resources.mem;
}

/** `Command exited with status N`, `Command terminated with signal Killed` (spec 04 §6). */
function waitStatusText(exit: ContainerExit): string {
  if (exit.code !== null) return `Command exited with status ${exit.code}`;
  if (exit.signal === null) return 'Command terminated with unknown status';
  return `Command terminated with signal ${SIGNAL_NAMES[exit.signal] ?? `Unknown signal ${exit.signal}`}`;
}
