import {
  type AllocatorOptions,
  type MasterOptions,
  SERVICE_MASTER_OPTIONS,
  type SorterKind,
  validateWeight,
} from '../../../engine/master/index.ts';
import type { DomainInfo, WeightInfo } from '../../../engine/protocol/index.ts';
import { Quantities, resourceErrorText } from '../../../engine/resources/index.ts';
import { parseDuration } from '../flags/flag-values.ts';
import { FlagError, type FlagValues } from '../flags/parse-flags.ts';
import { DEFAULT_JOURNAL_OPTIONS, type JournalOptions } from '../journal/journal-options.ts';
import type { MasterFlagTable } from './master-flags.ts';

export type MasterFlagValues = FlagValues<MasterFlagTable>;

const MICROS_PER_MILLI = 1_000;

/** The machine's options that flags say. Throws FlagError. */
export function masterOptionsOf(flags: MasterFlagValues): Omit<MasterOptions, 'address'> {
  return {
    ...SERVICE_MASTER_OPTIONS,
    agentPingTimeout: flags.agent_ping_timeout,
    maxAgentPingTimeouts: atLeast('max_agent_ping_timeouts', flags.max_agent_ping_timeouts, 1),
    agentReregisterTimeout: flags.agent_reregister_timeout,
    offerTimeout: flags.offer_timeout === 0 ? null : flags.offer_timeout,
    remaindersAtOnce: flags.remainders_at_once,
    maxCompletedFrameworks: atLeast('max_completed_frameworks', flags.max_completed_frameworks, 0),
    maxCompletedTasksPerFramework: atLeast(
      'max_completed_tasks_per_framework',
      flags.max_completed_tasks_per_framework,
      0,
    ),
    maxUnreachableTasksPerFramework: atLeast(
      'max_unreachable_tasks_per_framework',
      flags.max_unreachable_tasks_per_framework,
      0,
    ),
    registryMaxAgentCount: atLeast('registry_max_agent_count', flags.registry_max_agent_count, 1),
    registryGcInterval: flags.registry_gc_interval,
    registryMaxAgentAge: flags.registry_max_agent_age,
    offerConstraintsRegex: {
      memoryMax: flags.offer_constraints_re2_max_mem,
      programSizeMax: flags.offer_constraints_re2_max_program_size,
    },
    roles: flags.roles === null ? null : flags.roles.split(','),
    rootSubmissions: flags.root_submissions,
    maxOperatorEventStreamSubscribers: atLeast(
      'max_operator_event_stream_subscribers',
      flags.max_operator_event_stream_subscribers,
      1,
    ),
    frameworkMetrics: flags.publish_per_framework_metrics,
    weights: weightsOf(flags.weights),
    requireAgentDomain: flags.require_agent_domain,
    agentRemovalRateLimit: rateOf(flags.agent_removal_rate_limit),
    recoveryAgentRemovalLimit: shareOf(flags.recovery_agent_removal_limit),
    drainCancel: flags.drain_cancel,
    drainLimit:
      flags.drain_unavailable_max === null
        ? null
        : {
            unavailableTasksMax: atLeast('drain_unavailable_max', flags.drain_unavailable_max, 1),
            replacementTimeout: flags.drain_replacement_timeout,
          },
    frameworkUndoWindow: flags.framework_undo_window,
    reservationOwners: flags.reservation_owners,
    reservationLeases: flags.reservation_leases,
  };
}

/** The allocator's options that flags say. Throws FlagError. */
export function allocatorOptionsOf(flags: MasterFlagValues): Partial<AllocatorOptions> {
  const timing = oneOf('allocation_timing', flags.allocation_timing, ['event', 'mesos'] as const);
  return {
    allocationInterval: flags.allocation_interval,
    timing,
    declinerGuard: timing === 'event',
    minAllocatable: flags.min_allocatable_resources
      .split('|')
      .filter((text) => text.trim() !== '')
      .map((text) => {
        const parsed = Quantities.parse(text);
        if (!parsed.ok)
          throw new FlagError(`--min_allocatable_resources: ${text}: ${resourceErrorText(parsed.error)}`);
        return parsed.value;
      }),
    fairnessExclude: flags.fair_sharing_excluded_resource_names?.split(',') ?? [],
    filterGpuResources: flags.filter_gpu_resources,
    domain: domainOf(flags.domain),
    recoveryTimeout: flags.allocator_recovery_timeout,
    agentRecoveryFactor: flags.allocator_agent_recovery_factor,
    roleSorter: oneOf<SorterKind>('role_sorter', flags.role_sorter, ['drf', 'random']),
    frameworkSorter: oneOf<SorterKind>('framework_sorter', flags.framework_sorter, ['drf', 'random']),
  };
}

/** Null records nothing. */
export function journalOptionsOf(flags: MasterFlagValues): JournalOptions | null {
  if (!flags.journal) return null;
  return {
    ...DEFAULT_JOURNAL_OPTIONS,
    segmentBytes: Math.min(DEFAULT_JOURNAL_OPTIONS.segmentBytes, Math.ceil(flags.journal_max_size / 4)),
    totalBytes: flags.journal_max_size,
    ageMillis: flags.journal_max_age / MICROS_PER_MILLI,
  };
}

/** `{"fault_domain":{"region":{"name":"eu"},"zone":{"name":"a"}}}` (spec 11). Throws FlagError. */
export function domainOf(json: unknown): DomainInfo | null {
  if (json === null) return null;
  const { fault_domain: domain } = json as {
    readonly fault_domain?: {
      readonly region?: { readonly name?: unknown };
      readonly zone?: { readonly name?: unknown };
    };
  };
  const region = domain?.region?.name;
  const zone = domain?.zone?.name;
  if (typeof region !== 'string' || region === '' || typeof zone !== 'string' || zone === '')
    throw new FlagError('--domain: expected {"fault_domain":{"region":{"name":…},"zone":{"name":…}}}');
  return { region, zone };
}

export function oneOf<Name extends string>(flag: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new FlagError(`--${flag} is '${text}'; expected ${names.join(' or ')}`);
  return found;
}

function atLeast(flag: string, value: number, min: number): number {
  if (value < min) throw new FlagError(`--${flag} is '${value}'; expected ${min} or more`);
  return value;
}

/** `eng=2,ops=0.5`. */
function weightsOf(text: string | null): readonly WeightInfo[] {
  if (text === null) return [];
  return text.split(',').map((part) => {
    const at = part.lastIndexOf('=');
    const weight = at < 1 ? Number.NaN : Number(part.slice(at + 1));
    const info = { role: part.slice(0, at), weight };
    const valid = at < 1 ? null : validateWeight(info, null);
    if (valid === null || !valid.ok)
      throw new FlagError(`--weights: '${part}'; expected role=weight, weights above 0`);
    return info;
  });
}

/** `1/10mins`. */
function rateOf(text: string | null): MasterOptions['agentRemovalRateLimit'] {
  if (text === null) return null;
  const [agents, period] = text.split('/');
  const micros = period === undefined ? null : parseDuration(period);
  if (!/^\d+$/.test(agents!) || Number(agents) < 1 || micros === null || micros === 0)
    throw new FlagError(`--agent_removal_rate_limit is '${text}'; expected agents/period, such as 1/10mins`);
  return { agents: Number(agents), period: micros };
}

/** `100%`. */
function shareOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
  const share = match === null ? Number.NaN : Number(match[1]) / 100;
  if (!(share >= 0 && share <= 1))
    throw new FlagError(`--recovery_agent_removal_limit is '${text}'; expected a share from 0% to 100%`);
  return share;
}
