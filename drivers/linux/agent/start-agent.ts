import { randomInt } from 'node:crypto';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import type { ServerOptions as TlsOptions } from 'node:https';
import { type Logger, pino } from 'pino';
import {
  AgentMachine,
  type AgentOptions,
  type AgentSettings,
  type ContainerHandle,
  DURABLE_AGENT_SETTINGS,
  NO_CONTAINER,
} from '../../../engine/agent/index.ts';
import type { Acls } from '../../../engine/authorization/index.ts';
import { assertNever, micros, microsToSeconds } from '../../../engine/core/index.ts';
import {
  type AgentInfo,
  ALL_AGENT_CAPABILITIES,
  type Attribute,
  type DomainInfo,
  type Flag,
  type Metric,
  type ResourceStatistics,
} from '../../../engine/protocol/index.ts';
import type { Resources } from '../../../engine/resources/index.ts';
import { ExecutorUuids } from '../codec/ids/executor-uuids.ts';
import { IdTexts } from '../codec/ids/id-texts.ts';
import type { ContainerEvents, ContainerRuntime } from '../containers/container-runtime.ts';
import { type CgroupMounts, cgroupMounts } from '../containers/cgroups/cgroup-mounts.ts';
import { ContainerCgroup } from '../containers/cgroups/container-cgroup.ts';
import { DEFAULT_DOCKER_OPTIONS, DockerRuntime } from '../containers/docker/docker-runtime.ts';
import { bootId } from '../containers/process/process-files.ts';
import { ProcessRuntime } from '../containers/process/process-runtime.ts';
import { VirtualFiles } from '../files/virtual-files.ts';
import type { AgentLinkOptions } from '../http/agent-link.ts';
import { HttpServer } from '../http/http-server.ts';
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from '../http/limits.ts';
import { Refusal } from '../http/refusal.ts';
import { Router } from '../http/router.ts';
import { type Clock, WallClock } from '../master/clock.ts';
import { ProcessApi } from '../master/process-api.ts';
import { Authentication } from '../security/authentication.ts';
import { versionInfo } from '../version.ts';
import { agentAddress } from './agent-address.ts';
import { AgentApi } from './agent-api.ts';
import { type AgentContainer, AgentContainers } from './agent-containers.ts';
import { addAgentRoutes, AgentEndpoints } from './agent-endpoints.ts';
import { AgentError } from './agent-error.ts';
import { AgentLoop, type AgentTap, type CarriedOut } from './agent-loop.ts';
import { agentMetrics } from './agent-metrics.ts';
import { AgentPermissions } from './agent-permissions.ts';
import { CheckpointLog } from './checkpoint-log.ts';
import { containerStatistics } from './container-statistics.ts';
import type { RuntimeChoice } from './container-plan.ts';
import { DebugContainers } from './debug-containers.ts';
import { DiskWatch } from './disk-watch.ts';
import { Fetcher } from './fetcher/fetcher.ts';
import type { ExecutorTokens } from './executor-tokens.ts';
import { ExecutorApi } from './executor-api.ts';
import { MasterConnection, masterPlace, type MasterPlace } from './master-connection.ts';
import { PersistentVolumes } from './persistent-volumes.ts';
import { Prober } from './prober.ts';
import { detectedResources, machineSizes } from './resource-detection.ts';
import { SandboxFiles } from './sandbox-files.ts';
import { Users } from './users.ts';
import { WorkDir } from './work-dir.ts';

/** What agents of this version say they are. */
export const AGENT_VERSION = '1.12.0';

export interface StartAgentOptions {
  /** One agent at a time has it (spec 12 §1). */
  readonly workDir: string;
  /** The master as `host:port`, or a function that says who leads. */
  readonly master: string | (() => Promise<MasterPlace>);
  /** Loopback unless told otherwise. */
  readonly host?: string;
  /** 0 for any free one. */
  readonly port?: number;
  /** What others are told to connect to; the bound address by default. */
  readonly advertise?: { readonly hostname?: string; readonly ip?: string; readonly port?: number };
  /** As `--resources` has it: text, or a total; what it does not name is the machine's. */
  readonly resources?: string | Resources;
  readonly attributes?: readonly Attribute[];
  readonly domain?: DomainInfo | null;
  readonly settings?: Partial<AgentSettings>;
  /** Runs images in this Docker Engine; without, containers are plain processes. */
  readonly docker?: { readonly socket?: string } | null;
  /** `--cgroups_enable_cfs`. */
  readonly enforcesCfs?: boolean;
  /** `--switch_user`; by default if this process may. */
  readonly switchesUser?: boolean;
  /** `--executor_environment_variables`. */
  readonly environment?: { readonly [name: string]: string };
  readonly fetcher?: {
    /** The cache is a folder in it (`--fetcher_cache_dir`). */
    readonly cacheParent?: string;
    /** Bytes. */
    readonly cacheSize?: number;
    readonly stallTimeoutMs?: number;
    readonly frameworksHome?: string;
  };
  readonly disk?: {
    /** `--disk_watch_interval`. */
    readonly watchMs?: number;
    /** `--container_disk_watch_interval`. */
    readonly containerWatchMs?: number;
    /** `--enforce_container_disk_quota`. */
    readonly enforcesQuota?: boolean;
  };
  /** Who must prove who they are; nobody by default. */
  readonly authentication?: Authentication;
  /** Executors must show the token that they were given; null asks for none. */
  readonly executorTokens?: ExecutorTokens | null;
  /** Who may do and see what; null lets everybody. */
  readonly acls?: Acls | null;
  readonly link?: Omit<AgentLinkOptions, 'host' | 'port'>;
  readonly pingTimeoutMs?: number;
  readonly limits?: Partial<HttpLimits>;
  readonly tls?: { readonly options: TlsOptions; readonly allowsPlain: boolean };
  /** As operators are told them. */
  readonly flags?: readonly Flag[];
  /** The file that is shown as `/slave/log`. */
  readonly logFile?: string;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly tap?: AgentTap;
  /** Where the kernel's control groups are; by default where the machine has them. */
  readonly cgroups?: CgroupMounts;
  /** What decides; contract tests put a script there. */
  readonly machine?: (options: AgentOptions) => AgentMachine;
}

/** How an agent ended. */
export interface AgentEnd {
  readonly reason: string;
  /** It ended because of an error, not because it was told to. */
  readonly isFailure: boolean;
}

export interface RunningAgent {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly loop: AgentLoop;
  readonly ids: IdTexts;
  readonly containers: AgentContainers;
  /** Resolves when the agent has let go of everything; the process should end then. */
  readonly ended: Promise<AgentEnd>;
  /** Ends the agent; what runs keeps running, and the next agent on the work directory finds it (SIGTERM). */
  stop(): Promise<AgentEnd>;
  /** Leaves the cluster, and ends all that runs (SIGUSR1). */
  unregister(): Promise<AgentEnd>;
}

/** The agent's log among the files that operators read. */
const LOG_PATH = '/slave/log';
const DEFAULT_PORT = 5_051;
const PING_TIMEOUT_MS = 75_000;
const FETCHER_CACHE_SIZE = 2 * 2 ** 30;
const FETCHER_STALL_MS = 60_000;
const DISK_WATCH_MS = 60_000;
const CONTAINER_DISK_WATCH_MS = 15_000;

/** Starts an agent: takes over what a former one left in the work directory, listens, and looks for the master. Rejects with AgentError. */
export async function startAgent(options: StartAgentOptions): Promise<RunningAgent> {
  const boot = await bootId();
  const workDir = await WorkDir.open(options.workDir, boot);
  try {
    return await start(options, workDir, boot);
  } catch (error) {
    await workDir.close();
    throw error;
  }
}

async function start(options: StartAgentOptions, workDir: WorkDir, boot: string): Promise<RunningAgent> {
  const clock = options.clock ?? new WallClock();
  const log = options.log ?? pino({ level: 'silent' });
  const ids = new IdTexts(null);
  const uuids = new ExecutorUuids();
  const isRoot = process.getuid?.() === 0;
  if (options.switchesUser === true && !isRoot)
    throw new AgentError(
      '--switch_user needs root: run the agent as root, or give --no-switch_user to run all tasks as its own user',
    );
  const total =
    options.resources === undefined || typeof options.resources === 'string'
      ? detectedResources(options.resources ?? null, await machineSizes(workDir.root))
      : options.resources;
  let end: (end: AgentEnd) => void = () => {};
  const ending = new Promise<AgentEnd>((resolve) => {
    end = resolve;
  });
  let loop: AgentLoop | null = null;
  const checkpoints = await CheckpointLog.open({
    folder: workDir.checkpoint,
    ids,
    uuids,
    durable: (sequence) => {
      loop?.durable(sequence);
    },
    failed: (error) => {
      loop?.stop();
      end({ reason: error.message, isFailure: true });
    },
  });
  if (checkpoints.repaired > 0)
    log.warn({ bytes: checkpoints.repaired }, 'a write to the checkpoint was cut short; it is taken away');
  const recovered = checkpoints.checkpoint;
  const router = new Router();
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const server = new HttpServer({
    limits,
    handle: async (exchange) => {
      await router.find(exchange.request.method ?? 'GET', exchange.path)(exchange);
    },
    upgrade: null,
    failed: (error) => {
      log.error({ error: String(error) }, 'a request failed');
    },
    tls: options.tls ?? null,
  });
  const bound = await listen(server, options, recovered?.info?.port ?? null);
  const address = agentAddress(bound, options.advertise ?? {});
  const info: AgentInfo = {
    id: null,
    ...address,
    resources: total,
    attributes: options.attributes ?? [],
    domain: options.domain ?? null,
    capabilities: ALL_AGENT_CAPABILITIES,
    version: AGENT_VERSION,
  };
  const makeMachine = options.machine ?? ((made) => new AgentMachine(made));
  const machine = makeMachine({
    info,
    seed: randomInt(2 ** 31),
    settings: { ...DURABLE_AGENT_SETTINGS, ...options.settings, checkpointing: true },
  });
  const running = new AgentLoop(machine, clock, checkpoints, options.tap ?? null, (reason) => {
    log.fatal({ reason }, 'the agent cannot go on');
    end({ reason, isFailure: true });
  });
  loop = running;
  const files = new VirtualFiles();
  if (options.logFile !== undefined) files.attach(LOG_PATH, options.logFile);
  const sandboxes = new SandboxFiles(files, workDir);
  const permissions = new AgentPermissions(options.acls ?? null, () => machine.view());
  const users = new Users();
  const volumes = new PersistentVolumes(workDir, users);
  await volumes.start();
  const fetcher = await Fetcher.open({
    cacheFolder: join(options.fetcher?.cacheParent ?? join(workDir.root, 'meta'), `fetched-${workDir.name}`),
    cacheSize: options.fetcher?.cacheSize ?? FETCHER_CACHE_SIZE,
    stallTimeoutMs: options.fetcher?.stallTimeoutMs ?? FETCHER_STALL_MS,
    frameworksHome: options.fetcher?.frameworksHome ?? null,
    users,
  });
  let exited: ContainerEvents['exited'] = () => {};
  const runtimes = await openRuntimes(options, workDir, {
    exited: (id, exit) => {
      exited(id, exit);
    },
  });
  const containers: AgentContainers = new AgentContainers({
    workDir,
    ids,
    runtimes,
    users,
    files: sandboxes,
    volumes,
    log,
    enforcesCfs: options.enforcesCfs ?? false,
    switchesUser: options.switchesUser ?? isRoot,
    environment: options.environment ?? {},
    ip: address.ip,
    port: () => address.port,
    agentId: () => machine.agentId!,
    fetch: fetcher.fetch,
    token: tokenOf(options.executorTokens ?? null, ids),
    news: {
      started: (container, status) => {
        running.deliver({ kind: 'containerStarted', container, status });
      },
      exited: (container, exit, done) => {
        running.deliver({ kind: 'containerExited', container, exit }, done);
      },
      updated: (container, failure) => {
        running.deliver({ kind: 'containerUpdated', container, failure });
      },
    },
  });
  exited = containers.exited;
  const prober = new Prober(containers, (container, use, result) => {
    running.deliver({ kind: 'probed', container, use, result });
  });
  const linkLatest = (): void => {
    workDir.linkLatest(ids.agentText(machine.agentId!)).catch((error: unknown) => {
      log.warn({ error: String(error) }, 'meta/slaves/latest cannot be written');
    });
  };
  const { master } = options;
  const connection = new MasterConnection(
    {
      ids,
      log,
      leader: typeof master === 'string' ? () => Promise.resolve(masterPlace(master)) : master,
      link: options.link ?? {},
      pingTimeoutMs: options.pingTimeoutMs ?? PING_TIMEOUT_MS,
      retryMs: { first: 250, max: 15_000 },
    },
    {
      opened: () => {
        running.deliver({ kind: 'linkOpened' });
      },
      message: (message) => {
        const isNew = message.type === 'AGENT_REGISTERED' && machine.agentId === null;
        running.deliver({ kind: 'masterMessage', message }, isNew ? linkLatest : null);
      },
      closed: () => {
        running.deliver({ kind: 'linkClosed' });
      },
      pingsMissed: () => {
        running.deliver({ kind: 'pingsMissed' });
      },
    },
  );
  const executors = new ExecutorApi({
    loop: running,
    ids,
    uuids,
    limits,
    log,
    roleOf: (frameworkId, executorId) => containers.findExecutor(frameworkId, executorId)?.role ?? null,
    claims: (exchange) => {
      const tokens = options.executorTokens ?? null;
      if (tokens === null) return null;
      const claims = tokens.read(exchange.header('authorization'));
      if (claims === null)
        throw new Refusal(401, 'The token is missing or wrong', {
          'WWW-Authenticate': 'Bearer realm="mesos-agent-executor"',
        });
      return {
        frameworkId: ids.framework(claims.fid),
        executorId: ids.executor(claims.eid),
        container: containers.findText(claims.cid)?.handle ?? NO_CONTAINER,
      };
    },
  });
  const agentCgroup = new ContainerCgroup(options.cgroups ?? (await cgroupMounts()), cgroupOf(workDir));
  let endsContainers = false;
  const carryOut = (output: CarriedOut): void => {
    switch (output.kind) {
      case 'toMaster':
        connection.send(output.message);
        break;
      case 'reconnect':
        connection.reconnect();
        break;
      case 'launchContainer':
        containers.launch(output.container, output.parent, output.spec);
        break;
      case 'signalContainer':
        containers.signal(output.container, output.signal);
        break;
      case 'updateContainer':
        containers.update(output.container, output.resources);
        break;
      case 'executorEvent':
        executors.event(output);
        break;
      case 'closeExecutorStream':
        executors.closeStream(output);
        break;
      case 'refuseExecutorCall':
        executors.refuse(output);
        break;
      case 'probe':
        prober.probe(output.container, output.use, output.probe, output.timeout);
        break;
      case 'stopProbes':
        prober.stop(output.container);
        break;
      case 'removeSandbox': {
        const { container, frameworkId, executorId } = output;
        const removed = (failure: string | null): void => {
          running.deliver({ kind: 'sandboxRemoved', container, failure });
        };
        containers.removeSandbox(container, frameworkId, executorId).then(
          () => {
            removed(null);
          },
          (error: unknown) => {
            removed(error instanceof Error ? error.message : String(error));
          },
        );
        break;
      }
      case 'sampleUsage':
        void sampleUsage(containers, running);
        break;
      case 'exit':
        endsContainers = output.containers === 'end';
        running.stop();
        end({ reason: output.reason, isFailure: false });
        break;
      default:
        assertNever(output);
    }
  };
  running.carryOutBy(carryOut, (resources) => {
    volumes.follow(resources).catch((error: unknown) => {
      log.error({ error: String(error) }, 'a persistent volume could not be made or removed');
    });
  });
  const startedAt = running.instant();
  const metrics = (): readonly Metric[] =>
    agentMetrics({
      view: machine.view(),
      counts: machine.counts,
      isRegistered: machine.isRegistered,
      uptimeSeconds: microsToSeconds(micros(running.instant() - startedAt)),
      launchErrors: containers.launchErrors,
      executorStreams: executors.streams,
      recoveryErrors: 0,
      fetchCacheBytes: fetcher.cache.size,
      fetchCacheMax: fetcher.cache.sizeMax,
      fetchCacheHits: fetcher.cache.hits,
    });
  const processApi = new ProcessApi({
    version: versionInfo(AGENT_VERSION),
    flags: options.flags ?? [],
    files,
    mayAccess: (principal, path) => {
      const attached = files.attachedPath(path);
      // What is not there is said to be not there.
      if (attached === null) return true;
      if (attached === LOG_PATH) return permissions.may(principal, 'access_mesos_logs');
      return permissions.mayAccessSandbox(principal, sandboxes.ownerOf(attached) ?? NO_CONTAINER);
    },
    log,
    metrics,
  });
  const debug = new DebugContainers(containers);
  addAgentRoutes(router, {
    authentication: options.authentication ?? Authentication.NONE,
    executors: executors.handle,
    operators: new AgentApi({
      loop: running,
      ids,
      containers,
      debug,
      process: processApi,
      permissions,
      limits,
    }).handle,
    endpoints: new AgentEndpoints({
      loop: running,
      containers,
      process: processApi,
      permissions,
      records: () => ({ ids, workDir, agentId: machine.agentId }),
      metrics,
      pid: `slave(1)@${address.ip}:${address.port}`,
      startedAt,
      masterHostname: () => connection.master?.host ?? '',
      logDir: options.logFile === undefined ? '' : dirname(options.logFile),
    }),
    process: processApi,
  });
  const disk = new DiskWatch({
    workDir: workDir.root,
    containers,
    log,
    watchMs: options.disk?.watchMs ?? DISK_WATCH_MS,
    containerWatchMs: options.disk?.containerWatchMs ?? CONTAINER_DISK_WATCH_MS,
    enforcesQuota: options.disk?.enforcesQuota ?? false,
    usage: (fraction) => {
      running.deliver({ kind: 'diskUsage', fraction });
      sweepTables(machine, containers, ids, uuids);
    },
  });
  const ended = ending.then(async (how) => {
    running.stop();
    prober.close();
    disk.close();
    debug.close();
    processApi.close();
    executors.close();
    connection.close();
    await server.close();
    if (endsContainers) await containers.endAll();
    if (endsContainers || containers.isIdle) await agentCgroup.remove().catch(() => {});
    for (const runtime of runtimes.values()) await runtime.close();
    await checkpoints.close();
    await workDir.close();
    return how;
  });
  if (recovered?.agentId != null) await workDir.linkLatest(ids.agentText(recovered.agentId));
  if (recovered?.resources != null) await volumes.follow(recovered.resources);
  const areAlive = !workDir.isRebooted;
  await Promise.race([
    new Promise<void>((resolve) => {
      running.deliver({ kind: 'started', recovered, containersAlive: areAlive }, resolve);
    }),
    ending,
  ]);
  if (running.isOver) {
    const { reason, isFailure } = await ended;
    // Ended by its own settings: a configuration that is refused, or a cleanup, which is all that was wanted.
    if (isFailure || !endsContainers) throw new AgentError(reason);
  } else {
    if (recovered !== null) containers.showSandboxes(recovered);
    await containers.recover(recovered, areAlive);
    await workDir.noteBoot(boot);
    connection.reconnect();
  }
  const scheme = options.tls === undefined ? 'http' : 'https';
  return {
    host: bound.address,
    port: bound.port,
    url: `${scheme}://${bound.address}:${bound.port}`,
    loop: running,
    ids,
    containers,
    ended,
    stop: async () => {
      running.deliver({ kind: 'terminate', how: 'stop' });
      return await ended;
    },
    unregister: async () => {
      running.deliver({ kind: 'terminate', how: 'unregister' });
      return await ended;
    },
  };
}

/** With any port wanted it is the one of last time, if that is free: executors look for the agent there. */
async function listen(
  server: HttpServer,
  { port = DEFAULT_PORT, host = '127.0.0.1' }: StartAgentOptions,
  lastPort: number | null,
): ReturnType<HttpServer['listen']> {
  if (port === 0 && lastPort !== null) {
    try {
      return await server.listen(lastPort, host);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  return await server.listen(port, host);
}

function tokenOf(
  tokens: ExecutorTokens | null,
  ids: IdTexts,
): ((container: AgentContainer) => string) | null {
  if (tokens === null) return null;
  return ({ frameworkId, executorId, text }) =>
    tokens.make({ fid: ids.frameworkText(frameworkId), eid: ids.executorText(executorId), cid: text });
}

/** Forgets texts of ids that nobody holds any more. */
function sweepTables(
  machine: AgentMachine,
  containers: AgentContainers,
  ids: IdTexts,
  uuids: ExecutorUuids,
): void {
  ids.sweepIfFull((keep) => {
    machine.heldIds(keep, () => {});
    for (const { executorId, taskId } of containers.all) {
      keep(executorId);
      if (taskId !== null) keep(taskId);
    }
  });
  uuids.sweepIfFull((keep) => {
    machine.heldIds(() => {}, keep);
  });
}

/** Answers once, whatever a runtime says. */
async function sampleUsage(containers: AgentContainers, loop: AgentLoop): Promise<void> {
  const samples: { readonly container: ContainerHandle; readonly statistics: ResourceStatistics }[] = [];
  for (const container of [...containers.all]) {
    const statistics = await containerStatistics(containers, container, loop.instant());
    if (statistics !== null) samples.push({ container: container.handle, statistics });
  }
  const [, fiveMinutes = 0, fifteenMinutes = 0] = loadavg();
  loop.deliver({ kind: 'usageSampled', containers: samples, load: { fiveMinutes, fifteenMinutes } });
}

/** Below the root of each hierarchy. */
function cgroupOf({ name }: WorkDir): string {
  return `orrery/${name}`;
}

async function openRuntimes(
  options: StartAgentOptions,
  workDir: WorkDir,
  events: ContainerEvents,
): Promise<ReadonlyMap<RuntimeChoice, ContainerRuntime>> {
  const runtimes = new Map<RuntimeChoice, ContainerRuntime>();
  runtimes.set(
    'process',
    await ProcessRuntime.open(
      { folder: workDir.containers, cgroup: cgroupOf(workDir), mounts: options.cgroups ?? null },
      events,
    ),
  );
  if (options.docker != null) {
    const socket = options.docker.socket ?? DEFAULT_DOCKER_OPTIONS.socket;
    try {
      runtimes.set(
        'docker',
        await DockerRuntime.open({ ...DEFAULT_DOCKER_OPTIONS, socket, agent: workDir.name }, events),
      );
    } catch (error) {
      throw new AgentError(
        `no Docker Engine answers at ${socket}: ${(error as Error).message}. Start it, name another by --docker_socket, or run without --runtime docker`,
        { cause: error },
      );
    }
  }
  return runtimes;
}
