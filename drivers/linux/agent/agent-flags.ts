import type { FlagTable } from '../flags/parse-flags.ts';
import { AGENT_SECURITY_FLAGS } from './agent-security.ts';

/** Flags of `orrery agent` (spec 17), in the order of its help. */
export const AGENT_FLAGS = {
  master: {
    kind: 'text',
    default: null,
    help: 'the master as host:port; several by commas: whichever leads is found (required)',
  },
  work_dir: { kind: 'text', default: null, help: 'where sandboxes and the checkpoint are kept (required)' },
  ip: { kind: 'text', default: '127.0.0.1', help: 'address to listen on; 0.0.0.0 for all' },
  port: { kind: 'integer', default: '5051', help: 'port to listen on; 0 for any free one' },
  advertise_ip: { kind: 'text', default: null, help: 'address that others are told, behind a NAT' },
  advertise_port: { kind: 'integer', default: null, help: 'port that others are told' },
  hostname: { kind: 'text', default: null, help: 'name that others are told' },
  resources: {
    kind: 'text',
    default: null,
    help: 'such as cpus:4;mem:8192;ports:[31000-32000], or JSON; what is not named is detected',
  },
  attributes: { kind: 'text', default: null, help: 'such as rack:r1;zone:a' },
  domain: {
    kind: 'json',
    default: null,
    help: 'fault domain: {"fault_domain":{"region":{"name":"r"},"zone":{"name":"z"}}}',
  },
  runtime: {
    kind: 'text',
    default: null,
    help: 'process: plain processes; docker: images too. Short for --containerizers',
  },
  containerizers: { kind: 'text', default: 'mesos', help: 'mesos, or docker,mesos' },
  docker_socket: {
    kind: 'text',
    default: '/var/run/docker.sock',
    help: "path of the Docker Engine's socket",
  },
  cgroups_enable_cfs: {
    kind: 'boolean',
    default: 'false',
    help: 'hold containers to their cpus even when the machine is idle',
  },
  switch_user: {
    kind: 'boolean',
    default: null,
    help: "run tasks as their framework's user (default: if the agent is root)",
  },
  executor_environment_variables: {
    kind: 'json',
    default: null,
    help: 'further environment of every container, {"NAME":"value"}',
  },
  executor_registration_timeout: {
    kind: 'duration',
    default: '1mins',
    help: 'from the start of an executor to its SUBSCRIBE',
  },
  executor_reregistration_timeout: {
    kind: 'duration',
    default: '2secs',
    help: 'from a restart of the agent to the SUBSCRIBE of executors that run (at most 15secs)',
  },
  executor_shutdown_grace_period: {
    kind: 'duration',
    default: '5secs',
    help: 'from SHUTDOWN to the end of an executor',
  },
  reconfiguration_policy: {
    kind: 'text',
    default: 'equal',
    help: 'equal, or additive: what may differ from the last start on the work_dir',
  },
  recover: {
    kind: 'text',
    default: 'reconnect',
    help: 'reconnect: go on with what runs; cleanup: end it, and then the agent',
  },
  recovery_timeout: { kind: 'duration', default: '15mins', help: 'how long executors wait for their agent' },
  registration_backoff_factor: {
    kind: 'duration',
    default: '1secs',
    help: 'bound of the first random wait between two registrations',
  },
  gc_delay: { kind: 'duration', default: '1weeks', help: 'how long sandboxes are kept' },
  gc_disk_headroom: { kind: 'number', default: '0.1', help: 'part of the disk that collection keeps free' },
  disk_watch_interval: { kind: 'duration', default: '1mins', help: 'between two looks at the disk' },
  container_disk_watch_interval: {
    kind: 'duration',
    default: '15secs',
    help: 'between two counts of what containers have on disk',
  },
  enforce_container_disk_quota: {
    kind: 'boolean',
    default: 'false',
    help: 'end containers that use more disk than they have',
  },
  fetcher_cache_size: { kind: 'bytes', default: '2GB', help: 'what the cache of fetched URIs may hold' },
  fetcher_cache_dir: {
    kind: 'text',
    default: null,
    help: 'where that cache makes its folder (default: in work_dir)',
  },
  fetcher_stall_timeout: {
    kind: 'duration',
    default: '1mins',
    help: 'a download without a byte for so long fails',
  },
  frameworks_home: { kind: 'text', default: null, help: 'where relative paths of URIs begin' },
  max_completed_executors_per_framework: {
    kind: 'integer',
    default: '150',
    help: 'executors that are over and still shown',
  },
  ...AGENT_SECURITY_FLAGS,
  logging_level: { kind: 'text', default: 'INFO', help: 'INFO, WARNING or ERROR' },
  log_dir: { kind: 'text', default: null, help: 'write orrery-agent.log there, too' },
  until_stdin_closes: {
    kind: 'boolean',
    default: 'false',
    help: 'leave the cluster and end when standard input closes, as under orrery local',
  },
  quiet: { kind: 'boolean', default: 'false', help: 'no log on stderr' },
} as const satisfies FlagTable;
