import type { FlagTable } from '../flags/parse-flags.ts';

/**
 * The master's flags (spec 17): Mesos's names, defaults and units. The address is the loopback unless told otherwise.
 */
export const MASTER_FLAGS = {
  ip: { kind: 'text', default: '127.0.0.1', help: 'address to listen on; 0.0.0.0 for all' },
  port: { kind: 'integer', default: '5050', help: 'port to listen on; 0 for any free one' },
  advertise_ip: {
    kind: 'text',
    default: null,
    help: 'address that others reach the master at, if it is another one',
  },
  advertise_port: {
    kind: 'integer',
    default: null,
    help: 'port that others reach the master at, if it is another one',
  },
  hostname: { kind: 'text', default: null, help: 'host name that others see; the address by default' },
  work_dir: { kind: 'text', default: null, help: 'where the registry and the journal are kept' },
  log_dir: {
    kind: 'text',
    default: null,
    help: 'where the log is written; without, it goes to the standard output',
  },
  logging_level: { kind: 'text', default: 'INFO', help: 'INFO, WARNING or ERROR' },
  quiet: { kind: 'boolean', default: 'false', help: 'nothing is logged to the standard output' },
  external_log_file: {
    kind: 'text',
    default: null,
    help: 'log that somebody else writes, shown as /master/log',
  },
  cluster: { kind: 'text', default: null, help: 'name of the cluster that operators see' },
  domain: { kind: 'json', default: null, help: "the master's fault domain, as DomainInfo in JSON" },
  registry: {
    kind: 'text',
    default: 'replicated_log',
    help: 'replicated_log (durable, in work_dir) or in_memory',
  },
  registry_gc_interval: {
    kind: 'duration',
    default: '15mins',
    help: 'how often unreachable and gone agents are looked at, to be forgotten',
  },
  registry_max_agent_age: {
    kind: 'duration',
    default: '2weeks',
    help: 'how long they are remembered',
    aliases: ['registry_max_slave_age'],
  },
  registry_max_agent_count: {
    kind: 'integer',
    default: '102400',
    help: 'how many are remembered',
    aliases: ['registry_max_slave_count'],
  },
  allocation_interval: { kind: 'duration', default: '1secs', help: 'time between two allocations' },
  role_sorter: { kind: 'text', default: 'drf', help: 'drf or random' },
  framework_sorter: { kind: 'text', default: 'drf', help: 'drf or random' },
  min_allocatable_resources: {
    kind: 'text',
    default: 'cpus:0.01|mem:32',
    help: 'least that is offered: ; means and, | means or',
  },
  offer_timeout: {
    kind: 'duration',
    default: null,
    help: 'after which offers that nobody answered are rescinded',
  },
  fair_sharing_excluded_resource_names: {
    kind: 'text',
    default: null,
    help: 'names that do not count towards shares, with commas',
  },
  filter_gpu_resources: {
    kind: 'boolean',
    default: 'true',
    help: 'agents with gpus are offered to GPU_RESOURCES frameworks only',
  },
  weights: { kind: 'text', default: null, help: 'role=weight with commas, where the registry has none' },
  roles: {
    kind: 'text',
    default: null,
    help: 'the only roles that frameworks may subscribe to, with commas',
  },
  agent_ping_timeout: {
    kind: 'duration',
    default: '15secs',
    help: 'time between two pings of an agent',
    aliases: ['slave_ping_timeout'],
  },
  max_agent_ping_timeouts: {
    kind: 'integer',
    default: '5',
    help: 'pings missed in a row that make an agent unreachable',
    aliases: ['max_slave_ping_timeouts'],
  },
  agent_reregister_timeout: {
    kind: 'duration',
    default: '10mins',
    help: 'time for agents to come back',
    aliases: ['slave_reregister_timeout'],
  },
  agent_removal_rate_limit: {
    kind: 'text',
    default: null,
    help: 'agents marked unreachable in a period at most, such as 1/10mins',
    aliases: ['slave_removal_rate_limit'],
  },
  recovery_agent_removal_limit: {
    kind: 'text',
    default: '100%',
    help: 'share of the agents that may stay away after a failover',
    aliases: ['recovery_slave_removal_limit'],
  },
  allocator_recovery_timeout: {
    kind: 'duration',
    default: '10mins',
    help: 'longest pause of offers after a failover with quota',
  },
  allocator_agent_recovery_factor: {
    kind: 'number',
    default: '0.8',
    help: 'share of the agents that ends that pause',
  },
  max_completed_frameworks: {
    kind: 'integer',
    default: '50',
    help: 'removed frameworks that are remembered',
  },
  max_completed_tasks_per_framework: {
    kind: 'integer',
    default: '1000',
    help: 'ended tasks that are remembered',
  },
  max_unreachable_tasks_per_framework: {
    kind: 'integer',
    default: '1000',
    help: 'tasks of unreachable agents that are remembered',
  },
  max_operator_event_stream_subscribers: {
    kind: 'integer',
    default: '1000',
    help: 'the oldest goes for one more',
  },
  offer_constraints_re2_max_mem: { kind: 'bytes', default: '4KB', help: 'memory that a pattern may take' },
  offer_constraints_re2_max_program_size: {
    kind: 'integer',
    default: '100',
    help: 'instructions that a pattern may compile to',
  },
  publish_per_framework_metrics: { kind: 'boolean', default: 'true', help: 'metrics for each framework' },
  root_submissions: { kind: 'boolean', default: 'true', help: 'frameworks may run as root' },
  require_agent_domain: {
    kind: 'boolean',
    default: 'false',
    help: 'agents without a fault domain are turned away',
  },
  credentials: { kind: 'file', default: null, secret: true, help: 'path to principals and secrets' },
  authenticate_frameworks: {
    kind: 'boolean',
    default: 'false',
    help: 'as authenticate_http_frameworks: there is no other channel',
    aliases: ['authenticate'],
  },
  authenticate_http_frameworks: { kind: 'boolean', default: 'false', help: 'schedulers prove who they are' },
  authenticate_agents: {
    kind: 'boolean',
    default: 'false',
    help: 'agents prove who they are',
    aliases: ['authenticate_slaves'],
  },
  authenticate_http_readonly: { kind: 'boolean', default: 'false', help: 'who reads proves who they are' },
  authenticate_http_readwrite: {
    kind: 'boolean',
    default: 'false',
    help: 'who changes something proves who they are',
    aliases: ['authenticate_http'],
  },
  acls: { kind: 'json', default: null, help: 'access control lists in JSON, or file:///path to them' },
  rate_limits: { kind: 'json', default: null, help: 'rates of principals in JSON, or file:///path to them' },
} as const satisfies FlagTable;
