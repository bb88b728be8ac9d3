import type { ExecutorView, FrameworkView } from '../../../engine/agent/index.ts';
import type { AgentId } from '../../../engine/core/index.ts';
import {
  type ContainerStatus,
  type ExecutorInfo,
  type ResourceStatistics,
  rolesOf,
} from '../../../engine/protocol/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import { writeJson } from '../codec/message/write-json.ts';
import { containerStatusToWire } from '../codec/parts/container-status.ts';
import { statisticsToWire } from '../codec/parts/resource-statistics.ts';
import { labelsText, summaryText } from '../master/endpoint-json.ts';
import { taskJson } from '../master/endpoint-records.ts';
import { ContainerStatusSchema, ResourceStatisticsSchema } from '../proto/generated/mesos/v1/mesos_pb.ts';
import { containerText } from './container-ids.ts';
import type { ExecutorPlace, WorkDir } from './work-dir.ts';

// The records of an agent's endpoints of old as JSON text (spec 06 §C). Field names are those that tools read.

const quote = (text: string): string => JSON.stringify(text);

export interface RecordSurroundings {
  readonly ids: IdTexts;
  readonly workDir: WorkDir;
  readonly agentId: AgentId | null;
}

export function frameworkJson(around: RecordSurroundings, framework: FrameworkView): string {
  const { ids } = around;
  const { info } = framework;
  const executors = (list: readonly ExecutorView[]): string =>
    list.map((one) => executorJson(around, framework, one)).join(',');
  return (
    `{"id":"${ids.frameworkText(framework.id)}","name":${quote(info?.name ?? '')},"user":${quote(info?.user ?? '')}` +
    `,"failover_timeout":${info?.failoverTimeout ?? 0},"checkpoint":${info?.checkpoint ?? false}` +
    `,"hostname":${quote(info?.hostname ?? '')}` +
    (info?.principal == null ? '' : `,"principal":${quote(info.principal)}`) +
    (info === null
      ? ''
      : info.capabilities.includes('MULTI_ROLE')
        ? `,"roles":${JSON.stringify(info.roles)}`
        : `,"role":${quote(rolesOf(info)[0]!)}`) +
    `,"executors":[${executors(framework.executors)}]` +
    `,"completed_executors":[${executors(framework.completedExecutors)}]}`
  );
}

function executorJson(around: RecordSurroundings, framework: FrameworkView, executor: ExecutorView): string {
  const { ids, workDir, agentId } = around;
  const executorText = ids.executorText(executor.executorId);
  const agentText = agentId === null ? '' : ids.agentText(agentId);
  const text =
    agentId === null || executor.container === 0 ? '' : containerText(agentText, executor.container);
  const place: ExecutorPlace = {
    agentText,
    frameworkText: ids.frameworkText(framework.id),
    executorText,
  };
  const tasks = [...executor.launchedTasks, ...executor.terminatedTasks];
  const { info } = executor;
  const json = (list: ExecutorView['queuedTasks']): string =>
    list.map((task) => taskJson(ids, task)).join(',');
  return (
    `{"id":${quote(executorText)},"name":${quote(executorName(executor, executorText))},"source":${quote(executorText)}` +
    `,"container":"${text}","directory":${quote(text === '' ? '' : workDir.sandbox(place, text))}` +
    `,"resources":${summaryText(executor.resources)},"role":${quote(executor.role)}` +
    (info?.labels == null ? '' : `,"labels":${labelsText(info.labels)}`) +
    `,"type":"${executor.kind === 'pod' ? 'DEFAULT' : 'CUSTOM'}"` +
    `,"tasks":[${json(tasks)}],"queued_tasks":[${json(executor.queuedTasks)}]` +
    `,"completed_tasks":[${json(executor.completedTasks)}]}`
  );
}

/** A command task's executor is named after its command, as Mesos names it. */
function executorName(executor: ExecutorView, executorText: string): string {
  if (executor.info !== null) return executor.info.name;
  const task = executor.launchedTasks[0] ?? executor.terminatedTasks[0] ?? executor.completedTasks[0];
  const command = task?.template.command;
  if (command == null) return `Command Executor (Task: ${executorText})`;
  const { shell, value, args } = command;
  const shown = shell ? `sh -c '${value ?? ''}'` : [value ?? '', ...args].join(' ').trim();
  return `Command Executor (Task: ${executorText}) (Command: ${shown})`;
}

/** A command task's executor as `GET_EXECUTORS` tells it. */
export function executorInfoOf(executor: ExecutorView, framework: FrameworkView, ids: IdTexts): ExecutorInfo {
  if (executor.info !== null) return { ...executor.info, resources: executor.resources };
  const task = executor.launchedTasks[0] ?? executor.terminatedTasks[0] ?? executor.completedTasks[0];
  return {
    type: null,
    executorId: executor.executorId,
    frameworkId: framework.id,
    command: task?.template.command ?? null,
    container: task?.template.container ?? null,
    resources: executor.resources ?? Resources.EMPTY,
    name: executorName(executor, ids.executorText(executor.executorId)),
    shutdownGracePeriod: null,
    labels: null,
    data: null,
  };
}

/** As `/containers` and `/monitor/statistics` have them. */
export interface ContainerRow {
  readonly frameworkText: string;
  readonly executorText: string;
  readonly executorName: string;
  readonly containerText: string;
  readonly status: ContainerStatus | null;
  readonly statistics: ResourceStatistics | null;
}

export function containerJson(row: ContainerRow, withStatus: boolean): string {
  const statistics =
    row.statistics === null ? '{}' : writeJson(ResourceStatisticsSchema, statisticsToWire(row.statistics));
  return (
    `{"framework_id":"${row.frameworkText}","executor_id":${quote(row.executorText)}` +
    `,"executor_name":${quote(row.executorName)},"source":${quote(row.executorText)}` +
    (withStatus
      ? `,"container_id":"${row.containerText}","status":${row.status === null ? '{}' : writeJson(ContainerStatusSchema, containerStatusToWire(row.status))}`
      : '') +
    `,"statistics":${statistics}}`
  );
}
