import { MICROS_PER_SECOND } from '../../../engine/core/index.ts';
import {
  type AgentSettings,
  DEFAULT_GARBAGE_COLLECTION,
  DURABLE_AGENT_SETTINGS,
} from '../../../engine/agent/index.ts';
import { type DomainInfo, parseAttributes } from '../../../engine/protocol/index.ts';
import { resourceErrorText } from '../../../engine/resources/index.ts';
import { readJson } from '../codec/message/read-json.ts';
import { WireError } from '../codec/message/wire-error.ts';
import { domainFromWire } from '../codec/parts/agent-info.ts';
import { FlagError, type ParsedFlags } from '../flags/parse-flags.ts';
import { DomainInfoSchema } from '../proto/generated/mesos/v1/mesos_pb.ts';
import type { AGENT_FLAGS } from './agent-flags.ts';
import { agentSecurity } from './agent-security.ts';
import { masterPlace, type MasterPlace } from './master-connection.ts';
import type { StartAgentOptions } from './start-agent.ts';

const DEFAULT_HISTORY = DURABLE_AGENT_SETTINGS.history!;
const REREGISTRATION_MAX = 15 * MICROS_PER_SECOND;

/** What flags say as options, but for the log. Throws FlagError: says which flag, what is wrong, and what is expected. */
export function agentOptions({ values, shown }: ParsedFlags<typeof AGENT_FLAGS>): StartAgentOptions {
  if (values.master === null) throw new FlagError('--master is missing; expected --master=host:port');
  if (values.work_dir === null)
    throw new FlagError('--work_dir is missing; expected --work_dir=/var/lib/orrery-agent');
  const attributes = parseAttributes(values.attributes ?? '');
  if (!attributes.ok)
    throw new FlagError(
      `--attributes: ${resourceErrorText(attributes.error)}; expected such as rack:r1;zone:a`,
    );
  const { authentication, tokens, acls, credential } = agentSecurity(values);
  return {
    authentication,
    executorTokens: tokens,
    acls,
    link: credential === null ? {} : { credential },
    workDir: values.work_dir,
    master: leaderAmong(values.master),
    host: values.ip,
    port: portOf('port', values.port),
    advertise: {
      ...(values.hostname === null ? {} : { hostname: values.hostname }),
      ...(values.advertise_ip === null ? {} : { ip: values.advertise_ip }),
      ...(values.advertise_port === null ? {} : { port: portOf('advertise_port', values.advertise_port) }),
    },
    ...(values.resources === null ? {} : { resources: values.resources }),
    attributes: attributes.value,
    domain: domainOf(values.domain),
    settings: settingsOf(values),
    docker: wantsDocker(values.runtime, values.containerizers) ? { socket: values.docker_socket } : null,
    enforcesCfs: values.cgroups_enable_cfs,
    ...(values.switch_user === null ? {} : { switchesUser: values.switch_user }),
    environment: environmentOf(values.executor_environment_variables),
    disk: {
      watchMs: values.disk_watch_interval / 1_000,
      containerWatchMs: values.container_disk_watch_interval / 1_000,
      enforcesQuota: values.enforce_container_disk_quota,
    },
    fetcher: {
      cacheSize: values.fetcher_cache_size,
      stallTimeoutMs: values.fetcher_stall_timeout / 1_000,
      ...(values.fetcher_cache_dir === null ? {} : { cacheParent: values.fetcher_cache_dir }),
      ...(values.frameworks_home === null ? {} : { frameworksHome: values.frameworks_home }),
    },
    flags: shown,
  };
}

type Values = ParsedFlags<typeof AGENT_FLAGS>['values'];

function settingsOf(values: Values): Partial<AgentSettings> {
  const reregistration = values.executor_reregistration_timeout;
  if (reregistration > REREGISTRATION_MAX)
    throw new FlagError('--executor_reregistration_timeout is more than 15secs; expected at most that');
  const executors = values.max_completed_executors_per_framework;
  if (executors < 1)
    throw new FlagError(`--max_completed_executors_per_framework is ${executors}; expected 1 or more`);
  const headroom = values.gc_disk_headroom;
  if (headroom < 0 || headroom > 1)
    throw new FlagError(`--gc_disk_headroom is ${headroom}; expected a number from 0 to 1`);
  return {
    reconfigurationPolicy: oneOf('reconfiguration_policy', values.reconfiguration_policy, [
      'equal',
      'additive',
    ]),
    recover: oneOf('recover', values.recover, ['reconnect', 'cleanup']),
    registrationBackoff: values.registration_backoff_factor,
    executorRegistrationTimeout: values.executor_registration_timeout,
    executorReregistrationTimeout: reregistration,
    executorShutdownGracePeriod: values.executor_shutdown_grace_period,
    recoveryTimeout: values.recovery_timeout,
    history: { ...DEFAULT_HISTORY, executors },
    garbageCollection: {
      ...DEFAULT_GARBAGE_COLLECTION,
      delay: values.gc_delay,
      diskHeadroom: headroom,
    },
  };
}

function oneOf<Name extends string>(flag: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new FlagError(`--${flag} is '${text}'; expected ${names.join(' or ')}`);
  return found;
}

/** Takes the masters in turn: one that does not lead says who does. */
function leaderAmong(text: string): () => Promise<MasterPlace> {
  let places: MasterPlace[];
  try {
    places = text.split(',').map((part) => masterPlace(part.trim()));
  } catch (error) {
    throw new FlagError(`--master: ${(error as Error).message}`);
  }
  let turn = 0;
  return () => Promise.resolve(places[turn++ % places.length]!);
}

function portOf(flag: string, port: number): number {
  if (port < 0 || port > 65_535) throw new FlagError(`--${flag} is ${port}; expected 0 to 65535`);
  return port;
}

function wantsDocker(runtime: string | null, containerizers: string): boolean {
  if (runtime === 'docker') return true;
  if (runtime === 'process') return false;
  if (runtime !== null) throw new FlagError(`--runtime is '${runtime}'; expected process or docker`);
  const names = containerizers.split(',').map((name) => name.trim());
  const unknown = names.find((name) => name !== 'docker' && name !== 'mesos');
  if (unknown !== undefined)
    throw new FlagError(`--containerizers names '${unknown}'; expected mesos, or docker,mesos`);
  return names.includes('docker');
}

function domainOf(json: unknown): DomainInfo | null {
  if (json === null) return null;
  try {
    return domainFromWire(readJson(DomainInfoSchema, json));
  } catch (error) {
    if (error instanceof WireError) throw new FlagError(`--domain: ${error.message}`);
    throw error;
  }
}

function environmentOf(json: unknown): { readonly [name: string]: string } {
  if (json === null) return {};
  if (typeof json !== 'object' || Array.isArray(json))
    throw new FlagError('--executor_environment_variables: expected {"NAME":"value"}');
  for (const [name, value] of Object.entries(json))
    if (typeof value !== 'string')
      throw new FlagError(`--executor_environment_variables: the value of ${name} is no text`);
  return json as { [name: string]: string };
}
