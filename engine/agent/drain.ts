import type { Micros } from '../core/index.ts';
import { micros } from '../core/index.ts';
import type { DrainConfig, KillPolicy, StatusReason, TaskState } from '../protocol/index.ts';
import type { AgentFramework } from './agent-framework.ts';
import type { AgentTask } from './agent-task.ts';

/**
 * How a task is killed by a drain (spec 10 §2): its own grace period, at most the drain's, and the drain's if it has none of its own. Null
 * where neither says anything.
 */
export function drainKillPolicy(task: AgentTask, { maxGracePeriod }: DrainConfig): KillPolicy | null {
  if (maxGracePeriod === null) return null;
  const own: Micros | null = task.info?.template.killPolicy?.gracePeriod ?? null;
  return { gracePeriod: own === null ? maxGracePeriod : micros(Math.min(own, maxGracePeriod)) };
}

/** What the framework is told of a kill while its agent is drained, whoever asked for it; null where the drain changes nothing. */
export function drainedUpdate(
  { markGone }: DrainConfig,
  framework: AgentFramework,
  state: TaskState,
): { readonly state: TaskState; readonly reason: StatusReason } | null {
  if (state !== 'TASK_KILLED' && state !== 'TASK_KILLING') return null;
  const isGone = markGone && state === 'TASK_KILLED' && isPartitionAware(framework);
  return { state: isGone ? 'TASK_GONE_BY_OPERATOR' : state, reason: 'REASON_AGENT_DRAINING' };
}

function isPartitionAware({ info }: AgentFramework): boolean {
  return info !== null && info.capabilities.includes('PARTITION_AWARE');
}
