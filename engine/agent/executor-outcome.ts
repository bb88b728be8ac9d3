import type { Resources } from '../resources/index.ts';
import type { AgentExecutor } from './agent-executor.ts';
import type { AgentTask } from './agent-task.ts';
import type { ContainerExit } from './container.ts';
import { byAgent, type ContainerOutcome, limitation } from './container-outcome.ts';

/**
 * The terminal update for a task whose executor has ended without one: what the agent knows of the executor's end, else
 * REASON_EXECUTOR_TERMINATED (spec 04 §4; 07 §2).
 *
 * @param resources of the executor and its tasks, the limits of its container
 * @param partitionAware of the framework; decides between LOST and GONE or DROPPED
 */
export function executorOutcome(
  exit: ContainerExit,
  executor: AgentExecutor,
  task: AgentTask,
  resources: Resources,
  partitionAware: boolean,
): ContainerOutcome {
  const gone = partitionAware ? 'TASK_GONE' : 'TASK_LOST';
  switch (executor.ending) {
    case 'registrationTimeout':
      return byAgent(
        'TASK_FAILED',
        'REASON_EXECUTOR_REGISTRATION_TIMEOUT',
        'Executor did not register in time',
      );
    case 'reregistrationTimeout':
      return byAgent(
        'TASK_FAILED',
        'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
        'Executor did not register again in time after a restart of the agent',
      );
    case 'preempted':
      return byAgent(gone, 'REASON_CONTAINER_PREEMPTED', 'Container was ended by the QoS controller');
    case 'updateFailed':
      return byAgent(
        gone,
        'REASON_CONTAINER_UPDATE_FAILED',
        `Failed to update resources for container: ${executor.endingMessage ?? 'no reason given'}`,
      );
    default:
  }
  switch (exit.cause) {
    case 'MEMORY_LIMIT':
      return limitation('REASON_CONTAINER_LIMITATION_MEMORY', exit.message ?? 'Memory limit exceeded', {
        mem: resources.mem,
      });
    case 'DISK_LIMIT':
      return limitation('REASON_CONTAINER_LIMITATION_DISK', exit.message ?? 'Disk usage exceeds quota', {
        disk: resources.disk,
      });
    case 'OTHER_LIMIT':
      return byAgent(
        'TASK_FAILED',
        'REASON_CONTAINER_LIMITATION',
        exit.message ?? 'Container limit exceeded',
      );
    case 'LAUNCH_FAILED':
    case 'FETCH_FAILED':
      return byAgent(
        'TASK_FAILED',
        'REASON_CONTAINER_LAUNCH_FAILED',
        exit.message ?? 'Failed to launch container',
      );
    case 'GONE':
      if (task.phase === 'queued') {
        return byAgent(
          partitionAware ? 'TASK_DROPPED' : 'TASK_LOST',
          'REASON_AGENT_RESTARTED',
          exit.message ?? 'Task launched during agent restart',
        );
      }
      break;
    default:
  }
  return byAgent('TASK_FAILED', 'REASON_EXECUTOR_TERMINATED', exit.message ?? 'Executor terminated');
}

/** As `wait` encodes it: the exit code in the second byte, or the signal in the first; null if neither is known. */
export function waitStatus(exit: ContainerExit): number | null {
  return exit.code !== null ? exit.code * 256 : exit.signal;
}
