import type { Micros } from '../../../engine/core/index.ts';
import type { MasterOutput } from '../../../engine/master/index.ts';
import type { MasterToAgent, SchedulerEvent, TaskInfo, TaskStatus } from '../../../engine/protocol/index.ts';

/** Texts of the ids that the engine knows by number. */
export interface IdNames {
  task(id: number): string;
  executor(id: number): string;
  agent(id: number): string;
  framework(id: number): string;
}

/** Ids as the numbers that they are. */
export const NUMBERS: IdNames = { task: String, executor: String, agent: String, framework: String };

/**
 * One line for a decision of the master: which task goes to which agent, who is offered what, what is told of a task and why. Null for outputs
 * that carry no decision. A run and its replay give the same lines, byte for byte.
 */
export function decisionLine(now: Micros, output: MasterOutput, names: IdNames): string | null {
  const text = decisionText(output, names);
  return text === null ? null : `${now} ${text}`;
}

function decisionText(output: MasterOutput, names: IdNames): string | null {
  switch (output.kind) {
    case 'event':
      return eventText(output.event, names);
    case 'toAgent':
      return messageText(output.message, names);
    case 'persist':
      return `persist ${output.index} ${output.operation.kind}`;
    case 'refuseCall':
      return `refuse ${output.error.code}`;
    case 'abdicate':
      return `abdicate: ${output.reason}`;
    default:
      return null;
  }
}

function eventText(event: SchedulerEvent, names: IdNames): string | null {
  switch (event.type) {
    case 'OFFERS':
      return event.offers
        .map(
          (offer) =>
            `offer ${offer.id} of agent ${names.agent(offer.agentId)} to framework ${names.framework(offer.frameworkId)} in ${offer.role}: ${offer.resources.toString()}`,
        )
        .join('; ');
    case 'RESCIND':
      return `rescind offer ${event.offerId}`;
    case 'UPDATE':
      return `update ${statusText(event.status, names)}`;
    case 'SUBSCRIBED':
      return `subscribed framework ${names.framework(event.frameworkId)}`;
    case 'FAILURE':
      return event.agentId === null ? 'failure' : `failure on agent ${names.agent(event.agentId)}`;
    case 'ERROR':
      return `error: ${event.message}`;
    case 'HEARTBEAT':
      return null;
    default:
      return event.type;
  }
}

function statusText(status: TaskStatus, names: IdNames): string {
  const agent = status.agentId === null ? '' : ` on agent ${names.agent(status.agentId)}`;
  const why = status.reason === null ? '' : ` ${status.reason}`;
  return `${status.state} of task ${names.task(status.taskId)}${agent} by ${status.source}${why}`;
}

function messageText(message: MasterToAgent, names: IdNames): string {
  switch (message.type) {
    case 'RUN_TASK':
      return launchText(message.task, message.frameworkId, message.role, names);
    case 'RUN_TASK_GROUP':
      return message.tasks
        .map((task) => launchText(task, message.frameworkId, message.role, names))
        .join(' with ');
    case 'KILL_TASK':
      return `kill task ${names.task(message.taskId)} of framework ${names.framework(message.frameworkId)}`;
    case 'STATUS_UPDATE_ACKNOWLEDGEMENT':
      return `acknowledge task ${names.task(message.taskId)} of framework ${names.framework(message.frameworkId)}`;
    case 'AGENT_REGISTERED':
    case 'AGENT_REREGISTERED':
      return `${message.type === 'AGENT_REGISTERED' ? 'registered' : 'registered again'} agent ${names.agent(message.agentId)}`;
    default:
      return message.type;
  }
}

function launchText(task: TaskInfo, frameworkId: number, role: string, names: IdNames): string {
  return `launch task ${names.task(task.taskId)} of framework ${names.framework(frameworkId)} in ${role} on agent ${names.agent(task.agentId)}: ${task.resources.toString()}`;
}
