import type { IncomingMessage } from 'node:http';
import type { ServerOptions as TlsOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { type Logger, pino } from 'pino';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { type Micros, micros, MICROS_PER_SECOND } from '../../../engine/core/index.ts';
import {
  type AllocatorFactory,
  type AllocatorOptions,
  MasterMachine,
  type MasterOptions,
  SERVICE_MASTER_OPTIONS,
} from '../../../engine/master/index.ts';
import { viewerOf } from '../../../engine/authorization/index.ts';
import type { Flag } from '../../../engine/protocol/index.ts';
import { IdTexts } from '../codec/ids/id-texts.ts';
import { fileEndpoints } from '../files/file-endpoints.ts';
import { VirtualFiles } from '../files/virtual-files.ts';
import { AGENT_LINK_PATH, AGENT_LINK_PROTOCOL } from '../http/agent-link-protocol.ts';
import { HttpServer } from '../http/http-server.ts';
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from '../http/limits.ts';
import { Refusal } from '../http/refusal.ts';
import { type Handler, Router } from '../http/router.ts';
import { Authentication, type Realm } from '../security/authentication.ts';
import { checkMay, mayBy } from '../security/permissions.ts';
import type { RegistryStore } from '../storage/registry-store.ts';
import { versionInfo } from '../version.ts';
import { AgentLinks } from './agent-links.ts';
import { Calls } from './calls.ts';
import { type Clock, WallClock } from './clock.ts';
import { checkLeading, type Leader, type MasterContext } from './master-context.ts';
import { MasterLoop, type MasterTap, nextEpoch } from './master-loop.ts';
import { LegacyEndpoints } from './legacy-endpoints.ts';
import { liveIds } from './live-ids.ts';
import { MasterMetrics } from './metrics-endpoints.ts';
import { OperatorApi } from './operator-api.ts';
import { OperatorStreams } from './operator-streams.ts';
import { ProcessApi, type ProcessParts } from './process-api.ts';
import { ProcessEndpoints } from './process-endpoints.ts';
import { SchedulerApi } from './scheduler-api.ts';
import { RenderedTexts } from './rendered-texts.ts';
import { StateEndpoints } from './state-endpoints.ts';
import { StateMessages } from './state-messages.ts';
import { StateTexts } from './state-texts.ts';

/** Mesos's defaults for the allocator (spec 17). */
export const DEFAULT_ALLOCATOR_OPTIONS: AllocatorOptions = {
  allocationInterval: micros(MICROS_PER_SECOND),
  timing: 'mesos',
  eventDelay: micros(5_000),
  declinerGuard: false,
  minAllocatable: [],
  fairnessExclude: [],
  filterGpuResources: true,
  domain: null,
  recoveryTimeout: micros(600 * MICROS_PER_SECOND),
  agentRecoveryFactor: 0.8,
  roleSorter: 'drf',
  frameworkSorter: 'drf',
  seed: 1,
};

/** Milliseconds between two looks at the table of ids. */
const SWEEP_MS = 5_000;
/** Of rendered parts of polled answers that are kept; what does not fit is rendered anew. */
const RENDERED_BYTES_MAX = 256 * 2 ** 20;

/** What a machine is made of; a journal keeps it. */
export interface MachineParts {
  readonly options: MasterOptions;
  readonly allocatorOptions: AllocatorOptions;
  readonly madeAt: Micros;
}

export interface StartMasterOptions {
  /** Loopback unless told otherwise. */
  readonly host?: string;
  /** 0 for any free one. */
  readonly port?: number;
  /** What clients and agents are told to connect to; the bound address by default. */
  readonly advertise?: { readonly hostname?: string; readonly ip?: string; readonly port?: number };
  /** Where the registry is kept; it is closed with the master. */
  readonly registry: RegistryStore;
  /** The cluster's part of its masters' ids (`clusterIdFrom`): the same for all masters of a cluster, for ever. */
  readonly cluster: string;
  readonly master?: Partial<MasterOptions>;
  readonly allocator?: AllocatorFactory;
  readonly allocatorOptions?: Partial<AllocatorOptions>;
  readonly limits?: Partial<HttpLimits>;
  readonly tls?: { readonly options: TlsOptions; readonly allowsPlain: boolean };
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Makes the tap of this master's machine, for a journal. */
  readonly tap?: (parts: MachineParts) => MasterTap;
  /** Who must prove who they are; nobody by default. */
  readonly authentication?: Authentication;
  /** `--cluster`: the name that operators see. */
  readonly clusterName?: string;
  /** As operators are told them. */
  readonly flags?: readonly Flag[];
  /** The file that is shown as `/master/log`. */
  readonly logFile?: string;
  /** Another master that leads, for redirects. */
  readonly leader?: () => Leader | null;
}

export interface RunningMaster {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly loop: MasterLoop;
  readonly ids: IdTexts;
  /** Resolves with the reason when the master cannot go on; the process should end then. */
  readonly ended: Promise<string>;
  /** Ends streams and links, closes the port and the registry. Tasks go on. */
  close(): Promise<void>;
}

/** Starts a master that leads at once: it reads the registry, listens, and serves when its election is durable. */
export async function startMaster(options: StartMasterOptions): Promise<RunningMaster> {
  const clock = options.clock ?? new WallClock();
  const log = options.log ?? pino({ level: 'silent' });
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const ids = new IdTexts(options.cluster);
  const host = options.host ?? '127.0.0.1';
  const router = new Router();
  let upgrade: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | null = null;
  const server = new HttpServer({
    limits,
    handle: async (exchange) => {
      await router.find(exchange.request.method ?? 'GET', exchange.path)(exchange);
    },
    upgrade: (request, socket, head) => {
      if (upgrade !== null) upgrade(request, socket, head);
    },
    failed: (error) => {
      log.error({ error: String(error) }, 'a request failed');
    },
    tls: options.tls ?? null,
  });
  const snapshot = await options.registry.load();
  const bound = await server.listen(options.port ?? 5_050, host);
  const { advertise = {} } = options;
  const address = {
    hostname: advertise.hostname ?? bound.address,
    ip: advertise.ip ?? bound.address,
    port: advertise.port ?? bound.port,
    version: options.master?.address?.version ?? SERVICE_MASTER_OPTIONS.address.version,
    domain: options.master?.address?.domain ?? null,
  };
  const { hostname, port, version, domain } = address;

  const parts: MachineParts = {
    options: {
      ...SERVICE_MASTER_OPTIONS,
      ...options.master,
      address: { hostname, port, version, domain },
      authorization: (options.master?.acls ?? null) !== null,
    },
    allocatorOptions: { ...DEFAULT_ALLOCATOR_OPTIONS, domain, ...options.allocatorOptions },
    madeAt: clock.now(),
  };
  const machine = new MasterMachine(
    parts.options,
    options.allocator ?? hierarchicalDrf,
    parts.allocatorOptions,
    parts.madeAt,
  );
  let end: (reason: string) => void = () => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const calls = new Calls();
  const loop = new MasterLoop(machine, clock, options.registry, options.tap?.(parts) ?? null, (reason) => {
    log.fatal({ reason }, 'the master cannot go on');
    end(reason);
  });
  const context: MasterContext = {
    loop,
    ids,
    address,
    limits,
    calls,
    log,
    may: mayBy(parts.options.acls),
    leader: options.leader ?? (() => null),
  };
  const { acls } = parts.options;
  const viewer = (principal: string | null) => viewerOf(acls, principal);
  const authentication = options.authentication ?? Authentication.NONE;
  const schedulers = new SchedulerApi(context);
  const links = new AgentLinks(context, parts.options.agentPingTimeout);
  const streams = new OperatorStreams(context);
  const metrics = new MasterMetrics(context, server, schedulers, streams, links);
  const files = new VirtualFiles();
  if (options.logFile !== undefined) files.attach('/master/log', options.logFile);
  const process: ProcessParts = {
    version: versionInfo(version),
    flags: options.flags ?? [],
    files,
    mayAccess: (principal) => context.may(principal, 'access_mesos_logs'),
    log,
    metrics: () => metrics.all(),
  };
  const processApi = new ProcessApi(process);
  const source = { ids, state: () => machine.state, epoch: () => machine.epoch };
  const rendered = new RenderedTexts(RENDERED_BYTES_MAX);
  const messages = new StateMessages(source, rendered);
  const operators = new OperatorApi(context, streams, processApi, viewer, messages);
  loop.carryOutBy({
    event: schedulers.event,
    closeStream: schedulers.closeStream,
    toAgent: links.toAgent,
    closeLink: links.closeLink,
    pingAgents: links.pingAgents,
    refuseCall: ({ request, error }) => {
      calls.refused(request, error);
    },
    answerCall: ({ request, status }) => {
      calls.answered(request, status);
    },
    operatorEvent: streams.operatorEvent,
    closeOperatorStream: streams.closeOperatorStream,
    authorize: ({ ticket, principal, requests }) => {
      // Rules of one's own process are at hand: the answer is the next input.
      const verdicts = requests.map(({ action, object }) => context.may(principal, action, object));
      loop.deliver({ kind: 'authorized', ticket, verdicts });
    },
  });
  addRoutes(router, {
    authentication,
    context,
    schedulers: schedulers.handle,
    operators: operators.handle,
    state: new StateEndpoints(
      context,
      process,
      options.clusterName ?? null,
      viewer,
      new StateTexts(source, rendered),
    ),
    legacy: new LegacyEndpoints(context, operators, viewer),
    process: new ProcessEndpoints(context, processApi),
    metrics,
    files: fileEndpoints(files, process.mayAccess, (principal) => {
      checkMay(context, principal, 'get_endpoints', '/files/debug');
    }),
  });
  upgrade = (request, socket, head) => {
    try {
      checkLink(context, request);
      const principal = authentication.principal('orrery-master-agent', request.headers.authorization);
      links.accept(request, socket, head, principal);
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  };
  const sweeps = setInterval(() => {
    ids.sweepIfFull((keep) => {
      liveIds(machine.state, keep);
    });
  }, SWEEP_MS);
  sweeps.unref();
  loop.deliver({ kind: 'elected', epoch: nextEpoch(snapshot.epoch), registry: snapshot });
  const scheme = options.tls === undefined ? 'http' : 'https';
  return {
    host: bound.address,
    port: bound.port,
    url: `${scheme}://${bound.address}:${bound.port}`,
    loop,
    ids,
    ended,
    close: async () => {
      schedulers.close();
      streams.close();
      links.close();
      loop.stop();
      clearInterval(sweeps);
      processApi.close();
      metrics.close();
      await server.close();
      await options.registry.close();
    },
  };
}

interface Routes {
  readonly authentication: Authentication;
  readonly context: MasterContext;
  readonly schedulers: Handler;
  readonly operators: Handler;
  readonly state: StateEndpoints;
  readonly legacy: LegacyEndpoints;
  readonly process: ProcessEndpoints;
  readonly metrics: MasterMetrics;
  readonly files: { readonly [name: string]: Handler };
}

/** Everything at `/x` and at `/master/x` (spec 05 §C). */
function addRoutes(router: Router, routes: Routes): void {
  const { authentication, context, state, legacy, process, metrics, files } = routes;
  const add = (
    method: string,
    path: string,
    realm: Realm | null,
    ofLeader: boolean,
    handler: Handler,
  ): void => {
    const secured: Handler = (exchange) => {
      if (realm !== null)
        exchange.principal = authentication.principal(realm, exchange.header('authorization'));
      if (ofLeader) checkLeading(context, exchange.request.url ?? '/');
      return handler(exchange);
    };
    router.add(method, path, secured);
    router.add(method, `/master${path}`, secured);
  };
  const readOnly = 'mesos-master-readonly';
  const readWrite = 'mesos-master-readwrite';
  // These two look at the lead themselves, before and after the body.
  add('POST', '/api/v1/scheduler', 'mesos-master-scheduler', false, routes.schedulers);
  add('POST', '/api/v1', readWrite, false, routes.operators);

  add('GET', '/health', null, false, process.health);
  add('GET', '/version', null, false, process.version);
  add('GET', '/redirect', null, false, process.redirect);
  add('GET', '/flags', readOnly, false, process.flags);
  add('GET', '/logging/toggle', readWrite, false, process.toggleLogging);
  add('POST', '/logging/toggle', readWrite, false, process.toggleLogging);
  add('GET', '/system/stats.json', readOnly, false, process.systemStats);
  router.add('GET', '/', process.index);

  for (const path of ['/metrics/snapshot', '/metrics/prometheus']) {
    add('GET', path, readOnly, false, path.endsWith('snapshot') ? metrics.snapshot : metrics.prometheus);
  }
  for (const [name, handler] of Object.entries(files)) add('GET', `/files/${name}`, readOnly, false, handler);

  const reads: { readonly [path: string]: Handler } = {
    '/state': state.state,
    '/state-summary': state.summary,
    '/slaves': state.slaves,
    '/frameworks': state.frameworks,
    '/tasks': state.tasks,
    '/roles': state.roles,
  };
  for (const [path, handler] of Object.entries(reads)) {
    add('GET', path, readOnly, true, handler);
    // The names of before Mesos 1.0 help old clients.
    add('GET', `${path}.json`, readOnly, true, handler);
  }
  add('GET', '/quota', readOnly, true, legacy.getQuota);
  add('POST', '/quota', readWrite, true, legacy.setQuota);
  add('DELETE', '/quota/', readWrite, true, legacy.removeQuota);
  add('GET', '/weights', readOnly, true, legacy.getWeights);
  add('PUT', '/weights', readWrite, true, legacy.updateWeights);
  add('GET', '/maintenance/schedule', readOnly, true, legacy.getSchedule);
  add('POST', '/maintenance/schedule', readWrite, true, legacy.updateSchedule);
  add('GET', '/maintenance/status', readOnly, true, legacy.maintenanceStatus);
  const acts: { readonly [path: string]: Handler } = {
    '/reserve': legacy.reserve,
    '/unreserve': legacy.unreserve,
    '/create-volumes': legacy.createVolumes,
    '/destroy-volumes': legacy.destroyVolumes,
    '/teardown': legacy.teardown,
    '/machine/down': legacy.machineDown,
    '/machine/up': legacy.machineUp,
  };
  for (const [path, handler] of Object.entries(acts)) add('POST', path, readWrite, true, handler);
}

/** Throws Refusal. */
function checkLink(context: MasterContext, request: IncomingMessage): void {
  const path = (request.url ?? '').split('?')[0]!;
  if (path !== AGENT_LINK_PATH) throw new Refusal(404, `No protocol is spoken at ${path}`);
  if (request.headers.upgrade !== AGENT_LINK_PROTOCOL) {
    throw new Refusal(426, `Expecting 'Upgrade: ${AGENT_LINK_PROTOCOL}'`, { Upgrade: AGENT_LINK_PROTOCOL });
  }
  checkLeading(context, path);
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  const refusal =
    error instanceof Refusal ? error : new Refusal(500, 'An error of this server; its log has it');
  const headers = Object.entries(refusal.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const body = Buffer.from(refusal.message);
  socket.end(
    `HTTP/1.1 ${refusal.status} Refused\r\n${headers.join('')}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${refusal.message}`,
  );
}
