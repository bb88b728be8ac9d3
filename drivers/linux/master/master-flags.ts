import type { FlagTable } from '../flags/parse-flags.ts';
import { MASTER_SECURITY_FLAGS } from '../security/master-security-flags.ts';

/** The master's flags (spec 17), and those that Mesos has not. */
export const MASTER_FLAGS = {
  work_dir: {
    kind: 'text',
    default: null,
    help: 'Where registry, journal and the id of the cluster are kept.',
  },
  ip: {
    kind: 'text',
    default: '127.0.0.1',
    help: 'Address to listen on; others reach the master only if it is not loopback.',
  },
  port: { kind: 'integer', default: '5050', help: 'Port to listen on; 0 for any free one.' },
  hostname: { kind: 'text', default: null, help: 'Host name to tell clients (default: the address).' },
  advertise_ip: { kind: 'text', default: null, help: 'Address to tell clients, behind NAT.' },
  advertise_port: { kind: 'integer', default: null, help: 'Port to tell clients, behind NAT.' },
  registry: { kind: 'text', default: 'level', help: 'level (durable), or in_memory.' },
  cluster: { kind: 'text', default: null, help: 'Name of the cluster, for people.' },
  domain: {
    kind: 'json',
    default: null,
    help: 'Fault domain: {"fault_domain":{"region":{"name":…},"zone":{"name":…}}}.',
  },
  logging_level: { kind: 'text', default: 'INFO', help: 'DEBUG, INFO, WARNING or ERROR.' },
  quiet: { kind: 'boolean', default: 'false', help: 'Log nothing.' },
  // Allocation.
  allocator: {
    kind: 'text',
    default: 'hierarchical-drf',
    help: 'Allocation policy, or a module of your own.',
  },
  allocation_interval: { kind: 'duration', default: '1secs', help: 'Between two batch allocations.' },
  allocation_timing: {
    kind: 'text',
    default: 'event',
    help: 'event: what comes back is offered again within milliseconds; mesos: at the next batch.',
  },
  role_sorter: { kind: 'text', default: 'drf', help: 'drf or random.' },
  framework_sorter: { kind: 'text', default: 'drf', help: 'drf or random.' },
  min_allocatable_resources: {
    kind: 'text',
    default: 'cpus:0.01|mem:32',
    help: "Least offer: ';' is and, '|' is or.",
  },
  fair_sharing_excluded_resource_names: {
    kind: 'text',
    default: null,
    help: 'Names with commas, such as gpus.',
  },
  filter_gpu_resources: {
    kind: 'boolean',
    default: 'true',
    help: 'Offer agents with gpus to GPU frameworks only.',
  },
  offer_timeout: {
    kind: 'duration',
    default: '5mins',
    help: 'Rescind offers that nobody answers; 0ns for never.',
  },
  remainders_at_once: {
    kind: 'boolean',
    default: 'true',
    help: 'Offer what an ACCEPT without a filter left of its offers within milliseconds, not at the next batch.',
  },
  weights: {
    kind: 'text',
    default: null,
    help: 'role=weight with commas; used while the registry holds none.',
  },
  roles: { kind: 'text', default: null, help: 'The only roles, with commas (deprecated).' },
  // Membership.
  agent_ping_timeout: {
    kind: 'duration',
    default: '15secs',
    help: 'Between two pings.',
    aliases: ['slave_ping_timeout'],
  },
  max_agent_ping_timeouts: {
    kind: 'integer',
    default: '5',
    help: 'Misses in a row after which an agent is unreachable.',
    aliases: ['max_slave_ping_timeouts'],
  },
  agent_reregister_timeout: {
    kind: 'duration',
    default: '10mins',
    help: 'For agents to come back after a failover or a broken link.',
    aliases: ['slave_reregister_timeout'],
  },
  agent_removal_rate_limit: {
    kind: 'text',
    default: null,
    help: 'Such as 1/10mins.',
    aliases: ['slave_removal_rate_limit'],
  },
  recovery_agent_removal_limit: {
    kind: 'text',
    default: '100%',
    help: 'End rather than give up more than this share of the agents after a failover.',
    aliases: ['recovery_slave_removal_limit'],
  },
  registry_gc_interval: {
    kind: 'duration',
    default: '15mins',
    help: 'Between two looks for forgotten agents.',
  },
  registry_max_agent_age: {
    kind: 'duration',
    default: '2weeks',
    help: 'How long unreachable and gone agents are remembered.',
  },
  registry_max_agent_count: { kind: 'integer', default: '102400', help: 'How many of them are remembered.' },
  require_agent_domain: { kind: 'boolean', default: 'false', help: 'Refuse agents without a fault domain.' },
  allocator_recovery_timeout: {
    kind: 'duration',
    default: '10mins',
    help: 'Longest wait for agents after a failover with quotas.',
  },
  allocator_agent_recovery_factor: {
    kind: 'number',
    default: '0.8',
    help: 'Share of the agents that it waits for.',
  },
  // What is kept.
  max_completed_frameworks: {
    kind: 'integer',
    default: '50',
    help: 'Removed frameworks that are remembered.',
  },
  max_completed_tasks_per_framework: {
    kind: 'integer',
    default: '1000',
    help: 'Ended tasks that are remembered.',
  },
  max_unreachable_tasks_per_framework: {
    kind: 'integer',
    default: '1000',
    help: 'Unreachable tasks that are remembered.',
  },
  max_operator_event_stream_subscribers: {
    kind: 'integer',
    default: '1000',
    help: 'The oldest is dropped for one more.',
  },
  publish_per_framework_metrics: { kind: 'boolean', default: 'true', help: 'Count for each framework.' },
  root_submissions: { kind: 'boolean', default: 'true', help: 'Let frameworks run as root.' },
  offer_constraints_re2_max_mem: { kind: 'bytes', default: '4KB', help: 'Bound of a pattern.' },
  offer_constraints_re2_max_program_size: { kind: 'integer', default: '100', help: 'Bound of a pattern.' },
  // Beyond Mesos.
  drain_cancel: { kind: 'boolean', default: 'false', help: 'Let REACTIVATE_AGENT take a drain back.' },
  drain_unavailable_max: {
    kind: 'integer',
    default: null,
    help: 'Most tasks of a framework missing because of drains.',
  },
  drain_replacement_timeout: {
    kind: 'duration',
    default: '10mins',
    help: 'How long a drained task counts as missing.',
  },
  framework_undo_window: {
    kind: 'duration',
    default: null,
    help: 'How long the tasks of a removed framework go on.',
  },
  reservation_owners: { kind: 'boolean', default: 'false', help: 'Heed the reservation label owner.' },
  reservation_leases: { kind: 'boolean', default: 'false', help: 'Heed the reservation label lease.' },
  ...MASTER_SECURITY_FLAGS,
  external_log_file: { kind: 'text', default: null, help: 'Log to show operators as /master/log.' },
  journal: { kind: 'boolean', default: 'true', help: 'Record every input, for `orrery replay`.' },
  journal_max_size: {
    kind: 'bytes',
    default: '1GB',
    help: 'Of the journal; twice that while a snapshot is made.',
  },
  journal_max_age: { kind: 'duration', default: '1weeks', help: 'Of its segments.' },
  decision_trace: { kind: 'text', default: null, help: 'A new file that gets a line for every decision.' },
  until_stdin_closes: {
    kind: 'boolean',
    default: 'false',
    help: 'End when standard input closes, as under `orrery local`.',
  },
} as const satisfies FlagTable;

export type MasterFlagTable = typeof MASTER_FLAGS;
