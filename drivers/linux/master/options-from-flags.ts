import { aclsErrorText, parseAcls } from '../../../engine/authorization/index.ts';
import {
  type AllocatorOptions,
  type MasterOptions,
  type RateLimits,
  SERVICE_MASTER_OPTIONS,
} from '../../../engine/master/index.ts';
import type { DomainInfo, WeightInfo } from '../../../engine/protocol/index.ts';
import { Quantities, resourceErrorText } from '../../../engine/resources/index.ts';
import { readJson } from '../codec/message/read-json.ts';
import { WireError } from '../codec/message/wire-error.ts';
import { domainFromWire } from '../codec/parts/agent-info.ts';
import { count, own } from '../codec/parts/presence.ts';
import { parseDuration } from '../flags/flag-values.ts';
import {
  FlagError,
  type FlagSources,
  type FlagValues,
  type ParsedFlags,
  parseFlags,
} from '../flags/parse-flags.ts';
import {
  DomainInfoSchema,
  RateLimitsSchema,
  type RateLimitValid,
} from '../proto/generated/mesos/v1/mesos_pb.ts';
import { Authentication, type Realm } from '../security/authentication.ts';
import { parseCredentials } from '../security/credentials.ts';
import { MASTER_FLAGS } from './flags.ts';
import type { StartMasterOptions } from './start-master.ts';

type Values = FlagValues<typeof MASTER_FLAGS>;

/** What flags say of a master; where the registry and the log are kept is its daemon's. */
export interface MasterFromFlags {
  readonly flags: ParsedFlags<typeof MASTER_FLAGS>;
  readonly options: Omit<StartMasterOptions, 'registry' | 'cluster'>;
}

/** Throws FlagError: which flag, why, and what is accepted. */
export function masterFromFlags(sources: FlagSources): MasterFromFlags {
  const flags = parseFlags(MASTER_FLAGS, sources);
  const { values } = flags;
  if (values.port < 0 || values.port > 65_535)
    throw new FlagError(`--port is ${values.port}; expected 0 to 65535`);
  const domain = domainOf(values);
  const { advertise_ip: ip, advertise_port: port, hostname } = values;
  return {
    flags,
    options: {
      host: values.ip,
      port: values.port,
      advertise: {
        ...(hostname === null ? {} : { hostname }),
        ...(ip === null ? {} : { ip }),
        ...(port === null ? {} : { port }),
      },
      master: { ...masterOptions(values), address: { ...SERVICE_MASTER_OPTIONS.address, domain } },
      allocatorOptions: allocatorOptions(values, domain),
      authentication: authenticationOf(values),
      flags: flags.shown,
      ...(values.cluster === null ? {} : { clusterName: values.cluster }),
      ...(values.external_log_file === null ? {} : { logFile: values.external_log_file }),
    },
  };
}

function masterOptions(values: Values): Partial<MasterOptions> {
  return {
    agentPingTimeout: values.agent_ping_timeout,
    maxAgentPingTimeouts: atLeast('max_agent_ping_timeouts', values.max_agent_ping_timeouts, 1),
    agentReregisterTimeout: values.agent_reregister_timeout,
    offerTimeout: values.offer_timeout,
    maxCompletedFrameworks: atLeast('max_completed_frameworks', values.max_completed_frameworks, 0),
    maxCompletedTasksPerFramework: atLeast(
      'max_completed_tasks_per_framework',
      values.max_completed_tasks_per_framework,
      0,
    ),
    maxUnreachableTasksPerFramework: atLeast(
      'max_unreachable_tasks_per_framework',
      values.max_unreachable_tasks_per_framework,
      0,
    ),
    maxOperatorEventStreamSubscribers: atLeast(
      'max_operator_event_stream_subscribers',
      values.max_operator_event_stream_subscribers,
      1,
    ),
    registryGcInterval: values.registry_gc_interval,
    registryMaxAgentAge: values.registry_max_agent_age,
    registryMaxAgentCount: atLeast('registry_max_agent_count', values.registry_max_agent_count, 0),
    offerConstraintsRegex: {
      memoryMax: values.offer_constraints_re2_max_mem,
      programSizeMax: values.offer_constraints_re2_max_program_size,
    },
    frameworkMetrics: values.publish_per_framework_metrics,
    rootSubmissions: values.root_submissions,
    requireAgentDomain: values.require_agent_domain,
    roles: values.roles === null ? null : listOf(values.roles),
    weights: weightsOf(values.weights),
    agentRemovalRateLimit: removalRateOf(values.agent_removal_rate_limit),
    recoveryAgentRemovalLimit: shareOf(values.recovery_agent_removal_limit),
    acls: aclsOf(values.acls),
    rateLimits: rateLimitsOf(values.rate_limits),
  };
}

function allocatorOptions(values: Values, domain: DomainInfo | null): Partial<AllocatorOptions> {
  return {
    allocationInterval: values.allocation_interval,
    minAllocatable: minimumsOf(values.min_allocatable_resources),
    fairnessExclude:
      values.fair_sharing_excluded_resource_names === null
        ? []
        : listOf(values.fair_sharing_excluded_resource_names),
    filterGpuResources: values.filter_gpu_resources,
    domain,
    recoveryTimeout: values.allocator_recovery_timeout,
    agentRecoveryFactor: values.allocator_agent_recovery_factor,
    roleSorter: sorterOf('role_sorter', values.role_sorter),
    frameworkSorter: sorterOf('framework_sorter', values.framework_sorter),
  };
}

function atLeast(name: string, value: number, min: number): number {
  if (value >= min) return value;
  throw new FlagError(`--${name} is ${value}; expected ${min} or more`);
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function sorterOf(name: string, text: string): 'drf' | 'random' {
  if (text === 'drf' || text === 'random') return text;
  throw new FlagError(`--${name} is '${text}'; expected drf or random`);
}

/** `cpus:0.01|mem:32`: one of them is enough; each may name several by `;`. */
function minimumsOf(text: string): Quantities[] {
  if (text.trim() === '') return [];
  return text.split('|').map((one) => {
    const parsed = Quantities.parse(one);
    if (parsed.ok) return parsed.value;
    throw new FlagError(`--min_allocatable_resources: ${resourceErrorText(parsed.error)}`);
  });
}

function weightsOf(text: string | null): WeightInfo[] {
  if (text === null) return [];
  return listOf(text).map((one) => {
    const parts = /^(.+)=(\d+(?:\.\d+)?)$/.exec(one);
    const weight = parts === null ? 0 : Number(parts[2]);
    if (parts === null || weight <= 0) {
      throw new FlagError(`--weights: '${one}'; expected role=weight with a weight greater than 0`);
    }
    return { role: parts[1]!, weight };
  });
}

function removalRateOf(text: string | null): MasterOptions['agentRemovalRateLimit'] {
  if (text === null) return null;
  const parts = /^(\d+)\/(.+)$/.exec(text.trim());
  const agents = parts === null ? 0 : Number(parts[1]);
  const period = parts === null ? null : parseDuration(parts[2]!);
  if (agents > 0 && period !== null && period > 0) return { agents, period };
  throw new FlagError(`--agent_removal_rate_limit is '${text}'; expected agents/period, such as 1/10mins`);
}

function shareOf(text: string): number {
  const parts = /^(\d+(?:\.\d+)?)%$/.exec(text.trim());
  const share = parts === null ? Number.NaN : Number(parts[1]) / 100;
  if (share >= 0 && share <= 1) return share;
  throw new FlagError(`--recovery_agent_removal_limit is '${text}'; expected 0% to 100%`);
}

function domainOf(values: Values): DomainInfo | null {
  if (values.domain === null) return null;
  try {
    return domainFromWire(readJson(DomainInfoSchema, values.domain));
  } catch (error) {
    throw flagError('domain', error);
  }
}

function aclsOf(json: unknown): MasterOptions['acls'] {
  if (json === null) return null;
  const acls = parseAcls(json);
  if (acls.ok) return acls.value;
  throw new FlagError(`--acls: ${aclsErrorText(acls.error)}`);
}

function rateLimitsOf(json: unknown): RateLimits | null {
  if (json === null) return null;
  try {
    const message = readJson(RateLimitsSchema, json);
    const aggregateQps = own(message, 'aggregateDefaultQps');
    const aggregateCapacity = own(message, 'aggregateDefaultCapacity');
    return {
      limits: message.limits.map((limit, index) => ({
        principal: limit.principal,
        rate: rateOf(limit, `limits[${index}]`),
      })),
      aggregateDefault:
        aggregateQps === null
          ? null
          : {
              milliQps: milliQps(aggregateQps, 'aggregate_default_qps'),
              capacity:
                aggregateCapacity === null
                  ? null
                  : capacityOf(aggregateCapacity, 'aggregate_default_capacity'),
            },
    };
  } catch (error) {
    throw flagError('rate_limits', error);
  }
}

/** Without `qps` a listed principal is not limited, whatever its `capacity` (spec 14 §4). */
function rateOf(limit: RateLimitValid, path: string) {
  const qps = own(limit, 'qps');
  if (qps === null) return null;
  const capacity = own(limit, 'capacity');
  return {
    milliQps: milliQps(qps, `${path}.qps`),
    capacity: capacity === null ? null : capacityOf(capacity, `${path}.capacity`),
  };
}

function milliQps(qps: number, path: string): number {
  const milli = Math.round(qps * 1_000);
  if (milli >= 1 && Number.isSafeInteger(milli)) return milli;
  throw new WireError(path, `expected a rate of 0.001 or more, got ${qps}`);
}

function capacityOf(value: bigint, path: string): number {
  const capacity = count(value, path);
  if (capacity >= 1) return capacity;
  throw new WireError(path, `expected a capacity of 1 or more, got ${capacity}`);
}

function flagError(name: string, error: unknown): unknown {
  return error instanceof WireError ? new FlagError(`--${name}: ${error.message}`) : error;
}

function authenticationOf(values: Values): Authentication {
  const realms = new Set<Realm>();
  if (values.authenticate_frameworks || values.authenticate_http_frameworks)
    realms.add('mesos-master-scheduler');
  if (values.authenticate_agents) realms.add('orrery-master-agent');
  if (values.authenticate_http_readonly) realms.add('mesos-master-readonly');
  if (values.authenticate_http_readwrite) realms.add('mesos-master-readwrite');
  if (values.credentials === null) {
    if (realms.size === 0) return Authentication.NONE;
    throw new FlagError('--credentials is not given, and somebody must prove who they are: nobody could');
  }
  try {
    return new Authentication(parseCredentials(values.credentials), realms);
  } catch (error) {
    throw new FlagError(`--credentials: ${error instanceof Error ? error.message : String(error)}`);
  }
}
