import type { MessageInitShape } from '@bufbuild/protobuf';
import type { MasterEpoch } from '../../../engine/core/index.ts';
import type { SchedulerEvent } from '../../../engine/protocol/index.ts';
import {
  Event_Type,
  type EventSchema,
  type EventValid,
} from '../proto/generated/mesos/v1/scheduler/scheduler_pb.ts';
import type { IdTexts } from './ids/id-texts.ts';
import { WireError } from './message/wire-error.ts';
import { epochOfMaster, type MasterAddress, masterInfoToWire } from './parts/master-info.ts';
import {
  inverseOfferFromWire,
  inverseOfferToWire,
  offerFromWire,
  offerToWire,
  type OfferView,
} from './parts/offer.ts';
import { operationStatusFromWire, operationStatusToWire } from './parts/operation.ts';
import { namesOf, own, present } from './parts/presence.ts';
import { statusFromWire, statusToWire } from './parts/task-status.ts';

const eventType = namesOf(Event_Type);

/** What the events of a stream need beside themselves. */
export interface EventSurroundings {
  readonly epoch: MasterEpoch;
  readonly address: MasterAddress;
  readonly view: OfferView;
}

export function schedulerEventToWire(
  ids: IdTexts,
  event: SchedulerEvent,
  around: EventSurroundings,
): MessageInitShape<typeof EventSchema> {
  const type = Event_Type[event.type];
  switch (event.type) {
    case 'SUBSCRIBED':
      return {
        type,
        subscribed: {
          frameworkId: { value: ids.frameworkText(event.frameworkId) },
          heartbeatIntervalSeconds: event.heartbeatIntervalSeconds,
          masterInfo: masterInfoToWire(ids, event.master, around.address),
        },
      };
    case 'OFFERS':
      return {
        type,
        offers: {
          offers: event.offers.map((offer) => offerToWire(ids, around.epoch, offer, around.view)),
        },
      };
    case 'INVERSE_OFFERS':
      return {
        type,
        inverseOffers: {
          inverseOffers: event.inverseOffers.map((offer) => inverseOfferToWire(ids, around.epoch, offer)),
        },
      };
    case 'RESCIND':
      return { type, rescind: { offerId: { value: ids.offerText(event.offerId, around.epoch) } } };
    case 'RESCIND_INVERSE_OFFER':
      return {
        type,
        rescindInverseOffer: {
          inverseOfferId: { value: ids.offerText(event.inverseOfferId, around.epoch) },
        },
      };
    case 'UPDATE':
      return { type, update: { status: statusToWire(ids, event.status) } };
    case 'UPDATE_OPERATION_STATUS':
      return { type, updateOperationStatus: { status: operationStatusToWire(ids, event.status) } };
    case 'MESSAGE':
      return {
        type,
        message: {
          agentId: { value: ids.agentText(event.agentId) },
          executorId: { value: ids.executorText(event.executorId) },
          data: event.data,
        },
      };
    case 'FAILURE':
      return {
        type,
        failure: {
          ...(event.agentId === null ? {} : { agentId: { value: ids.agentText(event.agentId) } }),
          ...(event.executorId === null ? {} : { executorId: { value: ids.executorText(event.executorId) } }),
          ...(event.status === null ? {} : { status: event.status }),
        },
      };
    case 'ERROR':
      return { type, error: { message: ids.mentioned(event.message) } };
    case 'HEARTBEAT':
      return { type };
  }
}

/** For clients. `defaultRole` is that of offers that do not show theirs. Null for an event of a kind that this version does not know. */
export function schedulerEventFromWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  event: EventValid,
  defaultRole = '*',
): SchedulerEvent | null {
  const type = eventType(own(event, 'type') ?? Event_Type.UNKNOWN);
  switch (type) {
    case 'UNKNOWN':
      return null;
    case 'SUBSCRIBED': {
      const { frameworkId, heartbeatIntervalSeconds, masterInfo } = present(event.subscribed, 'subscribed');
      return {
        type,
        frameworkId: ids.framework(frameworkId.value),
        heartbeatIntervalSeconds,
        master: masterInfo === undefined ? (0 as MasterEpoch) : epochOfMaster(masterInfo.id),
      };
    }
    case 'OFFERS': {
      const { offers } = present(event.offers, 'offers');
      return { type, offers: offers.map((offer) => offerFromWire(ids, epoch, offer, defaultRole)) };
    }
    case 'INVERSE_OFFERS': {
      const { inverseOffers } = present(event.inverseOffers, 'inverse_offers');
      return { type, inverseOffers: inverseOffers.map((offer) => inverseOfferFromWire(ids, epoch, offer)) };
    }
    case 'RESCIND':
      return { type, offerId: ids.offer(present(event.rescind, 'rescind').offerId.value, epoch, 0) };
    case 'RESCIND_INVERSE_OFFER': {
      const { inverseOfferId } = present(event.rescindInverseOffer, 'rescind_inverse_offer');
      return { type, inverseOfferId: ids.offer(inverseOfferId.value, epoch, 0) };
    }
    case 'UPDATE':
      return { type, status: statusFromWire(ids, present(event.update, 'update').status, 'update.status') };
    case 'UPDATE_OPERATION_STATUS': {
      const { status } = present(event.updateOperationStatus, 'update_operation_status');
      return { type, status: operationStatusFromWire(ids, status, 'update_operation_status.status') };
    }
    case 'MESSAGE': {
      const { agentId, executorId, data } = present(event.message, 'message');
      return { type, agentId: ids.agent(agentId.value), executorId: ids.executor(executorId.value), data };
    }
    case 'FAILURE': {
      const failure = present(event.failure, 'failure');
      return {
        type,
        agentId: failure.agentId === undefined ? null : ids.agent(failure.agentId.value),
        executorId: failure.executorId === undefined ? null : ids.executor(failure.executorId.value),
        status: own(failure, 'status'),
      };
    }
    case 'ERROR':
      return { type, message: present(event.error, 'error').message };
    case 'HEARTBEAT':
      return { type };
    default:
      throw new WireError('type', 'an event that no scheduler knows');
  }
}
