import type { MessageInitShape } from '@bufbuild/protobuf';
import type { MasterEpoch } from '../../../engine/core/index.ts';
import type { ExtensionEvent, OperatorEvent } from '../../../engine/protocol/index.ts';
import { OfferSchema, TaskState } from '../proto/generated/mesos/v1/mesos_pb.ts';
import {
  Event_Type,
  type EventSchema,
  type EventValid,
  Response_GetAgents_AgentSchema,
} from '../proto/generated/mesos/v1/master/master_pb.ts';
import { QuotaConfigSchema } from '../proto/generated/mesos/v1/quota/quota_pb.ts';
import type { IdTexts } from './ids/id-texts.ts';
import { writeJson } from './message/write-json.ts';
import { stateFromWire, stateToWire } from './operator-response.ts';
import { agentStatusFromWire, agentStatusToWire } from './parts/agent-status.ts';
import { frameworkInfoFromWire, frameworkInfoToWire } from './parts/framework-info.ts';
import { frameworkStatusFromWire, frameworkStatusToWire } from './parts/framework-status.ts';
import { offerToWire } from './parts/offer.ts';
import { namesOf, own, present } from './parts/presence.ts';
import { quotaConfigToWire } from './parts/quota.ts';
import { taskRecordFromWire, taskRecordToWire } from './parts/task-record.ts';
import { statusFromWire, statusToWire, taskStateName } from './parts/task-status.ts';

const eventType = namesOf(Event_Type);

export function operatorEventToWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  event: OperatorEvent,
): MessageInitShape<typeof EventSchema> {
  const type = Event_Type[event.type];
  switch (event.type) {
    case 'SUBSCRIBED':
      return {
        type,
        subscribed: {
          getState: stateToWire(ids, epoch, event.getState),
          heartbeatIntervalSeconds: event.heartbeatIntervalSeconds,
        },
      };
    case 'TASK_ADDED':
      return { type, taskAdded: { task: taskRecordToWire(ids, event.task) } };
    case 'TASK_UPDATED':
      return {
        type,
        taskUpdated: {
          frameworkId: { value: ids.frameworkText(event.frameworkId) },
          status: statusToWire(ids, event.status),
          state: TaskState[event.state],
        },
      };
    case 'AGENT_ADDED':
      return { type, agentAdded: { agent: agentStatusToWire(ids, event.agent) } };
    case 'AGENT_REMOVED':
      return { type, agentRemoved: { agentId: { value: ids.agentText(event.agentId) } } };
    case 'FRAMEWORK_ADDED':
      return { type, frameworkAdded: { framework: frameworkStatusToWire(ids, epoch, event.framework) } };
    case 'FRAMEWORK_UPDATED':
      return { type, frameworkUpdated: { framework: frameworkStatusToWire(ids, epoch, event.framework) } };
    case 'FRAMEWORK_REMOVED':
      return { type, frameworkRemoved: { frameworkInfo: frameworkInfoToWire(ids, event.frameworkInfo) } };
    case 'HEARTBEAT':
      return { type };
  }
}

/** Events that Mesos's message cannot hold, as JSON text in the same manner. */
export function extensionEventText(ids: IdTexts, epoch: MasterEpoch, event: ExtensionEvent): string {
  const { type } = event;
  switch (event.type) {
    case 'AGENT_UPDATED': {
      const agent = writeJson(Response_GetAgents_AgentSchema, agentStatusToWire(ids, event.agent));
      return `{"type":"${type}","agent_updated":{"agent":${agent}}}`;
    }
    case 'OFFER_ADDED': {
      const view = { format: 'endpoint', showsRole: true } as const;
      const offer = writeJson(OfferSchema, offerToWire(ids, epoch, event.offer, view));
      return `{"type":"${type}","offer_added":{"offer":${offer}}}`;
    }
    case 'OFFER_REMOVED': {
      const value = ids.offerText(event.offerId, epoch);
      return `{"type":"${type}","offer_removed":{"offer_id":{"value":"${value}"}}}`;
    }
    case 'QUOTA_UPDATED': {
      const config = writeJson(QuotaConfigSchema, quotaConfigToWire(event.quotaConfig));
      return `{"type":"${type}","quota_updated":{"quota_config":${config}}}`;
    }
    case 'WEIGHT_UPDATED':
      return `{"type":"${type}","weight_updated":{"weight_info":${JSON.stringify(event.weightInfo)}}}`;
  }
}

export function isExtensionEvent(event: OperatorEvent | ExtensionEvent): event is ExtensionEvent {
  return !Object.hasOwn(Event_Type, event.type);
}

/** For clients. Null for an event of a kind that Mesos does not have. */
export function operatorEventFromWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  event: EventValid,
): OperatorEvent | null {
  const type = eventType(own(event, 'type') ?? Event_Type.UNKNOWN);
  switch (type) {
    case 'UNKNOWN':
      return null;
    case 'SUBSCRIBED': {
      const { getState, heartbeatIntervalSeconds } = present(event.subscribed, 'subscribed');
      return {
        type,
        getState: stateFromWire(ids, epoch, present(getState, 'subscribed.get_state')),
        heartbeatIntervalSeconds,
      };
    }
    case 'TASK_ADDED':
      return { type, task: taskRecordFromWire(ids, present(event.taskAdded, 'task_added').task, 'task') };
    case 'TASK_UPDATED': {
      const { frameworkId, status, state } = present(event.taskUpdated, 'task_updated');
      return {
        type,
        frameworkId: ids.framework(frameworkId.value),
        status: statusFromWire(ids, status, 'task_updated.status'),
        state: taskStateName(state),
      };
    }
    case 'AGENT_ADDED':
      return {
        type,
        agent: agentStatusFromWire(ids, present(event.agentAdded, 'agent_added').agent, 'agent'),
      };
    case 'AGENT_REMOVED':
      return { type, agentId: ids.agent(present(event.agentRemoved, 'agent_removed').agentId.value) };
    case 'FRAMEWORK_ADDED':
    case 'FRAMEWORK_UPDATED': {
      const { framework } =
        type === 'FRAMEWORK_ADDED'
          ? present(event.frameworkAdded, 'framework_added')
          : present(event.frameworkUpdated, 'framework_updated');
      return { type, framework: frameworkStatusFromWire(ids, epoch, framework, 'framework') };
    }
    case 'FRAMEWORK_REMOVED': {
      const { frameworkInfo } = present(event.frameworkRemoved, 'framework_removed');
      return { type, frameworkInfo: frameworkInfoFromWire(ids, frameworkInfo, 'framework_info') };
    }
    case 'HEARTBEAT':
      return { type };
  }
}
