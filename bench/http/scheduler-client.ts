import { type IncomingMessage, request } from 'node:http';
import { JSON_TYPE, type MediaType, readMessage, writeMessage } from '../../drivers/linux/codec/index.ts';
import { namesOf } from '../../drivers/linux/codec/parts/presence.ts';
import { RecordParser } from '../../drivers/linux/index.ts';
import {
  Call_Type,
  CallSchema,
  Event_Type,
  EventSchema,
} from '../../drivers/linux/proto/generated/mesos/v1/scheduler/scheduler_pb.ts';
import {
  FrameworkInfo_Capability_Type,
  Offer_Operation_Type,
  Value_Type,
} from '../../drivers/linux/proto/generated/mesos/v1/mesos_pb.ts';
import { CallConnection } from './call-connection.ts';

const PATH = '/api/v1/scheduler';
const RECORD_MAX = 2 ** 30;

export interface Offered {
  readonly offerId: string;
  readonly agentId: string;
}

export interface Updated {
  readonly taskId: string;
  readonly agentId: string;
  readonly state: string;
  /** As it was on the wire: base64 text, or bytes. */
  readonly uuid: string | Uint8Array | null;
}

/** What a benchmark does with events. */
export interface SchedulerScript {
  offers(client: SchedulerClient, offers: readonly Offered[]): void;
  update(client: SchedulerClient, update: Updated): void;
}

export interface SchedulerPlace {
  readonly host: string;
  readonly port: number;
  readonly type: MediaType;
}

interface JsonEvent {
  readonly type: string;
  readonly subscribed?: { readonly framework_id: { readonly value: string } };
  readonly offers?: {
    readonly offers: readonly {
      readonly id: { readonly value: string };
      readonly agent_id: { readonly value: string };
    }[];
  };
  readonly update?: {
    readonly status: {
      readonly task_id: { readonly value: string };
      readonly agent_id: { readonly value: string };
      readonly state: string;
      readonly uuid?: string;
    };
  };
  readonly error?: { readonly message: string };
}

/** A framework over the v1 scheduler API, as lean as a load generator has to be. */
export class SchedulerClient {
  readonly #place: SchedulerPlace;
  readonly #script: SchedulerScript;
  readonly #stream: IncomingMessage;
  readonly #calls: CallConnection;
  readonly frameworkId: string;
  readonly role: string;

  private constructor(
    place: SchedulerPlace,
    script: SchedulerScript,
    role: string,
    frameworkId: string,
    stream: IncomingMessage,
  ) {
    this.#place = place;
    this.#script = script;
    this.role = role;
    this.frameworkId = frameworkId;
    this.#stream = stream;
    this.#calls = new CallConnection(place.host, place.port, PATH, {
      'Content-Type': place.type,
      Accept: place.type,
      'Mesos-Stream-Id': String(stream.headers['mesos-stream-id']),
    });
  }

  /** Subscribes; events go to the script from then on. @param frameworkId of an earlier subscription, null for a new framework */
  static async subscribe(
    place: SchedulerPlace,
    script: SchedulerScript,
    role: string,
    frameworkId: string | null = null,
  ): Promise<SchedulerClient> {
    const { host, port, type } = place;
    const body = subscription(type, role, frameworkId);
    return await new Promise((resolve, reject) => {
      const call = request(
        {
          host,
          port,
          path: PATH,
          method: 'POST',
          headers: { 'Content-Type': type, Accept: type },
          agent: false,
        },
        (stream) => {
          if (stream.statusCode !== 200) {
            reject(new Error(`SUBSCRIBE was answered ${stream.statusCode}`));
            return;
          }
          let client: SchedulerClient | null = null;
          const parser = new RecordParser(RECORD_MAX);
          const take = (record: Uint8Array): void => {
            const event = eventOf(type, record);
            if (client !== null) {
              client.#take(event);
            } else if (event.subscribed === undefined) {
              reject(
                new Error(`SUBSCRIBE was answered by the event ${event.type} ${event.error?.message ?? ''}`),
              );
            } else {
              client = new SchedulerClient(place, script, role, event.subscribed.framework_id.value, stream);
              resolve(client);
            }
          };
          stream.on('data', (bytes: Buffer) => {
            parser.push(bytes, take);
          });
          // A master that ends ends its streams too.
          stream.on('error', () => {});
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  }

  /** Launches tasks on an offer, one ACCEPT. */
  launch(offer: Offered, taskIds: readonly string[], cpus: number, mem: number): void {
    this.#calls.post(
      this.#place.type === JSON_TYPE
        ? jsonLaunch(this.frameworkId, offer, taskIds, cpus, mem)
        : binaryLaunch(this.frameworkId, offer, taskIds, cpus, mem),
    );
  }

  acknowledge({ taskId, agentId, uuid }: Updated): void {
    this.#calls.post(
      typeof uuid === 'string'
        ? Buffer.from(
            `{"type":"ACKNOWLEDGE","framework_id":{"value":"${this.frameworkId}"},"acknowledge":` +
              `{"agent_id":{"value":"${agentId}"},"task_id":{"value":"${taskId}"},"uuid":"${uuid}"}}`,
          )
        : writeMessage(
            CallSchema,
            {
              type: Call_Type.ACKNOWLEDGE,
              frameworkId: { value: this.frameworkId },
              acknowledge: { agentId: { value: agentId }, taskId: { value: taskId }, uuid: uuid! },
            },
            this.#place.type,
          ),
    );
  }

  /** Throws if the master refused a call. */
  check(): void {
    if (this.#calls.refused > 0)
      throw new Error(
        `the master refused ${this.#calls.refused} calls, the last one: ${this.#calls.lastRefusal}`,
      );
  }

  close(): void {
    this.#calls.close();
    this.#stream.destroy();
  }

  #take(event: JsonEvent | BinaryEvent): void {
    if (event.type === 'OFFERS') {
      this.#script.offers(
        this,
        event.offers!.offers.map((offer) => ({ offerId: offer.id.value, agentId: offer.agent_id.value })),
      );
    } else if (event.type === 'UPDATE') {
      const { task_id: taskId, agent_id: agentId, state, uuid } = event.update!.status;
      this.#script.update(this, { taskId: taskId.value, agentId: agentId.value, state, uuid: uuid ?? null });
    } else if (event.type === 'ERROR') {
      throw new Error(`the master ended a framework: ${event.error?.message ?? ''}`);
    }
  }
}

interface BinaryEvent extends Omit<JsonEvent, 'update'> {
  readonly update?: {
    readonly status: Omit<NonNullable<JsonEvent['update']>['status'], 'uuid'> & {
      readonly uuid?: Uint8Array;
    };
  };
}

const eventType = namesOf(Event_Type);

function eventOf(type: MediaType, record: Uint8Array): JsonEvent | BinaryEvent {
  if (type === JSON_TYPE) return JSON.parse(Buffer.from(record).toString('utf8')) as JsonEvent;
  const event = readMessage(EventSchema, record, type);
  const { subscribed, offers, update, error } = event;
  return {
    type: eventType(event.type),
    ...(subscribed === undefined ? {} : { subscribed: { framework_id: subscribed.frameworkId } }),
    ...(offers === undefined
      ? {}
      : { offers: { offers: offers.offers.map(({ id, agentId }) => ({ id, agent_id: agentId })) } }),
    ...(update === undefined
      ? {}
      : {
          update: {
            status: {
              task_id: update.status.taskId,
              agent_id: update.status.agentId ?? { value: '' },
              state: String(update.status.state),
              ...(update.status.uuid === undefined ? {} : { uuid: update.status.uuid }),
            },
          },
        }),
    ...(error === undefined ? {} : { error }),
  };
}

function subscription(type: MediaType, role: string, frameworkId: string | null): Uint8Array {
  if (type === JSON_TYPE) {
    const id = frameworkId === null ? {} : { framework_id: { value: frameworkId } };
    const capabilities = [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }];
    const info = {
      user: 'nobody',
      name: 'bench',
      roles: [role],
      failover_timeout: 3_600,
      capabilities,
      ...idIn(frameworkId),
    };
    return Buffer.from(JSON.stringify({ type: 'SUBSCRIBE', ...id, subscribe: { framework_info: info } }));
  }
  const id = frameworkId === null ? {} : { value: frameworkId };
  return writeMessage(
    CallSchema,
    {
      type: Call_Type.SUBSCRIBE,
      ...(frameworkId === null ? {} : { frameworkId: id }),
      subscribe: {
        frameworkInfo: {
          user: 'nobody',
          name: 'bench',
          roles: [role],
          failoverTimeout: 3_600,
          capabilities: [
            { type: FrameworkInfo_Capability_Type.MULTI_ROLE },
            { type: FrameworkInfo_Capability_Type.PARTITION_AWARE },
          ],
          ...(frameworkId === null ? {} : { id }),
        },
      },
    },
    type,
  );
}

function idIn(frameworkId: string | null): object {
  return frameworkId === null ? {} : { id: { value: frameworkId } };
}

function jsonLaunch(
  frameworkId: string,
  { offerId, agentId }: Offered,
  taskIds: readonly string[],
  cpus: number,
  mem: number,
): Uint8Array {
  const tasks = taskIds.map(
    (id) =>
      `{"name":"t","task_id":{"value":"${id}"},"agent_id":{"value":"${agentId}"},"command":{"value":"sleep 1000"},"resources":[` +
      `{"name":"cpus","type":"SCALAR","scalar":{"value":${cpus}}},{"name":"mem","type":"SCALAR","scalar":{"value":${mem}}}]}`,
  );
  return Buffer.from(
    `{"type":"ACCEPT","framework_id":{"value":"${frameworkId}"},"accept":{"offer_ids":[{"value":"${offerId}"}],"operations":` +
      `[{"type":"LAUNCH","launch":{"task_infos":[${tasks.join(',')}]}}],"filters":{"refuse_seconds":0}}}`,
  );
}

function binaryLaunch(
  frameworkId: string,
  { offerId, agentId }: Offered,
  taskIds: readonly string[],
  cpus: number,
  mem: number,
): Uint8Array {
  const resources = [
    { name: 'cpus', type: Value_Type.SCALAR, scalar: { value: cpus } },
    { name: 'mem', type: Value_Type.SCALAR, scalar: { value: mem } },
  ];
  const taskInfos = taskIds.map((id) => ({
    name: 't',
    taskId: { value: id },
    agentId: { value: agentId },
    command: { value: 'sleep 1000' },
    resources,
  }));
  return writeMessage(
    CallSchema,
    {
      type: Call_Type.ACCEPT,
      frameworkId: { value: frameworkId },
      accept: {
        offerIds: [{ value: offerId }],
        operations: [{ type: Offer_Operation_Type.LAUNCH, launch: { taskInfos } }],
        filters: { refuseSeconds: 0 },
      },
    },
    'application/x-protobuf',
  );
}
