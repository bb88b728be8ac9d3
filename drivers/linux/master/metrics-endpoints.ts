import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metric } from '../../../engine/protocol/index.ts';
import type { AgentLinks } from './agent-links.ts';
import type { Exchange } from '../http/exchange.ts';
import type { HttpServer } from '../http/http-server.ts';
import { Refusal } from '../http/refusal.ts';
import { parseDuration } from '../flags/flag-values.ts';
import { checkMay } from '../security/permissions.ts';
import type { MasterContext } from './master-context.ts';
import type { OperatorStreams } from './operator-streams.ts';
import { systemMetrics } from './process-api.ts';
import type { SchedulerApi } from './scheduler-api.ts';

const NANOS_PER_MS = 1e6;

/** What is measured around the machine: connections, streams, delays (spec 15). */
export class MasterMetrics {
  readonly #context: MasterContext;
  readonly #server: HttpServer;
  readonly #schedulers: SchedulerApi;
  readonly #streams: OperatorStreams;
  readonly #links: AgentLinks;
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });

  constructor(
    context: MasterContext,
    server: HttpServer,
    schedulers: SchedulerApi,
    streams: OperatorStreams,
    links: AgentLinks,
  ) {
    this.#context = context;
    this.#server = server;
    this.#schedulers = schedulers;
    this.#streams = streams;
    this.#links = links;
    this.#delay.enable();
  }

  close(): void {
    this.#delay.disable();
  }

  /** By name, ascending. */
  all(): readonly Metric[] {
    const { loop, ids, calls } = this.#context;
    const metrics: Metric[] = [...systemMetrics()];
    for (const [name, value] of loop.machine.metrics(loop.instant(), (id) => ids.frameworkText(id))) {
      metrics.push({ name, value });
    }
    metrics.push(
      { name: 'master/event_queue_messages', value: loop.waiting },
      { name: 'master/event_queue_dispatches', value: loop.waiting },
      { name: 'master/event_queue_http_requests', value: calls.size },
      { name: 'master/event_loop_delay_ms/max', value: this.#delay.max / NANOS_PER_MS },
      { name: 'master/event_loop_delay_ms/p99', value: this.#delay.percentile(99) / NANOS_PER_MS },
      { name: 'http/connections', value: this.#server.connections },
      { name: 'http/scheduler_streams', value: this.#schedulers.streams },
      { name: 'http/scheduler_streams_dropped', value: this.#schedulers.dropped },
      { name: 'http/operator_streams', value: this.#streams.count },
      { name: 'http/operator_streams_dropped', value: this.#streams.dropped },
      { name: 'http/agent_links', value: this.#links.count },
    );
    metrics.push(...loop.allocationTimes.metrics('allocator/mesos/allocation_run_ms'));
    metrics.push(...loop.storeTimes.metrics('registrar/state_store_ms'));
    return metrics.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  readonly snapshot = async (exchange: Exchange): Promise<void> => {
    checkMay(this.#context, exchange.principal, 'get_endpoints', '/metrics/snapshot');
    const timeout = exchange.query.get('timeout');
    // All is at hand: a timeout changes nothing, a malformed one is a mistake all the same.
    if (timeout !== null && parseDuration(timeout) === null) {
      throw new Refusal(400, `Expecting 'timeout' to be a duration such as 10secs, got '${timeout}'`);
    }
    const fields = this.all()
      .filter(({ value }) => value !== null && Number.isFinite(value))
      .map(({ name, value }) => [name, value] as const);
    await exchange.json(JSON.stringify(Object.fromEntries(fields)));
  };

  /** The text format that Prometheus scrapes. */
  readonly prometheus = async (exchange: Exchange): Promise<void> => {
    checkMay(this.#context, exchange.principal, 'get_endpoints', '/metrics/snapshot');
    await exchange.bytes(Buffer.from(prometheusText(this.all())), 'text/plain; version=0.0.4; charset=utf-8');
  };
}

/** Names with an entity in the middle become one metric with labels. */
const LABELLED: readonly (readonly [RegExp, string, readonly string[]])[] = [
  [
    /^master\/frameworks\/([^/]*)\/([^/]*)\/roles\/(.*)\/suppressed$/,
    'master_framework_role_suppressed',
    ['name', 'framework_id', 'role'],
  ],
  [/^master\/frameworks\/([^/]*)\/([^/]*)\/(.*)$/, 'master_framework_$3', ['name', 'framework_id']],
  [/^frameworks\/(.*)\/(messages_\w+)$/, 'principal_$2', ['principal']],
  [
    /^allocator\/mesos\/quota\/roles\/(.*)\/resources\/([^/]*)\/(\w+)$/,
    'allocator_quota_$3',
    ['role', 'resource'],
  ],
  [/^allocator\/mesos\/roles\/(.*)\/shares\/dominant$/, 'allocator_role_dominant_share', ['role']],
  [/^allocator\/mesos\/offer_filters\/roles\/(.*)\/active$/, 'allocator_role_offer_filters_active', ['role']],
  [/^master\/(task_\w+)\/source_(\w+)\/reason_(\w+)$/, 'master_$1_total', ['', 'source', 'reason']],
];

/** `orrery_master_slaves_active 3`, one line each. */
export function prometheusText(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const { name, value } of metrics) {
    if (value !== null && Number.isFinite(value)) lines.push(`${prometheusName(name)} ${value}`);
  }
  // Lines of one metric must stand together.
  lines.sort();
  return `${lines.join('\n')}\n`;
}

function prometheusName(name: string): string {
  for (const [pattern, plain, labels] of LABELLED) {
    const parts = pattern.exec(name);
    if (parts === null) continue;
    const base = plain.replace(/\$(\d)/g, (_, index: string) => parts[Number(index)] ?? '');
    const pairs = labels.flatMap((label, index) =>
      label === '' ? [] : [`${label}="${escaped(parts[index + 1] ?? '')}"`],
    );
    return `orrery_${sanitized(base)}{${pairs.join(',')}}`;
  }
  return `orrery_${sanitized(name)}`;
}

function sanitized(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_');
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
