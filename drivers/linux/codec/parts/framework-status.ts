import type { MessageInitShape } from '@bufbuild/protobuf';
import type { MasterEpoch } from '../../../../engine/core/index.ts';
import type { FrameworkStatus } from '../../../../engine/protocol/index.ts';
import type {
  Response_GetFrameworks_FrameworkSchema,
  Response_GetFrameworks_FrameworkValid,
} from '../../proto/generated/mesos/v1/master/master_pb.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import { frameworkInfoFromWire, frameworkInfoToWire } from './framework-info.ts';
import {
  inverseOfferFromWire,
  inverseOfferToWire,
  offerFromWire,
  offerToWire,
  type OfferView,
} from './offer.ts';
import { constraintsFromWire, constraintsToWire } from './offer-constraints.ts';
import { microsToNanos, nanosToMicros } from './presence.ts';
import { resourcesFromWire, resourcesToWire } from './resources.ts';

const OPERATOR_VIEW: OfferView = { format: 'endpoint', showsRole: true };

export function frameworkStatusToWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  framework: FrameworkStatus,
): MessageInitShape<typeof Response_GetFrameworks_FrameworkSchema> {
  const { registeredTime, reregisteredTime, unregisteredTime, offerConstraints } = framework;
  return {
    frameworkInfo: frameworkInfoToWire(ids, framework.frameworkInfo),
    active: framework.active,
    connected: framework.connected,
    recovered: framework.recovered,
    ...(registeredTime === null ? {} : { registeredTime: { nanoseconds: microsToNanos(registeredTime) } }),
    ...(reregisteredTime === null
      ? {}
      : { reregisteredTime: { nanoseconds: microsToNanos(reregisteredTime) } }),
    ...(unregisteredTime === null
      ? {}
      : { unregisteredTime: { nanoseconds: microsToNanos(unregisteredTime) } }),
    offers: [...frameworkOffersToWire(ids, epoch, framework)],
    inverseOffers: framework.inverseOffers.map((offer) => inverseOfferToWire(ids, epoch, offer)),
    allocatedResources: resourcesToWire(framework.allocatedResources, 'endpoint', null),
    offeredResources: resourcesToWire(framework.offeredResources, 'endpoint', null),
    ...(offerConstraints === null ? {} : { offerConstraints: constraintsToWire(offerConstraints) }),
  };
}

/** The offers of a status one by one: a framework may have as many as there are agents. */
export function* frameworkOffersToWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  { offers }: Pick<FrameworkStatus, 'offers'>,
): Generator<ReturnType<typeof offerToWire>> {
  for (const offer of offers) yield offerToWire(ids, epoch, offer, OPERATOR_VIEW);
}

/** For clients. */
export function frameworkStatusFromWire(
  ids: IdTexts,
  epoch: MasterEpoch,
  framework: Response_GetFrameworks_FrameworkValid,
  path: string,
): FrameworkStatus {
  const time = (one: { readonly nanoseconds: bigint } | undefined) =>
    one === undefined ? null : nanosToMicros(one.nanoseconds, path);
  return {
    frameworkInfo: frameworkInfoFromWire(ids, framework.frameworkInfo, `${path}.framework_info`),
    active: framework.active,
    connected: framework.connected,
    recovered: framework.recovered,
    registeredTime: time(framework.registeredTime),
    reregisteredTime: time(framework.reregisteredTime),
    unregisteredTime: time(framework.unregisteredTime),
    offers: framework.offers.map((offer) => offerFromWire(ids, epoch, offer, '*')),
    inverseOffers: framework.inverseOffers.map((offer) => inverseOfferFromWire(ids, epoch, offer)),
    allocatedResources: resourcesFromWire(framework.allocatedResources, `${path}.allocated_resources`),
    offeredResources: resourcesFromWire(framework.offeredResources, `${path}.offered_resources`),
    offerConstraints: constraintsFromWire(framework.offerConstraints, `${path}.offer_constraints`),
  };
}
