import type { DescMessage, MessageValidType } from '@bufbuild/protobuf';
import type { Viewer } from '../../../engine/authorization/index.ts';
import type { OperatorRead } from '../../../engine/master/index.ts';
import type { MachineId, OperatorMutation, OperatorResponse } from '../../../engine/protocol/index.ts';
import type { Resources } from '../../../engine/resources/index.ts';
import { parseJson } from '../codec/message/parse-json.ts';
import { readJson } from '../codec/message/read-json.ts';
import { WireError } from '../codec/message/wire-error.ts';
import { writeJson } from '../codec/message/write-json.ts';
import {
  machineFromWire,
  maintenanceStatusToWire,
  scheduleFromWire,
  scheduleToWire,
} from '../codec/parts/maintenance.ts';
import { quotaRequestFromWire, quotaStatusToWire } from '../codec/parts/quota.ts';
import { resourcesFromWire } from '../codec/parts/resources.ts';
import type { Exchange } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import {
  ClusterStatusSchema,
  ScheduleSchema,
} from '../proto/generated/mesos/v1/maintenance/maintenance_pb.ts';
import { MachineIDSchema, ResourceSchema, WeightInfoSchema } from '../proto/generated/mesos/v1/mesos_pb.ts';
import {
  QuotaConfigSchema,
  QuotaInfoSchema,
  QuotaRequestSchema,
} from '../proto/generated/mesos/v1/quota/quota_pb.ts';
import { refusalOf } from './calls.ts';
import type { MasterContext } from './master-context.ts';
import type { OperatorApi } from './operator-api.ts';

type Read<Type extends OperatorRead['type']> = Extract<OperatorResponse, { readonly type: Type }>;

/** The endpoints of old that operators' tools act through (spec 05 §C); each is a call of the v1 API in other clothes. */
export class LegacyEndpoints {
  readonly #context: MasterContext;
  readonly #api: OperatorApi;
  readonly #viewer: (principal: string | null) => Viewer;

  constructor(context: MasterContext, api: OperatorApi, viewer: (principal: string | null) => Viewer) {
    this.#context = context;
    this.#api = api;
    this.#viewer = viewer;
  }

  readonly getQuota = async (exchange: Exchange): Promise<void> => {
    const { infos, configs } = quotaStatusToWire(this.#read(exchange, 'GET_QUOTA').status);
    const text = (list: readonly object[] | undefined, schema: DescMessage) =>
      `[${(list ?? []).map((entry) => writeJson(schema, entry as never)).join(',')}]`;
    await exchange.json(
      `{"infos":${text(infos, QuotaInfoSchema)},"configs":${text(configs, QuotaConfigSchema)}}`,
    );
  };

  readonly setQuota = async (exchange: Exchange): Promise<void> => {
    const request = await readBody(exchange, QuotaRequestSchema);
    const quotaRequest = checked(() => quotaRequestFromWire(request, 'quota_request'));
    await this.#perform(exchange, { type: 'SET_QUOTA', quotaRequest });
  };

  readonly removeQuota = async (exchange: Exchange): Promise<void> => {
    const role = exchange.path.slice(exchange.path.indexOf('/quota/') + '/quota/'.length);
    if (role === '') throw new Refusal(400, 'Expecting the role in the path: /quota/<role>');
    await this.#perform(exchange, { type: 'REMOVE_QUOTA', role });
  };

  readonly getWeights = async (exchange: Exchange): Promise<void> => {
    await exchange.json(JSON.stringify(this.#read(exchange, 'GET_WEIGHTS').weightInfos));
  };

  readonly updateWeights = async (exchange: Exchange): Promise<void> => {
    const infos = await readList(exchange, WeightInfoSchema);
    const weightInfos = infos.map(({ role, weight }) => ({ role, weight }));
    await this.#perform(exchange, { type: 'UPDATE_WEIGHTS', weightInfos });
  };

  readonly reserve = async (exchange: Exchange): Promise<void> => {
    const form = await exchange.form();
    await this.#perform(exchange, {
      type: 'RESERVE_RESOURCES',
      agentId: this.#agent(form),
      source: resourcesOf(form, 'source', false),
      resources: resourcesOf(form, 'resources', true),
    });
  };

  readonly unreserve = async (exchange: Exchange): Promise<void> => {
    const form = await exchange.form();
    await this.#perform(exchange, {
      type: 'UNRESERVE_RESOURCES',
      agentId: this.#agent(form),
      resources: resourcesOf(form, 'resources', true),
    });
  };

  readonly createVolumes = (exchange: Exchange): Promise<void> => this.#volumes(exchange, 'CREATE_VOLUMES');

  readonly destroyVolumes = (exchange: Exchange): Promise<void> => this.#volumes(exchange, 'DESTROY_VOLUMES');

  readonly teardown = async (exchange: Exchange): Promise<void> => {
    const value = required(await exchange.form(), 'frameworkId');
    await this.#perform(exchange, { type: 'TEARDOWN', frameworkId: this.#context.ids.framework(value) });
  };

  readonly getSchedule = async (exchange: Exchange): Promise<void> => {
    await exchange.json(
      writeJson(ScheduleSchema, scheduleToWire(this.#read(exchange, 'GET_MAINTENANCE_SCHEDULE').schedule)),
    );
  };

  readonly updateSchedule = async (exchange: Exchange): Promise<void> => {
    const message = await readBody(exchange, ScheduleSchema);
    const schedule = checked(() => scheduleFromWire(message, 'schedule'));
    await this.#perform(exchange, { type: 'UPDATE_MAINTENANCE_SCHEDULE', schedule });
  };

  readonly maintenanceStatus = async (exchange: Exchange): Promise<void> => {
    const { status } = this.#read(exchange, 'GET_MAINTENANCE_STATUS');
    await exchange.json(writeJson(ClusterStatusSchema, maintenanceStatusToWire(this.#context.ids, status)));
  };

  readonly machineDown = async (exchange: Exchange): Promise<void> => {
    await this.#perform(exchange, { type: 'START_MAINTENANCE', machines: await machinesOf(exchange) });
  };

  readonly machineUp = async (exchange: Exchange): Promise<void> => {
    await this.#perform(exchange, { type: 'STOP_MAINTENANCE', machines: await machinesOf(exchange) });
  };

  async #volumes(exchange: Exchange, type: 'CREATE_VOLUMES' | 'DESTROY_VOLUMES'): Promise<void> {
    const form = await exchange.form();
    const agentId = this.#agent(form);
    await this.#perform(exchange, { type, agentId, volumes: resourcesOf(form, 'volumes', true) });
  }

  async #perform(exchange: Exchange, call: OperatorMutation): Promise<void> {
    await this.#api.perform(exchange, call);
  }

  #agent(form: URLSearchParams) {
    return this.#context.ids.agent(required(form, 'slaveId'));
  }

  #read<Type extends OperatorRead['type']>(exchange: Exchange, type: Type): Read<Type> {
    const { loop } = this.#context;
    const answer = loop.machine.query(loop.instant(), { type }, this.#viewer(exchange.principal));
    if (!answer.ok) throw refusalOf(this.#context.ids, answer.error);
    return answer.value as Read<Type>;
  }
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value === null || value === '')
    throw new Refusal(400, `Missing '${name}' in the body: expecting ${name}=…`);
  return value;
}

/** What a reader refuses is the caller's mistake. */
function checked<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw error instanceof WireError ? new Refusal(400, error.message) : error;
  }
}

async function readBody<Desc extends DescMessage>(
  exchange: Exchange,
  schema: Desc,
): Promise<MessageValidType<Desc>> {
  const text = (await exchange.body()).toString('utf8');
  return checked(() => readJson(schema, parseJson(text)));
}

async function readList<Desc extends DescMessage>(
  exchange: Exchange,
  schema: Desc,
): Promise<MessageValidType<Desc>[]> {
  const text = (await exchange.body()).toString('utf8');
  return checked(() => listOf(schema, parseJson(text)));
}

function listOf<Desc extends DescMessage>(schema: Desc, json: unknown): MessageValidType<Desc>[] {
  if (!Array.isArray(json)) throw new WireError('', 'Expecting a JSON array');
  return json.map((entry) => readJson(schema, entry));
}

async function machinesOf(exchange: Exchange): Promise<MachineId[]> {
  return (await readList(exchange, MachineIDSchema)).map(machineFromWire);
}

function resourcesOf(form: URLSearchParams, name: string, isRequired: boolean): Resources {
  const text = isRequired ? required(form, name) : (form.get(name) ?? '[]');
  return checked(() => resourcesFromWire(listOf(ResourceSchema, parseJson(text)), name));
}
