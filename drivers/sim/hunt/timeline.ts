import type { AgentOutput, ContainerSpec } from '../../../engine/agent/index.ts';
import type { Micros } from '../../../engine/core/index.ts';
import type { MasterInput, MasterOutput } from '../../../engine/master/index.ts';
import type {
  AgentToMaster,
  MasterToAgent,
  OfferOperation,
  SchedulerCall,
  SchedulerEvent,
} from '../../../engine/protocol/index.ts';
import type { ChaosOutput } from '../../../frameworks/chaos/index.ts';
import type { Actor } from '../world/output-tap.ts';
import type { HuntWitness } from './run.ts';

/** One thing that happened, for a person. */
export interface TimelineLine {
  readonly at: Micros;
  readonly who: string;
  readonly text: string;
}

/** Collects a run as lines, the last `linesMax` of them. Costs text per event: for one failing run, not for many. */
export class Timeline implements HuntWitness {
  readonly #linesMax: number;
  #lines: TimelineLine[] = [];
  /** Lines that were dropped from the front. */
  dropped = 0;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  get lines(): readonly TimelineLine[] {
    return this.#lines.slice(-this.#linesMax);
  }

  input(now: Micros, actor: Actor, input: MasterInput): void {
    const text = inputText(input);
    if (text !== null) this.#add(now, nameOf(actor), `<- ${text}`);
  }

  output(now: Micros, actor: Actor, output: MasterOutput | AgentOutput | ChaosOutput): void {
    const text = outputText(output);
    if (text !== null) this.#add(now, nameOf(actor), text);
  }

  fault(now: Micros, text: string): void {
    this.#add(now, 'fault', text);
  }

  #add(at: Micros, who: string, text: string): void {
    this.#lines.push({ at, who, text });
    if (this.#lines.length < 2 * this.#linesMax) return;
    this.dropped += this.#linesMax;
    this.#lines = this.#lines.slice(-this.#linesMax);
  }
}

/** `   12.500000 s  master     persist agentAdmitted 2097152`. */
export function lineText({ at, who, text }: TimelineLine): string {
  return `${(at / 1_000_000).toFixed(6).padStart(13)} s  ${who.padEnd(10)} ${text}`;
}

function nameOf(actor: Actor): string {
  switch (actor.kind) {
    case 'master':
      return `master ${actor.master}`;
    case 'agent':
      return `machine ${actor.machine}`;
    case 'framework':
      return `f${actor.framework}`;
  }
}

function inputText(input: MasterInput): string | null {
  switch (input.kind) {
    case 'schedulerCalled':
      // The sender's line has said it; that it arrived matters.
      return `${input.call.type} on stream ${input.stream}`;
    case 'agentMessage':
      return `${input.message.type} on link ${input.link}`;
    case 'elected':
      return `elected, epoch ${input.epoch}`;
    case 'streamClosed':
      return `stream ${input.stream} closed`;
    case 'linkClosed':
      return `link ${input.link} closed`;
    case 'pingsMissed':
      return `pings missed on links ${input.links.join()}`;
    case 'operatorCalled':
      return `operator's ${input.call.type}${'agentId' in input.call ? ` agent ${input.call.agentId}` : ''}`;
    case 'authorized':
      return `authorizer answers ${input.ticket}: ${input.verdicts === null ? 'failed' : input.verdicts.join()}`;
    case 'registryFailed':
      return `registry failed: ${input.reason}`;
    default:
      return null;
  }
}

function outputText(output: MasterOutput | AgentOutput | ChaosOutput): string | null {
  switch (output.kind) {
    case 'call':
      return `calls ${callText(output.call)}`;
    case 'event':
      return eventText(output.stream, output.event);
    case 'toAgent':
      return `-> link ${output.link} ${orderText(output.message)}`;
    case 'toMaster':
      return `says ${messageText(output.message)}`;
    case 'persist':
      return `persists ${output.operation.kind}${'id' in output.operation ? ` ${output.operation.id}` : ''}`;
    case 'launchContainer':
      return `launches container ${output.container}: ${specText(output.spec)}`;
    case 'signalContainer':
      return `${output.signal} to container ${output.container}`;
    case 'checkpoint':
    case 'probe':
    case 'stopProbes':
    case 'updateContainer':
    case 'removeSandbox':
    case 'sampleUsage':
      return null;
    case 'closeStream':
      return `closes stream ${output.stream}`;
    case 'closeLink':
      return `closes link ${output.link}`;
    case 'refuseCall':
      return `refuses a call: ${output.error.code}`;
    case 'abdicate':
      return `abdicates: ${output.reason}`;
    case 'exit':
      return `exits: ${output.reason}`;
    case 'reconnect':
      return 'reconnects';
    case 'pingAgents':
      return null;
    default:
      return output.kind;
  }
}

function callText(call: SchedulerCall): string {
  switch (call.type) {
    case 'SUBSCRIBE':
      return `SUBSCRIBE as ${call.frameworkId ?? 'a new framework'} in ${call.frameworkInfo.roles.join() || (call.frameworkInfo.role ?? '*')}`;
    case 'ACCEPT':
      return `ACCEPT ${call.offerIds.join()}: ${call.operations.map(operationText).join('; ') || 'nothing'}`;
    case 'DECLINE':
      return `DECLINE ${call.offerIds.join()} for ${call.filters === null ? 'the default time' : `${call.filters.refuseSeconds} s`}`;
    case 'KILL':
      return `KILL task ${call.taskId}`;
    case 'ACKNOWLEDGE':
      return `ACKNOWLEDGE update ${call.uuid} of task ${call.taskId}`;
    case 'RECONCILE':
      return `RECONCILE ${call.tasks.map((one) => one.taskId).join() || 'all'}`;
    case 'REVIVE':
    case 'SUPPRESS':
      return `${call.type} ${call.roles.join() || 'all roles'}`;
    default:
      return call.type;
  }
}

function operationText(operation: OfferOperation): string {
  switch (operation.type) {
    case 'LAUNCH':
    case 'LAUNCH_GROUP': {
      const tasks = operation.taskInfos
        .map((one) => `${one.taskId} (${one.resources.toString()})`)
        .join(', ');
      return `${operation.type} ${tasks} on ${operation.taskInfos[0]?.agentId}`;
    }
    case 'RESERVE':
    case 'UNRESERVE':
      return `${operation.type} ${operation.resources.toString()}`;
    case 'CREATE':
    case 'DESTROY':
      return `${operation.type} ${operation.volumes.toString()}`;
    default:
      return operation.type;
  }
}

function eventText(stream: number, event: SchedulerEvent): string | null {
  switch (event.type) {
    case 'HEARTBEAT':
      return null;
    case 'OFFERS':
      return `-> stream ${stream} OFFERS ${event.offers.map((one) => `${one.id} of ${one.agentId} for ${one.role}: ${one.resources.toString()}`).join('; ')}`;
    case 'UPDATE': {
      const { status } = event;
      return `-> stream ${stream} UPDATE ${status.uuid ?? '-'} task ${status.taskId} ${status.state} ${status.reason ?? ''}`;
    }
    case 'SUBSCRIBED':
      return `-> stream ${stream} SUBSCRIBED ${event.frameworkId}`;
    case 'RESCIND':
      return `-> stream ${stream} RESCIND ${event.offerId}`;
    case 'ERROR':
      return `-> stream ${stream} ERROR ${event.message}`;
    case 'FAILURE':
      return `-> stream ${stream} FAILURE agent ${event.agentId} executor ${event.executorId ?? '-'}`;
    default:
      return `-> stream ${stream} ${event.type}`;
  }
}

function orderText(message: MasterToAgent): string {
  switch (message.type) {
    case 'RUN_TASK':
      return `RUN_TASK ${message.task.taskId} of ${message.frameworkId}`;
    case 'RUN_TASK_GROUP':
      return `RUN_TASK_GROUP ${message.tasks.map((one) => one.taskId).join()} of ${message.frameworkId}`;
    case 'KILL_TASK':
      return `KILL_TASK ${message.taskId} of ${message.frameworkId}`;
    case 'STATUS_UPDATE_ACKNOWLEDGEMENT':
      return `ACKNOWLEDGEMENT of update ${message.uuid} of task ${message.taskId} of ${message.frameworkId}`;
    case 'AGENT_REGISTERED':
    case 'AGENT_REREGISTERED':
      return `${message.type} ${message.agentId}`;
    case 'SHUTDOWN':
      return `SHUTDOWN: ${message.message}`;
    case 'SHUTDOWN_FRAMEWORK':
      return `SHUTDOWN_FRAMEWORK ${message.frameworkId}`;
    case 'SHUTDOWN_EXECUTOR':
      return `SHUTDOWN_EXECUTOR ${message.executorId} of ${message.frameworkId}`;
    default:
      return message.type;
  }
}

function messageText(message: AgentToMaster): string {
  switch (message.type) {
    case 'STATUS_UPDATE': {
      const { status, latestState, frameworkId } = message;
      const latest = latestState === status.state ? '' : `, latest ${latestState}`;
      return `UPDATE ${status.uuid} task ${status.taskId} of ${frameworkId} ${status.state}${latest} ${status.reason ?? ''}`;
    }
    case 'REREGISTER_AGENT':
      return `REREGISTER_AGENT ${message.info.id} with ${message.tasks.length} tasks, ${message.executors.length} executors`;
    case 'EXITED_EXECUTOR':
      return `EXITED_EXECUTOR ${message.executorId} of ${message.frameworkId}`;
    default:
      return message.type;
  }
}

function specText(spec: ContainerSpec): string {
  switch (spec.kind) {
    case 'commandTask':
    case 'podTask':
      return `task ${spec.task.taskId} of ${spec.frameworkId}`;
    case 'customExecutor':
    case 'pod':
      return `executor ${spec.executorId} of ${spec.frameworkId}`;
  }
}
