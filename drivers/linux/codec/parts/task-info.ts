import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ExecutorInfo, KillPolicy, TaskInfo, TaskTemplate } from '../../../../engine/protocol/index.ts';
import type { ResourceFormat } from '../../../../engine/resources/index.ts';
import {
  ExecutorInfo_Type,
  type ExecutorInfoSchema,
  type ExecutorInfoValid,
  type KillPolicySchema,
  type KillPolicyValid,
  type TaskInfoSchema,
  type TaskInfoValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { idFault } from '../ids/id-fault.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import { WireError } from '../message/wire-error.ts';
import { checkFromWire, checkToWire, healthCheckFromWire, healthCheckToWire } from './checks.ts';
import { commandFromWire, commandToWire } from './command.ts';
import { containerFromWire, containerToWire } from './container.ts';
import { discoveryFromWire, discoveryToWire } from './discovery.ts';
import { labelsFromWire, labelsToWire } from './labels.ts';
import { microsToNanos, nanosToMicros, own } from './presence.ts';
import { resourcesFromWire, resourcesToWire } from './resources.ts';

export function killPolicyFromWire(policy: KillPolicyValid | undefined, path: string): KillPolicy | null {
  if (policy === undefined) return null;
  const { gracePeriod } = policy;
  return {
    gracePeriod:
      gracePeriod === undefined ? null : nanosToMicros(gracePeriod.nanoseconds, `${path}.grace_period`),
  };
}

export function killPolicyToWire(policy: KillPolicy): MessageInitShape<typeof KillPolicySchema> {
  if (policy.gracePeriod === null) return {};
  return { gracePeriod: { nanoseconds: microsToNanos(policy.gracePeriod) } };
}

export function executorFromWire(ids: IdTexts, executor: ExecutorInfoValid, path: string): ExecutorInfo {
  const { executorId, frameworkId, shutdownGracePeriod } = executor;
  const fault = idFault(executorId.value);
  if (fault !== null) throw new WireError(`${path}.executor_id`, fault);
  const type = own(executor, 'type');
  return {
    type:
      type === ExecutorInfo_Type.DEFAULT ? 'DEFAULT' : type === ExecutorInfo_Type.CUSTOM ? 'CUSTOM' : null,
    executorId: ids.executor(executorId.value),
    frameworkId: frameworkId === undefined ? null : ids.framework(frameworkId.value),
    command: commandFromWire(executor.command),
    container: containerFromWire(executor.container),
    resources: resourcesFromWire(executor.resources, `${path}.resources`),
    name: executor.name,
    shutdownGracePeriod:
      shutdownGracePeriod === undefined
        ? null
        : nanosToMicros(shutdownGracePeriod.nanoseconds, `${path}.shutdown_grace_period`),
    labels: labelsFromWire(executor.labels),
    data: own(executor, 'data'),
  };
}

export function executorToWire(
  ids: IdTexts,
  executor: ExecutorInfo,
  format: ResourceFormat,
  role: string | null,
): MessageInitShape<typeof ExecutorInfoSchema> {
  const { type, frameworkId, command, container, shutdownGracePeriod, labels, data, name } = executor;
  return {
    ...(type === null ? {} : { type: ExecutorInfo_Type[type] }),
    executorId: { value: ids.executorText(executor.executorId) },
    ...(frameworkId === null ? {} : { frameworkId: { value: ids.frameworkText(frameworkId) } }),
    ...(command === null ? {} : { command: commandToWire(command) }),
    ...(container === null ? {} : { container: containerToWire(container) }),
    resources: resourcesToWire(executor.resources, format, role),
    ...(name === '' ? {} : { name }),
    ...(shutdownGracePeriod === null
      ? {}
      : { shutdownGracePeriod: { nanoseconds: microsToNanos(shutdownGracePeriod) } }),
    ...(labels === null ? {} : { labels: labelsToWire(labels)! }),
    ...(data === null ? {} : { data }),
  };
}

interface LimitMap {
  readonly [name: string]: { readonly value: number };
}

export function limitsOfTaskFromWire(limits: LimitMap, path: string): TaskTemplate['limits'] {
  let result: { cpus: number | null; mem: number | null } | null = null;
  for (const [name, { value }] of Object.entries(limits)) {
    if (name !== 'cpus' && name !== 'mem') {
      throw new WireError(path, `a limit of '${name}' is not supported; only 'cpus' and 'mem' are`);
    }
    result ??= { cpus: null, mem: null };
    result[name] = value;
  }
  return result;
}

export function limitsOfTaskToWire(limits: NonNullable<TaskTemplate['limits']>): {
  [name: string]: { value: number };
} {
  return {
    ...(limits.cpus === null ? {} : { cpus: { value: limits.cpus } }),
    ...(limits.mem === null ? {} : { mem: { value: limits.mem } }),
  };
}

/** Throws WireError for what no `TaskInfo` of the engine can say. */
export function taskFromWire(ids: IdTexts, task: TaskInfoValid, path: string): TaskInfo {
  const fault = idFault(task.taskId.value);
  if (fault !== null) throw new WireError(`${path}.task_id`, fault);
  return {
    taskId: ids.task(task.taskId.value),
    agentId: ids.agent(task.agentId.value),
    resources: resourcesFromWire(task.resources, `${path}.resources`),
    template: {
      name: task.name,
      command: commandFromWire(task.command),
      executor: task.executor === undefined ? null : executorFromWire(ids, task.executor, `${path}.executor`),
      container: containerFromWire(task.container),
      killPolicy: killPolicyFromWire(task.killPolicy, `${path}.kill_policy`),
      healthCheck:
        task.healthCheck === undefined ? null : healthCheckFromWire(task.healthCheck, `${path}.health_check`),
      check: task.check === undefined ? null : checkFromWire(task.check, `${path}.check`),
      maxCompletionTime:
        task.maxCompletionTime === undefined
          ? null
          : nanosToMicros(task.maxCompletionTime.nanoseconds, `${path}.max_completion_time`),
      limits: limitsOfTaskFromWire(task.limits, `${path}.limits`),
      labels: labelsFromWire(task.labels),
      discovery: discoveryFromWire(task.discovery),
      data: own(task, 'data'),
    },
  };
}

export function taskToWire(
  ids: IdTexts,
  task: TaskInfo,
  format: ResourceFormat,
  role: string | null,
): MessageInitShape<typeof TaskInfoSchema> {
  const { template } = task;
  const { command, executor, container, killPolicy, healthCheck, check, maxCompletionTime } = template;
  return {
    name: template.name,
    taskId: { value: ids.taskText(task.taskId) },
    agentId: { value: ids.agentText(task.agentId) },
    resources: resourcesToWire(task.resources, format, role),
    ...(executor === null ? {} : { executor: executorToWire(ids, executor, format, role) }),
    ...(command === null ? {} : { command: commandToWire(command) }),
    ...(container === null ? {} : { container: containerToWire(container) }),
    ...(healthCheck === null ? {} : { healthCheck: healthCheckToWire(healthCheck) }),
    ...(check === null ? {} : { check: checkToWire(check) }),
    ...(killPolicy === null ? {} : { killPolicy: killPolicyToWire(killPolicy) }),
    ...(template.data === null ? {} : { data: template.data }),
    ...(template.labels === null ? {} : { labels: labelsToWire(template.labels)! }),
    ...(template.discovery === null ? {} : { discovery: discoveryToWire(template.discovery) }),
    ...(maxCompletionTime === null
      ? {}
      : { maxCompletionTime: { nanoseconds: microsToNanos(maxCompletionTime) } }),
    ...(template.limits === null ? {} : { limits: limitsOfTaskToWire(template.limits) }),
  };
}
