import { microsToSeconds, type Micros } from '../../../engine/core/index.ts';
import type { AuthorizationAction, Metric } from '../../../engine/protocol/index.ts';
import { writeJson } from '../codec/message/write-json.ts';
import { versionToWire } from '../codec/parts/process-response.ts';
import { fileEndpoints } from '../files/file-endpoints.ts';
import { parseDuration } from '../flags/flag-values.ts';
import type { Exchange } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import type { Handler, Router } from '../http/router.ts';
import { attributesText, domainText, fullText, reservedText, summaryText } from '../master/endpoint-json.ts';
import { prometheusText } from '../master/metrics-endpoints.ts';
import type { ProcessApi } from '../master/process-api.ts';
import { VersionInfoSchema } from '../proto/generated/mesos/v1/mesos_pb.ts';
import type { Authentication, Realm } from '../security/authentication.ts';
import type { AgentContainers } from './agent-containers.ts';
import type { AgentLoop } from './agent-loop.ts';
import type { AgentPermissions } from './agent-permissions.ts';
import { containerJson, type ContainerRow, frameworkJson, type RecordSurroundings } from './agent-records.ts';
import { containerStatistics } from './container-statistics.ts';

export interface AgentEndpointsOptions {
  readonly loop: AgentLoop;
  readonly containers: AgentContainers;
  readonly process: ProcessApi;
  readonly permissions: AgentPermissions;
  readonly records: () => RecordSurroundings;
  readonly metrics: () => readonly Metric[];
  readonly pid: string;
  readonly startedAt: Micros;
  readonly masterHostname: () => string;
  readonly logDir: string;
}

/** The endpoints of old that tools poll (spec 06 §B, §C). */
export class AgentEndpoints {
  readonly #options: AgentEndpointsOptions;

  constructor(options: AgentEndpointsOptions) {
    this.#options = options;
  }

  readonly health = (exchange: Exchange): void => {
    exchange.empty(200);
  };

  readonly version = async (exchange: Exchange): Promise<void> => {
    await exchange.json(this.#version());
  };

  readonly flags = async (exchange: Exchange): Promise<void> => {
    this.#check(exchange, 'view_flags');
    await exchange.json(`{"flags":${this.#flags()}}`);
  };

  readonly state = async (exchange: Exchange): Promise<void> => {
    const { records, permissions, pid, startedAt, masterHostname, logDir } = this.#options;
    const view = permissions.view(exchange.principal);
    const seesFlags = permissions.may(exchange.principal, 'view_flags');
    const around = records();
    const { info } = view;
    const total = info.resources;
    const frameworks = (list: typeof view.frameworks): string =>
      list.map((one) => frameworkJson(around, one)).join(',');
    await exchange.json(
      `${this.#version().slice(0, -1)},"start_time":${microsToSeconds(startedAt)}` +
        `,"id":"${view.agentId === null ? '' : around.ids.agentText(view.agentId)}","pid":"${pid}"` +
        `,"hostname":${JSON.stringify(info.hostname)},"capabilities":${JSON.stringify(info.capabilities)}` +
        (info.domain === null ? '' : `,"domain":${domainText(info.domain)}`) +
        `,"resources":${summaryText(total)},"reserved_resources":${reservedText(total, summaryText)}` +
        `,"unreserved_resources":${summaryText(total.unreserved())}` +
        `,"reserved_resources_full":${reservedText(total, fullText)}` +
        `,"unreserved_resources_full":${fullText(total.unreserved())}` +
        `,"reserved_resources_allocated":${reservedText(view.used, summaryText)}` +
        `,"unreserved_resources_allocated":${summaryText(view.used.unreserved())}` +
        `,"resource_providers":[],"attributes":${attributesText(info.attributes)}` +
        `,"master_hostname":${JSON.stringify(masterHostname())}` +
        (seesFlags ? `,"log_dir":${JSON.stringify(logDir)},"flags":${this.#flags()}` : '') +
        `,"frameworks":[${frameworks(view.frameworks)}]` +
        `,"completed_frameworks":[${frameworks(view.completedFrameworks)}]}`,
    );
  };

  readonly statistics = async (exchange: Exchange): Promise<void> => {
    this.#check(exchange, 'get_endpoints', '/monitor/statistics');
    const rows = await this.#rows(exchange.principal);
    await exchange.json(`[${rows.map((row) => containerJson(row, false)).join(',')}]`);
  };

  readonly containers = async (exchange: Exchange): Promise<void> => {
    this.#check(exchange, 'get_endpoints', '/containers');
    const rows = await this.#rows(exchange.principal);
    await exchange.json(`[${rows.map((row) => containerJson(row, true)).join(',')}]`);
  };

  readonly debug = async (exchange: Exchange): Promise<void> => {
    this.#check(exchange, 'get_endpoints', '/containerizer/debug');
    const pending = [...this.#options.containers.all]
      .filter(({ state }) => state === 'launching')
      .map(({ text, since }) => ({
        operation: 'launch',
        args: { container_id: text },
        start_time: since / 1_000,
      }));
    await exchange.json(JSON.stringify({ pending }));
  };

  readonly snapshot = async (exchange: Exchange): Promise<void> => {
    this.#check(exchange, 'get_endpoints', '/metrics/snapshot');
    const timeout = exchange.query.get('timeout');
    if (timeout !== null && parseDuration(timeout) === null)
      throw new Refusal(400, `Expecting 'timeout' to be a duration such as 10secs, got '${timeout}'`);
    const fields = this.#options
      .metrics()
      .filter(({ value }) => value !== null && Number.isFinite(value))
      .map(({ name, value }) => [name, value] as const);
    await exchange.json(JSON.stringify(Object.fromEntries(fields)));
  };

  readonly prometheus = async (exchange: Exchange): Promise<void> => {
    this.#check(exchange, 'get_endpoints', '/metrics/snapshot');
    const text = prometheusText(this.#options.metrics());
    await exchange.bytes(Buffer.from(text), 'text/plain; version=0.0.4; charset=utf-8');
  };

  readonly index = (exchange: Exchange): void => {
    const { pid } = this.#options;
    exchange.text(200, `Orrery agent ${pid}\nSee /state, /metrics/snapshot, and POST /api/v1.\n`);
  };

  /** `/files/debug`: all that is attached, whosever it is. */
  readonly checkFilesDebug = (principal: string | null): void => {
    this.#options.permissions.check(principal, 'get_endpoints', '/files/debug');
  };

  /** Throws Refusal: 403. */
  #check(exchange: Exchange, action: AuthorizationAction, object: string | null = null): void {
    this.#options.permissions.check(exchange.principal, action, object);
  }

  #version(): string {
    return writeJson(VersionInfoSchema, versionToWire(this.#options.process.parts.version));
  }

  #flags(): string {
    const flags = this.#options.process.parts.flags.map(({ name, value }) => [name, value ?? ''] as const);
    return JSON.stringify(Object.fromEntries(flags));
  }

  async #rows(principal: string | null): Promise<ContainerRow[]> {
    const { containers, loop, records, permissions } = this.#options;
    const isVisible = permissions.visibleContainers(principal);
    const { ids } = records();
    const rows: ContainerRow[] = [];
    for (const container of [...containers.all]) {
      if (container.state !== 'running' || container.parent !== null || !isVisible(container)) continue;
      rows.push({
        frameworkText: ids.frameworkText(container.frameworkId),
        executorText: ids.executorText(container.executorId),
        executorName: container.executorName,
        containerText: container.text,
        status: container.status,
        statistics: await containerStatistics(containers, container, loop.instant()),
      });
    }
    return rows;
  }
}

export interface AgentRoutes {
  readonly authentication: Authentication;
  readonly executors: Handler;
  readonly operators: Handler;
  readonly endpoints: AgentEndpoints;
  readonly process: ProcessApi;
}

/** Everything at `/x` and at `/slave(1)/x` (spec 06 §B). */
export function addAgentRoutes(router: Router, routes: AgentRoutes): void {
  const { authentication, endpoints, process } = routes;
  const add = (method: string, path: string, realm: Realm | null, handler: Handler): void => {
    const secured: Handler = (exchange) => {
      if (realm !== null)
        exchange.principal = authentication.principal(realm, exchange.header('authorization'));
      return handler(exchange);
    };
    router.add(method, path, secured);
    router.add(method, `/slave(1)${path}`, secured);
  };
  const readOnly = 'mesos-agent-readonly';
  add('POST', '/api/v1/executor', 'mesos-agent-executor', routes.executors);
  add('POST', '/api/v1', 'mesos-agent-readwrite', routes.operators);
  add('GET', '/health', null, endpoints.health);
  add('GET', '/version', null, endpoints.version);
  add('GET', '/flags', readOnly, endpoints.flags);
  for (const path of ['/state', '/state.json']) add('GET', path, readOnly, endpoints.state);
  for (const path of ['/monitor/statistics', '/monitor/statistics.json'])
    add('GET', path, readOnly, endpoints.statistics);
  add('GET', '/containers', readOnly, endpoints.containers);
  add('GET', '/containerizer/debug', readOnly, endpoints.debug);
  add('GET', '/metrics/snapshot', readOnly, endpoints.snapshot);
  add('GET', '/metrics/prometheus', readOnly, endpoints.prometheus);
  const { files, mayAccess } = process.parts;
  for (const [name, handler] of Object.entries(fileEndpoints(files, mayAccess, endpoints.checkFilesDebug))) {
    add('GET', `/files/${name}`, readOnly, handler);
    add('GET', `/files/${name}.json`, readOnly, handler);
  }
  router.add('GET', '/', endpoints.index);
}
