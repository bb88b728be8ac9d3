import type { AgentId, ExecutorId, FrameworkId, Micros, Rng, TaskId } from '../../engine/core/index.ts';
import {
  BLANK_TEMPLATE,
  type CommandInfo,
  type ExecutorInfo,
  type OfferOperation,
  type TaskInfo,
  type TaskTemplate,
} from '../../engine/protocol/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { ChaosTemper } from './chaos-options.ts';
import type { ChaosLedger } from './ledger.ts';
import { executorPortion, portionOf, tooMuch } from './portions.ts';

const COMMAND: CommandInfo = {
  value: 'work',
  shell: true,
  args: [],
  user: null,
  environment: [],
  uris: [],
};

const PLAIN: TaskTemplate = {
  ...BLANK_TEMPLATE,
  name: 'chaos',
  command: COMMAND,
};

/** Task of a group or of a custom executor: its executor says what runs. */
const BARE: TaskTemplate = { ...PLAIN, command: null };

/** Custom executors and those of groups share the ids 1 to this, so that launches meet running executors. */
const EXECUTOR_IDS = 3;

/** What launches draw on. */
export interface LaunchContext {
  readonly frameworkId: FrameworkId;
  readonly temper: ChaosTemper;
  readonly rng: Rng;
  readonly ledger: ChaosLedger;
  newTaskId(): TaskId;
}

/** Ids of executors that no command task uses: those have their task's number. */
const EXECUTOR_ID_BASE = 1_000_000_000;

/** Launch operations for offers of one agent, resources for them taken from `offered`; what they launch is entered in the ledger. */
export function launchesOn(
  now: Micros,
  context: LaunchContext,
  agentId: AgentId,
  offered: Resources,
): OfferOperation[] {
  const { rng, temper, ledger } = context;
  const operations: OfferOperation[] = [];
  let left = offered;
  for (let count = 1 + rng.below(3); count > 0 && ledger.live < temper.tasksMax; count--) {
    const draw = rng.below(100);
    const operation =
      draw < temper.customPercent
        ? customTask(now, context, agentId, left)
        : draw < temper.customPercent + temper.groupPercent
          ? group(now, context, agentId, left)
          : commandTask(now, context, agentId, left);
    if (operation === null) break;
    operations.push(operation.operation);
    left = left.contains(operation.used) ? left.minus(operation.used) : left;
  }
  return operations;
}

interface Launch {
  readonly operation: OfferOperation;
  readonly used: Resources;
}

function commandTask(now: Micros, context: LaunchContext, agentId: AgentId, left: Resources): Launch | null {
  const task = taskOn(now, context, agentId, left, templateFor(context), null);
  if (task === null) return null;
  return { operation: { type: 'LAUNCH', id: null, taskInfos: [task] }, used: task.resources };
}

function customTask(now: Micros, context: LaunchContext, agentId: AgentId, left: Resources): Launch | null {
  const { frameworkId, rng } = context;
  const executor: ExecutorInfo = {
    type: 'CUSTOM',
    executorId: (EXECUTOR_ID_BASE + 1 + rng.below(EXECUTOR_IDS)) as ExecutorId,
    frameworkId,
    command: COMMAND,
    container: null,
    resources: executorPortion(left),
    name: 'chaos',
    shutdownGracePeriod: null,
    labels: null,
    data: null,
  };
  const rest = left.minus(executor.resources);
  const task = taskOn(now, context, agentId, rest, { ...BARE, executor }, executor.executorId);
  if (task === null) return null;
  return {
    operation: { type: 'LAUNCH', id: null, taskInfos: [task] },
    used: task.resources.plus(executor.resources),
  };
}

function group(now: Micros, context: LaunchContext, agentId: AgentId, left: Resources): Launch | null {
  const { frameworkId, rng } = context;
  const resources = executorPortion(left);
  if (resources.isEmpty) return null;
  const executor: ExecutorInfo = {
    type: 'DEFAULT',
    executorId: (EXECUTOR_ID_BASE + 101 + rng.below(EXECUTOR_IDS)) as ExecutorId,
    frameworkId,
    command: null,
    container: null,
    resources,
    name: 'chaos',
    shutdownGracePeriod: null,
    labels: null,
    data: null,
  };
  let rest = left.minus(resources);
  let used = resources;
  const taskInfos: TaskInfo[] = [];
  for (let count = 1 + rng.below(3); count > 0; count--) {
    const task = taskOn(now, context, agentId, rest, PLAIN, executor.executorId);
    if (task === null) break;
    taskInfos.push(task);
    if (!rest.contains(task.resources)) break;
    rest = rest.minus(task.resources);
    used = used.plus(task.resources);
  }
  if (taskInfos.length === 0) return null;
  return { operation: { type: 'LAUNCH_GROUP', id: null, executor, taskInfos }, used };
}

/** One task of what is left, entered in the ledger; null if nothing is. */
function taskOn(
  now: Micros,
  context: LaunchContext,
  agentId: AgentId,
  left: Resources,
  template: TaskTemplate,
  executorId: ExecutorId | null,
): TaskInfo | null {
  const { rng, temper, ledger } = context;
  let resources = portionOf(left, rng);
  if (resources.isEmpty) return null;
  let target = agentId;
  let taskId = idFor(context);
  let isAmbiguous = false;
  if (rng.below(100) < temper.invalidPercent) {
    switch (rng.below(4)) {
      case 0:
        resources = tooMuch(left);
        break;
      case 1:
        resources = Resources.EMPTY;
        break;
      case 2:
        target = (agentId + 1) as AgentId;
        break;
      default: {
        const live = [...ledger.tasks.keys()];
        if (live.length > 0) taskId = live[rng.below(live.length)]!;
        isAmbiguous = true;
      }
    }
  }
  ledger.launched(now, taskId, target, executorId ?? (taskId as number as ExecutorId), isAmbiguous);
  return { taskId, agentId: target, resources, template };
}

/** A fresh id, or that of a task that is over and acknowledged. */
function idFor(context: LaunchContext): TaskId {
  const { rng, temper, ledger } = context;
  if (ledger.ended.length > 0 && rng.below(100) < temper.reusePercent) {
    const { taskId } = ledger.ended[rng.below(ledger.ended.length)]!;
    if (!ledger.tasks.has(taskId)) return taskId;
  }
  return context.newTaskId();
}

function templateFor({ rng }: LaunchContext): TaskTemplate {
  switch (rng.below(8)) {
    case 0:
      return PATIENT;
    case 1:
      return LIMITED;
    default:
      return PLAIN;
  }
}

const PATIENT: TaskTemplate = { ...PLAIN, killPolicy: { gracePeriod: 20_000_000 as Micros } };
const LIMITED: TaskTemplate = { ...PLAIN, maxCompletionTime: 60_000_000 as Micros };
