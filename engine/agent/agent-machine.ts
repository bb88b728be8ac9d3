import {
  type AgentId,
  assert,
  assertNever,
  type ExecutorId,
  type FrameworkId,
  type Machine,
  type Micros,
  type Sink,
  type TaskId,
} from '../core/index.ts';
import type {
  AgentInfo,
  AgentToMaster,
  FrameworkCapability,
  FrameworkInfo,
  KillPolicy,
  MasterToAgent,
  ReportedExecutor,
  ReportedTask,
  RunTaskGroupMessage,
  RunTaskMessage,
  StatusReason,
  StatusSource,
  TaskInfo,
  TaskState,
  TaskStatusDetails,
} from '../protocol/index.ts';
import { isTerminal } from '../protocol/index.ts';
import { AgentFramework, DefaultExecutor } from './agent-framework.ts';
import { AgentTask, commandExecutorId, NEVER } from './agent-task.ts';
import type { AgentCheckpoint } from './checkpoint.ts';
import { containerOutcome } from './container-outcome.ts';
import type { AgentInput, ContainerExit } from './input.ts';
import type { AgentOptions, AgentSettings } from './options.ts';
import type { AgentOutput } from './output.ts';
import { Registration } from './registration.ts';
import { StatusUpdates } from './status-updates.ts';
import { TaskTable } from './task-table.ts';
