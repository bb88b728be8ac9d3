import { MILLI_PER_UNIT, toMilli, mention } from '../core/index.ts';
import type {
  CheckInfo,
  CommandInfo,
  ContainerInfo,
  ExecutorInfo,
  HealthCheck,
  TaskInfo,
  TaskTemplate,
} from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import { isSameExecutor } from './executor-equality.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { MasterState } from './state.ts';
import { superseded } from './superseded-tasks.ts';

const EXECUTOR_CPUS_MIN = 10;
const EXECUTOR_MEM_MIN = 32 * MILLI_PER_UNIT;

/**
 * First rule of spec 03 §6 that a task of a LAUNCH breaks, in words, or null. `remaining` is what is left of the offers accepted.
 * The rules about the text of ids are the edge's: inside, an id is a number.
 */
export function validateTask(
  master: MasterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  task: TaskInfo,
  remaining: Resources,
): string | null {
  const { template } = task;
  const common = validateCommon(master, framework, agent, task);
  if (common !== null) return common;
  if ((template.command === null) === (template.executor === null)) {
    return 'Task should have exactly one of CommandInfo or ExecutorInfo present';
  }
  let needed = task.resources;
  if (template.executor !== null) {
    const { executor } = template;
    const running = agent.executor(framework, executor.executorId);
    const error =
      validateExecutor(framework, executor) ??
      (running === null ? null : validateRunning(framework, running.info, executor)) ??
      validateJoint(task.resources, executor.resources);
    if (error !== null) return error;
    if (running === null) needed = needed.plus(executor.resources);
  }
  if (!remaining.contains(needed)) {
    return `Task uses more resources ${needed.toString()} than available ${remaining.toString()}`;
  }
  if (template.container?.shareCgroups === false)
    return "'share_cgroups' cannot be false for a task of LAUNCH";
  return null;
}

/** The rules for a task of a LAUNCH_GROUP: those of every task and the group's extras (spec 03 §6). */
export function validateGroupTask(
  master: MasterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  task: TaskInfo,
  remaining: Resources,
  executor: ExecutorInfo,
): string | null {
  const { template } = task;
  const common = validateCommon(master, framework, agent, task);
  if (common !== null) return common;
  if (template.executor !== null && !isSameExecutor(template.executor, executor, framework.id)) {
    return 'The executor of a task in a group must be the executor of the group';
  }
  if (template.container?.type === 'DOCKER')
    return 'Docker ContainerInfo is not supported on a task of a group';
  if (
    template.container !== null &&
    template.container.networks.length > 0 &&
    template.healthCheck !== null
  ) {
    if (template.healthCheck.type !== 'COMMAND') {
      return 'HTTP and TCP health checks are not supported on a task of a group that joins networks of its own';
    }
  }
  if (template.limits !== null && template.container?.shareCgroups !== false) {
    return "Resource limits of a task of a group need 'share_cgroups' to be false";
  }
  if (!remaining.contains(task.resources)) {
    return `Task uses more resources ${task.resources.toString()} than available ${remaining.toString()}`;
  }
  return null;
}

/** What is allocated to one role cannot be taken from what was offered to another (spec 03 §6, rules 8 and 15). */
export function validateAllocation({ allocatedTo }: TaskInfo, role: string): string | null {
  if (allocatedTo === undefined || allocatedTo === role) return null;
  return `Task uses resources allocated to role '${allocatedTo}', and the offers are to role '${role}'`;
}

/** The rules for the executor of a group (spec 03 §6, "Group executor"). */
export function validateGroupExecutor(framework: FrameworkRecord, executor: ExecutorInfo): string | null {
  if (executor.type === null) return "'ExecutorInfo.type' must be set for a task group";
  if (executor.frameworkId === null) return "'ExecutorInfo.framework_id' must be set for a task group";
  const error = validateExecutorCommon(framework, executor);
  if (error !== null) return error;
  if (executor.container?.type === 'DOCKER')
    return 'Docker ContainerInfo is not supported on the executor of a group';
  const { resources } = executor;
  if (resources.cpus < EXECUTOR_CPUS_MIN) return 'Executor of a task group must have at least 0.01 cpus';
  if (resources.mem < EXECUTOR_MEM_MIN) return 'Executor of a task group must have at least 32 MB of memory';
  if (resources.disk === 0) return 'Executor of a task group must have disk';
  return null;
}

function validateCommon(
  master: MasterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  task: TaskInfo,
): string | null {
  const { taskId, template, resources } = task;
  // In the order of spec 03 §6: the first rule broken is the one named. What could not be read breaks one of the first.
  if (template.fault !== undefined) return template.fault;
  if (framework.tasks.has(taskId) || superseded(framework, agent, taskId) !== null)
    return `Task has duplicate ID: ${mention.task(taskId)}`;
  if (framework.unreachableTasks.has(taskId))
    return `Task ID ${mention.task(taskId)} is that of an unreachable task`;
  if (task.agentId !== agent.id) return 'Task uses an agent other than that of the offers';
  const checkError = validateChecks(template);
  if (checkError !== null) return checkError;
  if (resources.isEmpty) return 'Task uses no resources';
  if (resources.gpus % MILLI_PER_UNIT !== 0 && !master.options.fractionalGpus) {
    return "The 'gpus' resource must be an unsigned integer";
  }
  if (!resources.isPlain) {
    const error = validateEntries(resources);
    if (error !== null) return error;
  }
  if (template.command !== null) {
    const error = validateEnvironment(template.command);
    if (error !== null) return error;
  }
  if (template.container !== null) {
    const error = validateContainer(template.container);
    if (error !== null) return error;
  }
  return validateLimits(agent, template, resources);
}

/** Rules 4 to 7. */
function validateChecks(template: TaskTemplate): string | null {
  const { killPolicy, maxCompletionTime, check, healthCheck } = template;
  if (killPolicy !== null && killPolicy.gracePeriod !== null && killPolicy.gracePeriod < 0) {
    return "Task's 'kill_policy.grace_period' must be non-negative";
  }
  if (maxCompletionTime !== null && maxCompletionTime < 0)
    return "Task's 'max_completion_time' must be non-negative";
  if (check !== null) {
    const error = validateCheck(check);
    if (error !== null) return `Task uses invalid check: ${error}`;
  }
  if (healthCheck !== null) {
    const error = validateHealthCheck(healthCheck);
    if (error !== null) return `Task uses invalid health check: ${error}`;
  }
  return null;
}

function validateCheck(check: CheckInfo): string | null {
  if (check.type === 'COMMAND' && check.command === null)
    return "Expecting 'command' to be set for COMMAND check";
  if (check.type === 'HTTP' && check.http === null) return "Expecting 'http' to be set for HTTP check";
  if (check.type === 'TCP' && check.tcp === null) return "Expecting 'tcp' to be set for TCP check";
  if (check.http !== null && check.http.path !== null && !check.http.path.startsWith('/'))
    return "The path of HTTP check must start with '/'";
  if (check.delay < 0 || check.interval < 0 || check.timeout < 0)
    return "'delay', 'interval' and 'timeout' must be non-negative";
  return null;
}

function validateHealthCheck(check: HealthCheck): string | null {
  if (check.type === 'COMMAND' && check.command === null)
    return "Expecting 'command' to be set for COMMAND health check";
  if (check.type === 'HTTP' && check.http === null) return "Expecting 'http' to be set for HTTP health check";
  if (check.type === 'TCP' && check.tcp === null) return "Expecting 'tcp' to be set for TCP health check";
  if (check.http !== null && !check.http.path.startsWith('/'))
    return "The path of HTTP health check must start with '/'";
  if (check.http !== null && check.http.scheme !== 'http' && check.http.scheme !== 'https')
    return `Unsupported scheme '${check.http.scheme}' of HTTP health check: expecting http or https`;
  if (check.delay < 0 || check.interval < 0 || check.timeout < 0 || check.gracePeriod < 0) {
    return 'durations must be non-negative';
  }
  return null;
}

/** Rule 9: VALUE has a value and no secret, SECRET the reverse. */
function validateEnvironment(command: CommandInfo): string | null {
  for (const variable of command.environment) {
    const { name } = variable;
    if (variable.type === 'UNKNOWN') return `Environment variable '${name}' is of unknown type`;
    const holder = variable.type === 'VALUE' ? variable.value : variable.secret;
    const other = variable.type === 'VALUE' ? variable.secret : variable.value;
    if (holder === null) return `Environment variable '${name}' of type ${variable.type} has none set`;
    if (other !== null)
      return `Environment variable '${name}' of type ${variable.type} has a value of the other kind`;
    if (variable.secret?.includes('\0'))
      return `Environment variable '${name}' has a secret that contains a NUL`;
  }
  return null;
}

/** Rule 10. */
function validateContainer(container: ContainerInfo): string | null {
  for (const volume of container.volumes) {
    const given = [volume.hostPath, volume.image, volume.source].filter((one) => one !== null).length;
    if (given !== 1) {
      return `Volume '${volume.containerPath}' must have exactly one of 'host_path', 'image' and 'source'`;
    }
  }
  if (container.type !== 'DOCKER') return null;
  if (container.docker === null) return "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo";
  if (container.docker.parameters.some((parameter) => parameter.key === 'name')) {
    return "Parameter in DockerInfo must not be 'name'";
  }
  return null;
}

/** The rest of rule 8, for collections with reservations, volumes or revocable parts. */
function validateEntries(resources: Resources): string | null {
  const revocable = new Map<string, boolean>();
  const volumes = new Set<string>();
  const roles = new Set<string>();
  for (const { identity } of resources.entries) {
    const known = revocable.get(identity.name);
    if (known !== undefined && known !== identity.revocable) {
      return `Task mixes revocable and non-revocable '${identity.name}'`;
    }
    revocable.set(identity.name, identity.revocable);
    if (identity.allocationRole !== null) roles.add(identity.allocationRole);
    const id = identity.disk?.persistence?.id;
    if (id !== undefined) {
      if (volumes.has(id)) return `Persistence ID '${id}' is not unique`;
      volumes.add(id);
    }
  }
  return roles.size > 1 ? 'The resources of a task must be allocated to one role' : null;
}

/** Rule 11. */
function validateLimits(agent: AgentRecord, template: TaskTemplate, resources: Resources): string | null {
  const { limits } = template;
  if (limits === null) return null;
  if (!agent.info.capabilities.includes('TASK_RESOURCE_LIMITS')) {
    return 'Resource limits are not supported by the agent';
  }
  if (limits.cpus !== null) {
    if (resources.cpus === 0) return 'A cpu limit needs a cpu request';
    if (!(toMilli(limits.cpus) >= resources.cpus)) return 'The cpu limit is below the cpu request';
  }
  if (limits.mem !== null) {
    if (resources.mem === 0) return 'A memory limit needs a memory request';
    if (!(toMilli(limits.mem) >= resources.mem)) return 'The memory limit is below the memory request';
  }
  return null;
}

/** Rule 13. */
function validateExecutor(framework: FrameworkRecord, executor: ExecutorInfo): string | null {
  if (executor.type === 'DEFAULT') return "'ExecutorInfo.type' of a LAUNCH must be CUSTOM or unset";
  if (executor.container?.shareCgroups === true) return "'share_cgroups' cannot be true for an executor";
  return validateExecutorCommon(framework, executor);
}

function validateExecutorCommon(framework: FrameworkRecord, executor: ExecutorInfo): string | null {
  if (executor.type === 'DEFAULT') {
    if (executor.command !== null) return "'ExecutorInfo.command' must not be set for DEFAULT executor";
    if (executor.container !== null && executor.container.type !== 'MESOS') {
      return 'ContainerInfo type must be MESOS for DEFAULT executor';
    }
    if (executor.container !== null && executor.container.image !== null) {
      return 'ContainerInfo of DEFAULT executor must not have an image';
    }
  } else if (executor.command === null) {
    return "'ExecutorInfo.command' must be set for CUSTOM executor";
  }
  if (executor.shutdownGracePeriod !== null && executor.shutdownGracePeriod < 0) {
    return "'ExecutorInfo.shutdown_grace_period' must be non-negative";
  }
  if (executor.frameworkId !== null && executor.frameworkId !== framework.id) {
    return 'ExecutorInfo has an invalid FrameworkID';
  }
  if (!executor.resources.shared().isEmpty) return 'Executors must not use shared resources';
  return null;
}

/** An executor that runs already is not described anew. */
export function validateRunning(
  framework: FrameworkRecord,
  running: ExecutorInfo,
  executor: ExecutorInfo,
): string | null {
  return isSameExecutor(running, executor, framework.id)
    ? null
    : 'ExecutorInfo is not compatible with the existing ExecutorInfo of the same id';
}

/** Rule 14: ranges and sets of a task and its executor are disjoint. */
function validateJoint(task: Resources, executor: Resources): string | null {
  for (const { identity } of task.entries) {
    if (identity.type === 'SCALAR') continue;
    const own = task.filter((entry) => entry.identity.name === identity.name);
    const theirs = executor.filter((entry) => entry.identity.name === identity.name);
    if (!own.plus(theirs).minus(theirs).equals(own))
      return `The '${identity.name}' of the task overlap those of its executor`;
  }
  return null;
}
