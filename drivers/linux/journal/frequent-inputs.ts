import {
  type AgentId,
  type FrameworkId,
  type Micros,
  milli,
  type OfferId,
  type TaskId,
  type UpdateId,
} from '../../../engine/core/index.ts';
import type { LinkId, MasterInput, RequestId, StreamId } from '../../../engine/master/index.ts';
import type {
  AcceptCall,
  AcknowledgeCall,
  CommandInfo,
  OfferOperation,
  StatusUpdateMessage,
  TaskInfo,
  TaskState,
  TaskStatus,
  TaskTemplate,
} from '../../../engine/protocol/index.ts';
import {
  CPUS,
  DISK,
  MEM,
  type Resource,
  type ResourceIdentity,
  Resources,
  scalarResource,
} from '../../../engine/resources/index.ts';
import { ValueFormatError, type ValueReader } from '../storage/value-reader.ts';
import type { ValueWriter } from '../storage/value-writer.ts';

/**
 * The inputs that a busy master gets most, in forms of their own: ACKNOWLEDGE, STATUS_UPDATE and ACCEPT. A form is the fields in a fixed order
 * without their names, written by code that knows them: beside a master, whose caches are full of other things, that takes a fraction of the
 * time of the general way, which has to find out what it was given. All other inputs go that way.
 *
 * Each writer is followed by its reader.
 */
export type Form = typeof ACKNOWLEDGE | typeof STATUS_UPDATE | typeof ACCEPT;

const ACKNOWLEDGE = 0;
const STATUS_UPDATE = 1;
const ACCEPT = 2;

type SchedulerCalled = Extract<MasterInput, { readonly kind: 'schedulerCalled' }>;
type AgentMessage = Extract<MasterInput, { readonly kind: 'agentMessage' }>;
type Launch = Extract<OfferOperation, { readonly type: 'LAUNCH' }>;

/** `T` if these are all of its fields: a field that is added to it does not compile until its form has it. */
type Whole<T, Known extends keyof T> = [Exclude<keyof T, Known>] extends [never] ? T : never;

/** The form of an input, null if it has none. */
export function formOf(input: MasterInput): Form | null {
  if (input.kind === 'agentMessage') return input.message.type === 'STATUS_UPDATE' ? STATUS_UPDATE : null;
  if (input.kind !== 'schedulerCalled') return null;
  const { type } = input.call;
  if (type === 'ACKNOWLEDGE') return ACKNOWLEDGE;
  return type === 'ACCEPT' ? ACCEPT : null;
}

/** Writes an input that has this form. Throws InvariantError for what is no data. */
export function writeForm(values: ValueWriter, form: Form, input: MasterInput): void {
  if (form === STATUS_UPDATE) {
    const told = input as AgentMessage;
    writeTeller(values, told);
    writeUpdate(values, told.message as StatusUpdateMessage);
  } else {
    const called = input as SchedulerCalled;
    writeCaller(values, called);
    if (form === ACKNOWLEDGE) writeAcknowledge(values, called.call as AcknowledgeCall);
    else writeAccept(values, called.call as AcceptCall);
  }
}

/** Throws ValueFormatError. */
export function readForm(values: ValueReader, form: number): MasterInput {
  switch (form) {
    case ACKNOWLEDGE:
      return { ...readCaller(values), call: readAcknowledge(values) };
    case STATUS_UPDATE:
      return { ...readTeller(values), message: readUpdate(values) };
    case ACCEPT:
      return { ...readCaller(values), call: readAccept(values) };
    default:
      throw new ValueFormatError(`no input has the form ${form}`);
  }
}

function writeCaller(
  values: ValueWriter,
  input: Whole<SchedulerCalled, 'kind' | 'request' | 'principal' | 'stream' | 'call'>,
): void {
  values.number(input.request);
  values.value(input.principal);
  values.number(input.stream);
}

function readCaller(values: ValueReader): Omit<SchedulerCalled, 'call'> {
  return {
    kind: 'schedulerCalled',
    request: values.number() as RequestId,
    principal: values.value() as string | null,
    stream: values.number() as StreamId,
  };
}

function writeTeller(
  values: ValueWriter,
  input: Whole<AgentMessage, 'kind' | 'link' | 'message' | 'principal'>,
): void {
  values.number(input.link);
  values.value(input.principal);
}

function readTeller(values: ValueReader): Omit<AgentMessage, 'message'> {
  const link = values.number() as LinkId;
  const principal = values.value() as string | null | undefined;
  return { kind: 'agentMessage', link, ...(principal === undefined ? {} : { principal }) };
}

function writeAcknowledge(
  values: ValueWriter,
  call: Whole<AcknowledgeCall, 'type' | 'frameworkId' | 'agentId' | 'taskId' | 'uuid'>,
): void {
  values.number(call.frameworkId);
  values.number(call.agentId);
  values.number(call.taskId);
  values.number(call.uuid);
}

function readAcknowledge(values: ValueReader): AcknowledgeCall {
  return {
    type: 'ACKNOWLEDGE',
    frameworkId: values.number() as FrameworkId,
    agentId: values.number() as AgentId,
    taskId: values.number() as TaskId,
    uuid: values.number() as UpdateId,
  };
}

function writeUpdate(
  values: ValueWriter,
  message: Whole<StatusUpdateMessage, 'type' | 'agentId' | 'frameworkId' | 'status' | 'latestState'>,
): void {
  values.number(message.agentId);
  values.number(message.frameworkId);
  writeStatus(values, message.status);
  values.text(message.latestState);
}

function readUpdate(values: ValueReader): StatusUpdateMessage {
  return {
    type: 'STATUS_UPDATE',
    agentId: values.number() as AgentId,
    frameworkId: values.number() as FrameworkId,
    status: readStatus(values),
    latestState: values.text() as TaskState,
  };
}

function writeStatus(
  values: ValueWriter,
  status: Whole<
    TaskStatus,
    | 'taskId'
    | 'state'
    | 'source'
    | 'reason'
    | 'agentId'
    | 'executorId'
    | 'timestamp'
    | 'uuid'
    | 'message'
    | 'details'
  >,
): void {
  values.number(status.taskId);
  values.text(status.state);
  values.text(status.source);
  values.value(status.reason);
  values.value(status.agentId);
  values.value(status.executorId);
  values.number(status.timestamp);
  values.value(status.uuid);
  values.value(status.message);
  values.value(status.details);
}

function readStatus(values: ValueReader): TaskStatus {
  return {
    taskId: values.number() as TaskId,
    state: values.text() as TaskState,
    source: values.text() as TaskStatus['source'],
    reason: values.value() as TaskStatus['reason'],
    agentId: values.value() as TaskStatus['agentId'],
    executorId: values.value() as TaskStatus['executorId'],
    timestamp: values.number() as Micros,
    uuid: values.value() as TaskStatus['uuid'],
    message: values.value() as TaskStatus['message'],
    details: values.value() as TaskStatus['details'],
  };
}

function writeAccept(
  values: ValueWriter,
  call: Whole<AcceptCall, 'type' | 'frameworkId' | 'offerIds' | 'operations' | 'filters'>,
): void {
  const { offerIds, operations } = call;
  values.number(call.frameworkId);
  values.count(offerIds.length);
  for (let index = 0; index < offerIds.length; index++) values.number(offerIds[index]!);
  values.count(operations.length);
  for (let index = 0; index < operations.length; index++) writeOperation(values, operations[index]!);
  values.value(call.filters);
}

function readAccept(values: ValueReader): AcceptCall {
  return {
    type: 'ACCEPT',
    frameworkId: values.number() as FrameworkId,
    offerIds: listOf(values, () => values.number() as OfferId),
    operations: listOf(values, () => readOperation(values)),
    filters: values.value() as AcceptCall['filters'],
  };
}

function writeOperation(values: ValueWriter, operation: OfferOperation): void {
  if (operation.type === 'LAUNCH') {
    values.byte(1);
    writeLaunch(values, operation);
  } else {
    values.byte(0);
    values.value(operation);
  }
}

function readOperation(values: ValueReader): OfferOperation {
  return values.byte() === 1 ? readLaunch(values) : (values.value() as OfferOperation);
}

function writeLaunch(
  values: ValueWriter,
  launch: Whole<Launch, 'type' | 'id' | 'taskInfos' | 'fault'>,
): void {
  const { taskInfos } = launch;
  values.value(launch.id);
  values.count(taskInfos.length);
  for (let index = 0; index < taskInfos.length; index++) writeTask(values, taskInfos[index]!);
  values.value(launch.fault);
}

function readLaunch(values: ValueReader): Launch {
  const launch = {
    type: 'LAUNCH',
    id: values.value() as Launch['id'],
    taskInfos: listOf(values, () => readTask(values)),
  } as const;
  const fault = values.value() as Launch['fault'];
  return fault === undefined ? launch : { ...launch, fault };
}

function writeTask(
  values: ValueWriter,
  task: Whole<TaskInfo, 'taskId' | 'agentId' | 'resources' | 'template' | 'allocatedTo'>,
): void {
  values.number(task.taskId);
  values.number(task.agentId);
  writeResources(values, task.resources);
  writeTemplate(values, task.template);
  values.value(task.allocatedTo);
}

function readTask(values: ValueReader): TaskInfo {
  const task = {
    taskId: values.number() as TaskId,
    agentId: values.number() as AgentId,
    resources: readResources(values),
    template: readTemplate(values),
  };
  const allocatedTo = values.value() as string | undefined;
  return allocatedTo === undefined ? task : { ...task, allocatedTo };
}

/** Kinds of which an amount is all there is to say, by the byte that stands for them; 0 is any other. */
const PLAIN: readonly (ResourceIdentity | null)[] = [null, CPUS, MEM, DISK];

function writeResources(values: ValueWriter, { entries }: Resources): void {
  values.count(entries.length);
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]!;
    const plain = plainKind(entry.identity);
    values.byte(plain);
    if (plain > 0) values.number(entry.scalar);
    else values.resource(entry);
  }
}

function plainKind(identity: ResourceIdentity): number {
  if (identity === CPUS) return 1;
  if (identity === MEM) return 2;
  return identity === DISK ? 3 : 0;
}

function readResources(values: ValueReader): Resources {
  return Resources.of(listOf(values, () => readResource(values)));
}

function readResource(values: ValueReader): Resource {
  const plain = values.byte();
  if (plain === 0) return values.resource();
  const identity = PLAIN[plain];
  if (identity === undefined || identity === null)
    throw new ValueFormatError(`no kind of resource is ${plain}`);
  return scalarResource(identity, milli(values.number()));
}

/** Most fields of most templates are null: a bit for each that is not, then those. */
const EXECUTOR = 1;
const CONTAINER = 2;
const KILL_POLICY = 4;
const HEALTH_CHECK = 8;
const CHECK = 16;
const MAX_COMPLETION_TIME = 32;
const LIMITS = 64;
const LABELS = 128;
const DISCOVERY = 256;
const DATA = 512;
const COMMAND = 1_024;
const FAULT = 2_048;

function writeTemplate(
  values: ValueWriter,
  template: Whole<
    TaskTemplate,
    | 'name'
    | 'command'
    | 'executor'
    | 'container'
    | 'killPolicy'
    | 'healthCheck'
    | 'check'
    | 'maxCompletionTime'
    | 'limits'
    | 'labels'
    | 'discovery'
    | 'data'
    | 'fault'
  >,
): void {
  const has =
    (template.executor === null ? 0 : EXECUTOR) |
    (template.container === null ? 0 : CONTAINER) |
    (template.killPolicy === null ? 0 : KILL_POLICY) |
    (template.healthCheck === null ? 0 : HEALTH_CHECK) |
    (template.check === null ? 0 : CHECK) |
    (template.maxCompletionTime === null ? 0 : MAX_COMPLETION_TIME) |
    (template.limits === null ? 0 : LIMITS) |
    (template.labels === null ? 0 : LABELS) |
    (template.discovery === null ? 0 : DISCOVERY) |
    (template.data === null ? 0 : DATA) |
    (template.command === null ? 0 : COMMAND) |
    (template.fault === undefined ? 0 : FAULT);
  values.count(has);
  values.text(template.name);
  if (template.command !== null) writeCommand(values, template.command);
  if ((has & ~COMMAND) === 0) return;
  if (template.executor !== null) values.value(template.executor);
  if (template.container !== null) values.value(template.container);
  if (template.killPolicy !== null) values.value(template.killPolicy);
  if (template.healthCheck !== null) values.value(template.healthCheck);
  if (template.check !== null) values.value(template.check);
  if (template.maxCompletionTime !== null) values.value(template.maxCompletionTime);
  if (template.limits !== null) values.value(template.limits);
  if (template.labels !== null) values.value(template.labels);
  if (template.discovery !== null) values.value(template.discovery);
  if (template.data !== null) values.value(template.data);
  if (template.fault !== undefined) values.value(template.fault);
}

function readTemplate(values: ValueReader): TaskTemplate {
  const has = values.count();
  // What a bit stands for is its field's: the writer put it there.
  const part = (bit: number): never => ((has & bit) === 0 ? null : values.value()) as never;
  const template: TaskTemplate = {
    name: values.text(),
    command: (has & COMMAND) === 0 ? null : readCommand(values),
    executor: part(EXECUTOR),
    container: part(CONTAINER),
    killPolicy: part(KILL_POLICY),
    healthCheck: part(HEALTH_CHECK),
    check: part(CHECK),
    maxCompletionTime: part(MAX_COMPLETION_TIME),
    limits: part(LIMITS),
    labels: part(LABELS),
    discovery: part(DISCOVERY),
    data: part(DATA),
  };
  return (has & FAULT) === 0 ? template : { ...template, fault: values.value() as string };
}

function writeCommand(
  values: ValueWriter,
  command: Whole<CommandInfo, 'value' | 'shell' | 'args' | 'user' | 'environment' | 'uris'>,
): void {
  values.value(command.value);
  values.value(command.shell);
  writeList(values, command.args);
  values.value(command.user);
  writeList(values, command.environment);
  writeList(values, command.uris);
}

function readCommand(values: ValueReader): CommandInfo {
  return {
    value: values.value() as string | null,
    shell: values.value() as boolean,
    args: listOf(values, () => values.value() as string),
    user: values.value() as string | null,
    environment: listOf(values, () => values.value() as CommandInfo['environment'][number]),
    uris: listOf(values, () => values.value() as CommandInfo['uris'][number]),
  };
}

function writeList(values: ValueWriter, list: readonly unknown[]): void {
  values.count(list.length);
  for (let index = 0; index < list.length; index++) values.value(list[index]);
}

function listOf<T>(values: ValueReader, read: () => T): T[] {
  const length = values.length(1);
  const list: T[] = [];
  for (let index = 0; index < length; index++) list.push(read());
  return list;
}
