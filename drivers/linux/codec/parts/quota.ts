import type { MessageInitShape } from '@bufbuild/protobuf';
import type { QuotaConfig, QuotaRequest, QuotaStatus } from '../../../../engine/protocol/index.ts';
import type {
  QuotaConfigSchema,
  QuotaConfigValid,
  QuotaRequestSchema,
  QuotaRequestValid,
  QuotaStatusSchema,
  QuotaStatusValid,
} from '../../proto/generated/mesos/v1/quota/quota_pb.ts';
import { own } from './presence.ts';
import {
  amountsToWire,
  limitsFromWire,
  quantitiesFromWire,
  resourcesFromWire,
  resourcesToWire,
} from './resources.ts';

export function quotaConfigFromWire(config: QuotaConfigValid, path: string): QuotaConfig {
  return {
    role: config.role,
    guarantees: quantitiesFromWire(config.guarantees, `${path}.guarantees`),
    limits: limitsFromWire(config.limits, `${path}.limits`),
  };
}

export function quotaConfigToWire(config: QuotaConfig): MessageInitShape<typeof QuotaConfigSchema> {
  return {
    role: config.role,
    guarantees: amountsToWire(config.guarantees),
    limits: amountsToWire(config.limits),
  };
}

export function quotaRequestFromWire(request: QuotaRequestValid, path: string): QuotaRequest {
  return {
    force: request.force,
    role: request.role,
    guarantee: resourcesFromWire(request.guarantee, `${path}.guarantee`),
  };
}

export function quotaRequestToWire(request: QuotaRequest): MessageInitShape<typeof QuotaRequestSchema> {
  return {
    force: request.force,
    role: request.role,
    guarantee: resourcesToWire(request.guarantee, 'post', null),
  };
}

export function quotaStatusToWire(status: QuotaStatus): MessageInitShape<typeof QuotaStatusSchema> {
  return {
    infos: status.infos.map(({ role, principal, guarantee }) => ({
      role,
      ...(principal === null ? {} : { principal }),
      guarantee: resourcesToWire(guarantee, 'endpoint', null),
    })),
    configs: status.configs.map(quotaConfigToWire),
  };
}

export function quotaStatusFromWire(status: QuotaStatusValid): QuotaStatus {
  return {
    infos: status.infos.map((info, index) => ({
      role: info.role,
      principal: own(info, 'principal'),
      guarantee: resourcesFromWire(info.guarantee, `status.infos[${index}].guarantee`),
    })),
    configs: status.configs.map((config, index) => quotaConfigFromWire(config, `status.configs[${index}]`)),
  };
}
