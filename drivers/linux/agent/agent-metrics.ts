import type { AgentCounts, AgentView } from '../../../engine/agent/index.ts';
import type { Metric, TaskState } from '../../../engine/protocol/index.ts';
import type { Resources } from '../../../engine/resources/index.ts';
import { MICROS_PER_SECOND, MILLI_PER_UNIT } from '../../../engine/core/index.ts';
import { systemMetrics } from '../master/process-api.ts';
import { scalarOf } from './container-limits.ts';

export interface AgentMeasures {
  readonly view: AgentView;
  readonly counts: AgentCounts;
  readonly isRegistered: boolean;
  readonly uptimeSeconds: number;
  readonly launchErrors: number;
  readonly executorStreams: number;
  readonly recoveryErrors: number;
  readonly fetchCacheBytes: number;
  readonly fetchCacheMax: number;
  readonly fetchCacheHits: number;
}

const ENDS: readonly (readonly [string, TaskState])[] = [
  ['finished', 'TASK_FINISHED'],
  ['failed', 'TASK_FAILED'],
  ['killed', 'TASK_KILLED'],
  ['lost', 'TASK_LOST'],
  ['gone', 'TASK_GONE'],
];
const STATES: readonly (readonly [string, TaskState])[] = [
  ['staging', 'TASK_STAGING'],
  ['starting', 'TASK_STARTING'],
  ['running', 'TASK_RUNNING'],
  ['killing', 'TASK_KILLING'],
];
const KINDS = ['cpus', 'gpus', 'mem', 'disk'] as const;

/** What an agent tells of itself (spec 15, Agent), by name, ascending. */
export function agentMetrics(measures: AgentMeasures): readonly Metric[] {
  const { view } = measures;
  const metrics: Metric[] = [...systemMetrics()];
  const add = (name: string, value: number): void => {
    metrics.push({ name: `slave/${name}`, value });
  };
  for (const kind of KINDS) {
    addKind(add, kind, view.info.resources.nonRevocable(), view.used.nonRevocable());
    addKind(add, `${kind}_revocable`, view.info.resources.revocable(), view.used.revocable(), kind);
  }
  const executors = view.frameworks.flatMap((framework) => framework.executors);
  const counts = new Map<TaskState, number>();
  for (const { queuedTasks, launchedTasks } of executors)
    for (const { state } of [...queuedTasks, ...launchedTasks])
      counts.set(state, (counts.get(state) ?? 0) + 1);
  for (const [name, state] of STATES) add(`tasks_${name}`, counts.get(state) ?? 0);
  for (const [name, state] of ENDS) add(`tasks_${name}`, view.ends.get(state) ?? 0);
  for (const phase of ['registering', 'running', 'terminating'] as const)
    add(`executors_${phase}`, executors.filter((executor) => executor.phase === phase).length);
  let terminated = 0;
  for (const { completedExecutors } of [...view.frameworks, ...view.completedFrameworks])
    terminated += completedExecutors.length;
  add('executors_terminated', terminated);
  const { counts: noted } = measures;
  add('executors_preempted', noted.executorsPreempted);
  add('valid_status_updates', noted.validUpdates);
  add('invalid_status_updates', noted.invalidUpdates);
  add('valid_framework_messages', noted.validMessages);
  add('invalid_framework_messages', noted.invalidMessages);
  if (noted.sandboxMaxAllowedAge !== null)
    add('executor_directory_max_allowed_age_secs', noted.sandboxMaxAllowedAge / MICROS_PER_SECOND);
  add('frameworks_active', view.frameworks.length);
  add('registered', measures.isRegistered ? 1 : 0);
  add('uptime_secs', measures.uptimeSeconds);
  add('recovery_errors', measures.recoveryErrors);
  add('container_launch_errors', measures.launchErrors);
  metrics.push(
    { name: 'gc/path_removals_pending', value: noted.sandboxRemovalsPending },
    { name: 'gc/path_removals_succeeded', value: noted.sandboxRemovalsSucceeded },
    { name: 'gc/path_removals_failed', value: noted.sandboxRemovalsFailed },
    { name: 'http/executor_streams', value: measures.executorStreams },
    { name: 'containerizer/fetcher/cache_size_used_bytes', value: measures.fetchCacheBytes },
    { name: 'containerizer/fetcher/cache_size_total_bytes', value: measures.fetchCacheMax },
    { name: 'containerizer/fetcher/cache_hits', value: measures.fetchCacheHits },
  );
  return metrics.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function addKind(
  add: (name: string, value: number) => void,
  name: string,
  total: Resources,
  used: Resources,
  kind = name,
): void {
  const all = scalarOf(total, kind);
  const some = scalarOf(used, kind);
  add(`${name}_total`, all / MILLI_PER_UNIT);
  add(`${name}_used`, some / MILLI_PER_UNIT);
  add(`${name}_percent`, all === 0 ? 0 : some / all);
}
