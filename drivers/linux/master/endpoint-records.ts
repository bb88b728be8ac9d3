import type { FrameworkId, MasterEpoch } from '../../../engine/core/index.ts';
import { microsToSeconds } from '../../../engine/core/index.ts';
import {
  type AgentInfo,
  type AgentStatus,
  type ClusterExecutors,
  type FrameworkInfo,
  type FrameworkStatus,
  type Offer,
  rolesOf,
  type Task,
  type TaskStatus,
} from '../../../engine/protocol/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import { writeJson } from '../codec/message/write-json.ts';
import { agentPid } from '../codec/parts/agent-status.ts';
import { healthCheckToWire } from '../codec/parts/checks.ts';
import { commandToWire } from '../codec/parts/command.ts';
import { containerToWire } from '../codec/parts/container.ts';
import { discoveryToWire } from '../codec/parts/discovery.ts';
import { drainInfoToWire } from '../codec/parts/drain.ts';
import { constraintsToWire } from '../codec/parts/offer-constraints.ts';
import { statusToWire } from '../codec/parts/task-status.ts';
import {
  CommandInfoSchema,
  ContainerInfoSchema,
  ContainerStatusSchema,
  DiscoveryInfoSchema,
  DrainInfoSchema,
  HealthCheckSchema,
} from '../proto/generated/mesos/v1/mesos_pb.ts';
import { OfferConstraintsSchema } from '../proto/generated/mesos/v1/scheduler/scheduler_pb.ts';
import {
  attributesText,
  domainText,
  fullText,
  labelsText,
  reservedText,
  secondsText,
  summaryText,
} from './endpoint-json.ts';

// The records of the endpoints of old as JSON text (spec 05 §D). Field names are those that tools read.

const quote = (text: string): string => JSON.stringify(text);

export function taskJson(ids: IdTexts, task: Task): string {
  const { template, executorId, user } = task;
  let text =
    `{"id":${quote(ids.taskText(task.taskId))},"name":${quote(template.name)}` +
    `,"framework_id":"${ids.frameworkText(task.frameworkId)}"` +
    `,"executor_id":${executorId === null ? '""' : quote(ids.executorText(executorId))}` +
    `,"slave_id":"${ids.agentText(task.agentId)}","state":"${task.state}"` +
    `,"resources":${summaryText(task.resources)},"role":${quote(task.role)}` +
    `,"statuses":[${task.statuses.map((status) => statusJson(ids, status)).join(',')}]` +
    `,"labels":${labelsText(template.labels)}`;
  if (template.limits !== null) {
    const { cpus, mem } = template.limits;
    const limits = { ...(cpus === null ? {} : { cpus }), ...(mem === null ? {} : { mem }) };
    // As on the wire, infinity is a text: JSON has no number for it.
    text += `,"limits":${JSON.stringify(limits, (_, value: unknown) => (value === Infinity ? 'Infinity' : value))}`;
  }
  if (user !== null) text += `,"user":${quote(user)}`;
  if (template.discovery !== null)
    text += `,"discovery":${writeJson(DiscoveryInfoSchema, discoveryToWire(template.discovery))}`;
  if (template.container !== null)
    text += `,"container":${writeJson(ContainerInfoSchema, containerToWire(template.container))}`;
  if (template.healthCheck !== null)
    text += `,"health_check":${writeJson(HealthCheckSchema, healthCheckToWire(template.healthCheck))}`;
  return `${text}}`;
}

function statusJson(ids: IdTexts, status: TaskStatus): string {
  let text = `{"state":"${status.state}","timestamp":${microsToSeconds(status.timestamp)}`;
  const { details } = status;
  if (details !== null) {
    if (details.labels !== null) text += `,"labels":${labelsText(details.labels)}`;
    if (details.healthy !== null) text += `,"healthy":${details.healthy}`;
    const { containerStatus } = statusToWire(ids, status);
    if (containerStatus !== undefined)
      text += `,"container_status":${writeJson(ContainerStatusSchema, containerStatus)}`;
  }
  return `${text}}`;
}

export function executorJson(
  ids: IdTexts,
  { executorInfo, agentId }: ClusterExecutors['executors'][number],
  frameworkId: FrameworkId,
): string {
  const { executorId, name, command, resources, labels, type } = executorInfo;
  const role = resources.entries[0]?.identity.allocationRole ?? '*';
  return (
    `{"executor_id":${quote(ids.executorText(executorId))},"name":${quote(name)}` +
    `,"framework_id":"${ids.frameworkText(frameworkId)}"` +
    `,"command":${command === null ? '{}' : writeJson(CommandInfoSchema, commandToWire(command))}` +
    `,"resources":${summaryText(resources)},"role":${quote(role)}` +
    (labels === null ? '' : `,"labels":${labelsText(labels)}`) +
    (type === null ? '' : `,"type":"${type}"`) +
    `,"slave_id":"${ids.agentText(agentId)}"}`
  );
}

export function offerJson(ids: IdTexts, epoch: MasterEpoch, offer: Offer): string {
  return (
    `{"id":"${ids.offerText(offer.id, epoch)}","framework_id":"${ids.frameworkText(offer.frameworkId)}"` +
    `,"allocation_info":{"role":${quote(offer.role)}},"slave_id":"${ids.agentText(offer.agentId)}"` +
    `,"resources":${summaryText(offer.resources)}}`
  );
}

/** Without the closing brace: what is only in `/state` or only in `/state-summary` follows. */
export function agentHead(ids: IdTexts, agent: AgentStatus): string {
  const { agentInfo: info, totalResources: total, drainInfo } = agent;
  return (
    `{"id":"${ids.agentText(info.id!)}","hostname":${quote(info.hostname)},"port":${info.port}` +
    `,"attributes":${attributesText(info.attributes)}` +
    (info.domain === null ? '' : `,"domain":${domainText(info.domain)}`) +
    `,"pid":${quote(agentPid(info))},"registered_time":${secondsText(agent.registeredTime)}` +
    (agent.reregisteredTime === null ? '' : `,"reregistered_time":${secondsText(agent.reregisteredTime)}`) +
    `,"resources":${summaryText(total)},"used_resources":${summaryText(agent.allocatedResources)}` +
    `,"offered_resources":${summaryText(agent.offeredResources)}` +
    `,"reserved_resources":${reservedText(total, summaryText)}` +
    `,"unreserved_resources":${summaryText(total.unreserved())}` +
    `,"active":${agent.active},"deactivated":${agent.deactivated},"version":${quote(info.version)}` +
    `,"capabilities":${JSON.stringify(info.capabilities)}` +
    (drainInfo === null ? '' : `,"drain_info":${writeJson(DrainInfoSchema, drainInfoToWire(drainInfo))}`) +
    (agent.estimatedDrainStartTime === null
      ? ''
      : `,"estimated_drain_start_time_seconds":${secondsText(agent.estimatedDrainStartTime)}`)
  );
}

/** As in `/state` and `/slaves`. */
export function agentJson(ids: IdTexts, agent: AgentStatus): string {
  const { totalResources: total } = agent;
  return (
    agentHead(ids, agent) +
    `,"reserved_resources_full":${reservedText(total, fullText)}` +
    `,"unreserved_resources_full":${fullText(total.unreserved())}` +
    `,"used_resources_full":${fullText(agent.allocatedResources)}` +
    `,"offered_resources_full":${fullText(agent.offeredResources)}}`
  );
}

export function recoveredAgentJson(ids: IdTexts, info: AgentInfo): string {
  return (
    `{"id":"${ids.agentText(info.id!)}","hostname":${quote(info.hostname)},"port":${info.port}` +
    `,"attributes":${attributesText(info.attributes)}` +
    (info.domain === null ? '}' : `,"domain":${domainText(info.domain)}}`)
  );
}

/** Without the closing brace. */
export function frameworkHead(ids: IdTexts, framework: FrameworkStatus): string {
  const { frameworkInfo: info } = framework;
  return (
    `{"id":"${ids.frameworkText(info.id!)}","name":${quote(info.name)}` +
    `,"used_resources":${summaryText(framework.allocatedResources)}` +
    `,"offered_resources":${summaryText(framework.offeredResources)}` +
    `,"capabilities":${JSON.stringify(info.capabilities)},"hostname":${quote(info.hostname)}` +
    `,"webui_url":${quote(info.webuiUrl ?? '')},"active":${framework.active}` +
    `,"connected":${framework.connected},"recovered":${framework.recovered}`
  );
}

/** What `/state` and `/frameworks` add, but for tasks and executors: what stands before the offers and after them, without the closing brace. */
export function frameworkTail(framework: FrameworkStatus): {
  readonly beforeOffers: string;
  readonly afterOffers: string;
} {
  const { frameworkInfo: info, offerConstraints } = framework;
  const held: Resources = framework.allocatedResources.plus(framework.offeredResources);
  const beforeOffers =
    `,"user":${quote(info.user)},"failover_timeout":${info.failoverTimeout},"checkpoint":${info.checkpoint}` +
    `,"registered_time":${secondsText(framework.registeredTime)}` +
    `,"unregistered_time":${secondsText(framework.unregisteredTime)}` +
    (info.principal === null ? '' : `,"principal":${quote(info.principal)}`) +
    (framework.reregisteredTime === null
      ? ''
      : `,"reregistered_time":${secondsText(framework.reregisteredTime)}`) +
    `,"resources":${summaryText(held)}${rolesJson(info)},"offers":[`;
  const afterOffers =
    ']' +
    (info.labels === null ? '' : `,"labels":${labelsText(info.labels)}`) +
    (offerConstraints === null
      ? ''
      : `,"offer_constraints":${writeJson(OfferConstraintsSchema, constraintsToWire(offerConstraints))}`);
  return { beforeOffers, afterOffers };
}

function rolesJson(info: FrameworkInfo): string {
  return info.capabilities.includes('MULTI_ROLE')
    ? `,"roles":${JSON.stringify(info.roles)}`
    : `,"role":${quote(rolesOf(info)[0]!)}`;
}
