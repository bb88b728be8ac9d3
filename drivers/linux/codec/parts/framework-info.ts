import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FrameworkCapability, FrameworkInfo } from '../../../../engine/protocol/index.ts';
import type { Quantities } from '../../../../engine/resources/index.ts';
import {
  FrameworkInfo_Capability_Type,
  type FrameworkInfoSchema,
  type FrameworkInfoValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import { labelsFromWire, labelsToWire } from './labels.ts';
import { namesOf, own } from './presence.ts';
import { amountsToWire, quantitiesFromWire } from './resources.ts';

const capabilityName = namesOf(FrameworkInfo_Capability_Type);

export function frameworkInfoFromWire(ids: IdTexts, info: FrameworkInfoValid, path: string): FrameworkInfo {
  const capabilities: FrameworkCapability[] = [];
  for (const capability of info.capabilities) {
    const type = own(capability, 'type');
    const name = type === null ? 'UNKNOWN' : capabilityName(type);
    if (name !== 'UNKNOWN') capabilities.push(name);
  }
  const offerFilters = new Map<string, readonly Quantities[]>();
  for (const [role, { minAllocatableResources }] of Object.entries(info.offerFilters)) {
    if (minAllocatableResources === undefined) continue;
    offerFilters.set(
      role,
      minAllocatableResources.quantities.map(({ quantities }) =>
        quantitiesFromWire(quantities, `${path}.offer_filters`),
      ),
    );
  }
  // An empty id is that of a framework that has none yet (spec 03 §1.1).
  const id = info.id === undefined || info.id.value === '' ? null : ids.framework(info.id.value);
  return {
    user: info.user,
    name: info.name,
    id,
    failoverTimeout: info.failoverTimeout,
    checkpoint: info.checkpoint,
    role: own(info, 'role'),
    roles: [...info.roles],
    hostname: info.hostname,
    principal: own(info, 'principal'),
    webuiUrl: own(info, 'webuiUrl'),
    capabilities,
    labels: labelsFromWire(info.labels),
    offerFilters,
  };
}

export function frameworkInfoToWire(
  ids: IdTexts,
  info: FrameworkInfo,
): MessageInitShape<typeof FrameworkInfoSchema> {
  // Of any name, `__proto__` too.
  const offerFilters = Object.fromEntries(
    Array.from(info.offerFilters, ([role, minimums]) => {
      const quantities = minimums.map((minimum) => ({ quantities: amountsToWire(minimum) }));
      return [role, { minAllocatableResources: { quantities } }];
    }),
  );
  return {
    user: info.user,
    name: info.name,
    ...(info.id === null ? {} : { id: { value: ids.frameworkText(info.id) } }),
    failoverTimeout: info.failoverTimeout,
    checkpoint: info.checkpoint,
    ...(info.role === null ? {} : { role: info.role }),
    roles: [...info.roles],
    hostname: info.hostname,
    ...(info.principal === null ? {} : { principal: info.principal }),
    ...(info.webuiUrl === null ? {} : { webuiUrl: info.webuiUrl }),
    capabilities: info.capabilities.map((name) => ({ type: FrameworkInfo_Capability_Type[name] })),
    ...(info.labels === null ? {} : { labels: labelsToWire(info.labels)! }),
    ...(info.offerFilters.size === 0 ? {} : { offerFilters }),
  };
}
