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
import { IdTexts } from '../codec/ids/id-texts.ts';
import { AGENT_LINK_PATH, AGENT_LINK_PROTOCOL } from '../http/agent-link-protocol.ts';
import { HttpServer } from '../http/http-server.ts';
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from '../http/limits.ts';
import { Refusal } from '../http/refusal.ts';
import { Router } from '../http/router.ts';
import type { RegistryStore } from '../storage/registry-store.ts';
import { AgentLinks } from './agent-links.ts';
import { Calls } from './calls.ts';
import { type Clock, WallClock } from './clock.ts';
import { checkLeading, type Leader, type MasterContext } from './master-context.ts';
import { MasterLoop, type MasterTap, nextEpoch } from './master-loop.ts';
import { SchedulerApi } from './scheduler-api.ts';

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
    leader: options.leader ?? (() => null),
  };
  const schedulers = new SchedulerApi(context);
  const links = new AgentLinks(context, parts.options.agentPingTimeout);
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
    operatorEvent: () => {},
    closeOperatorStream: () => {},
    authorize: () => {},
  });
  for (const path of ['/api/v1/scheduler', '/master/api/v1/scheduler'])
    router.add('POST', path, schedulers.handle);
  upgrade = (request, socket, head) => {
    try {
      checkLink(context, request);
      links.accept(request, socket, head, null);
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  };
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
      links.close();
      loop.stop();
      await server.close();
      await options.registry.close();
    },
  };
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
