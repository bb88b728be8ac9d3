import { MICROS_PER_MILLISECOND } from '../../../engine/core/index.ts';
import { writeJson } from '../codec/message/write-json.ts';
import { versionToWire } from '../codec/parts/process-response.ts';
import { parseDuration } from '../flags/flag-values.ts';
import type { Exchange } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { VersionInfoSchema } from '../proto/generated/mesos/v1/mesos_pb.ts';
import { checkMay } from '../security/permissions.ts';
import { checkLeading, type MasterContext } from './master-context.ts';
import { type ProcessApi, systemMetrics } from './process-api.ts';

/** Endpoints about the process; they answer on a master that does not lead, too (spec 05 §C). */
export class ProcessEndpoints {
  readonly #context: MasterContext;
  readonly #api: ProcessApi;

  constructor(context: MasterContext, api: ProcessApi) {
    this.#context = context;
    this.#api = api;
  }

  readonly health = (exchange: Exchange): void => {
    exchange.empty(200);
  };

  readonly version = async (exchange: Exchange): Promise<void> => {
    await exchange.json(writeJson(VersionInfoSchema, versionToWire(this.#api.parts.version)));
  };

  readonly flags = async (exchange: Exchange): Promise<void> => {
    checkMay(this.#context, exchange.principal, 'view_flags');
    const flags = this.#api.parts.flags.map(({ name, value }) => [name, value ?? ''] as const);
    await exchange.json(JSON.stringify({ flags: Object.fromEntries(flags) }));
  };

  readonly redirect = (exchange: Exchange): void => {
    const { address } = this.#context;
    checkLeading(this.#context, '/');
    exchange.empty(307, { Location: `//${address.hostname}:${address.port}` });
  };

  readonly toggleLogging = (exchange: Exchange): void => {
    checkMay(this.#context, exchange.principal, 'get_endpoints', '/logging/toggle');
    checkMay(this.#context, exchange.principal, 'set_log_level');
    const level = exchange.query.get('level');
    const duration = exchange.query.get('duration');
    if (level === null || duration === null) {
      throw new Refusal(
        400,
        "Expecting 'level=value&duration=value' in query, such as level=1&duration=10mins",
      );
    }
    const time = parseDuration(duration);
    if (!/^\d$/.test(level) || time === null) {
      throw new Refusal(
        400,
        `Expecting a level of one digit and a duration such as 10mins, got '${level}' and '${duration}'`,
      );
    }
    this.#api.setLevel(Number(level), time / MICROS_PER_MILLISECOND);
    exchange.empty(200);
  };

  readonly systemStats = async (exchange: Exchange): Promise<void> => {
    const fields = systemMetrics().map(({ name, value }) => [name.slice('system/'.length), value] as const);
    const names: { readonly [name: string]: string } = {
      load_1min: 'avg_load_1min',
      load_5min: 'avg_load_5min',
      load_15min: 'avg_load_15min',
    };
    await exchange.json(
      JSON.stringify(Object.fromEntries(fields.map(([name, value]) => [names[name] ?? name, value]))),
    );
  };

  readonly index = (exchange: Exchange): void => {
    const { address, loop } = this.#context;
    exchange.text(
      200,
      `Orrery master ${address.version} at ${address.hostname}:${address.port}${loop.machine.isLeading ? ', leading' : ''}\n` +
        'See /state, /metrics/snapshot, and POST /api/v1.\n',
    );
  };
}
