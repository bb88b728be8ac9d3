/** A master on loopback, and clients of it, for tests. */
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { micros } from '../../../engine/core/index.ts';
import type { AgentInfo, MasterToAgent, TaskStatus } from '../../../engine/protocol/index.ts';
import { ALL_AGENT_CAPABILITIES } from '../../../engine/protocol/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import { clusterIdFrom, IdTexts } from '../codec/ids/id-texts.ts';
import { parseJson } from '../codec/message/parse-json.ts';
import { AgentLink } from '../http/agent-link.ts';
import { RecordParser } from '../http/recordio.ts';
import { MemoryRegistry } from '../storage/memory-registry.ts';
import { type RunningMaster, startMaster, type StartMasterOptions } from './start-master.ts';

export const CLUSTER = clusterIdFrom(new Uint8Array(12).fill(0xab));

/** A master that allocates every 20 ms. */
export async function testMaster(options: Partial<StartMasterOptions> = {}): Promise<RunningMaster> {
  return await startMaster({
    registry: new MemoryRegistry(),
    cluster: CLUSTER,
    port: 0,
    ...options,
    allocatorOptions: { allocationInterval: micros(20_000), ...options.allocatorOptions },
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Uint8Array;
}

/** One request, its whole answer. */
export async function ask(master: RunningMaster, path: string, asked: Asked = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: master.host,
        port: master.port,
        path,
        method: asked.method ?? 'GET',
        headers: { ...asked.headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const body = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body,
            text: body.toString('utf8'),
          });
        });
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(asked.body);
  });
}

export const JSON_HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json' };

export async function post(
  master: RunningMaster,
  path: string,
  body: object,
  headers: { readonly [name: string]: string } = {},
): Promise<Answer> {
  return await ask(master, path, {
    method: 'POST',
    headers: { ...JSON_HEADERS, ...headers },
    body: JSON.stringify(body),
  });
}

/** Records of a streaming answer, as JSON values, waited for one by one. */
export class Records {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly #response: IncomingMessage;
  readonly #records: unknown[] = [];
  #wake: (() => void) | null = null;
  #isOver = false;

  constructor(response: IncomingMessage, read: (record: Uint8Array) => unknown) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    const parser = new RecordParser(2 ** 30);
    response.on('data', (chunk: Buffer) => {
      parser.push(chunk, (record) => this.#records.push(read(record)));
      this.#wake?.();
    });
    const over = (): void => {
      this.#isOver = true;
      this.#wake?.();
    };
    response.on('end', over);
    response.on('close', over);
    response.on('error', over);
  }

  /** The next record that fits; those before it are passed over. Rejects when the stream ends before. */
  async next<Record>(fits: (record: Record) => boolean = () => true): Promise<Record> {
    for (;;) {
      while (this.#records.length > 0) {
        const record = this.#records.shift() as Record;
        if (fits(record)) return record;
      }
      if (this.#isOver) throw new Error('the stream has ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async over(): Promise<void> {
    while (!this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#response.destroy();
  }
}

export const jsonRecord = (record: Uint8Array): unknown => parseJson(Buffer.from(record).toString('utf8'));

/** A streaming answer. */
export async function openStream(
  master: RunningMaster,
  path: string,
  asked: Asked,
  read: (record: Uint8Array) => unknown = jsonRecord,
): Promise<Records> {
  return await new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: master.host,
        port: master.port,
        path,
        method: 'POST',
        headers: { ...JSON_HEADERS, ...asked.headers },
        agent: false,
      },
      (response) => {
        resolve(new Records(response, read));
      },
    );
    request.on('error', reject);
    request.end(asked.body);
  });
}

/** A scheduler's subscription in JSON. */
export async function subscribe(
  master: RunningMaster,
  frameworkInfo: object = {},
  more: object = {},
): Promise<{ readonly events: Records; readonly streamId: string; readonly frameworkId: string }> {
  const body = JSON.stringify({
    type: 'SUBSCRIBE',
    subscribe: {
      framework_info: {
        user: 'nobody',
        name: 'test',
        roles: ['eng'],
        capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
        ...frameworkInfo,
      },
    },
    ...more,
  });
  const events = await openStream(master, '/api/v1/scheduler', { body });
  const subscribed = await events.next<{ subscribed: { framework_id: { value: string } } }>();
  return {
    events,
    streamId: String(events.headers['mesos-stream-id']),
    frameworkId: subscribed.subscribed.framework_id.value,
  };
}

/** An agent of which the test is the script: it registers, and answers what it is told to. */
export class ScriptedAgent {
  readonly ids = new IdTexts(null);
  readonly messages: MasterToAgent[] = [];
  readonly link: AgentLink;
  agentText = '';
  pings = 0;
  closedWith: string | null = null;
  #updates = 0;
  #wakes: (() => void)[] = [];

  private constructor(
    link: (agent: ScriptedAgent) => Promise<AgentLink>,
    opened: (agent: ScriptedAgent) => void,
  ) {
    this.link = null as never;
    void link(this).then((made) => {
      (this as { link: AgentLink }).link = made;
      opened(this);
    });
  }

  static async start(master: RunningMaster, resources = 'cpus:4;mem:4096;disk:10000', hostname = 'host1') {
    const agent = await new Promise<ScriptedAgent>((resolve) => {
      const made: ScriptedAgent = new ScriptedAgent(
        (self) =>
          AgentLink.open(
            self.ids,
            { host: master.host, port: master.port },
            {
              message: (message) => {
                self.messages.push(message);
                self.#wake();
              },
              pinged: () => {
                self.pings++;
                self.#wake();
              },
              closed: (reason) => {
                self.closedWith = reason;
                self.#wake();
              },
            },
          ),
        resolve,
      );
      void made;
    });
    agent.link.send({ type: 'REGISTER_AGENT', info: agentInfo(resources, hostname) });
    const { agentId } = await agent.next('AGENT_REGISTERED');
    agent.agentText = agent.ids.agentText(agentId);
    return agent;
  }

  /** The next message of a kind; others stay. */
  async next<Type extends MasterToAgent['type']>(
    type: Type,
  ): Promise<Extract<MasterToAgent, { type: Type }>> {
    for (;;) {
      const index = this.messages.findIndex((message) => message.type === type);
      if (index >= 0) return this.messages.splice(index, 1)[0] as Extract<MasterToAgent, { type: Type }>;
      if (this.closedWith !== null) throw new Error(`the link is closed: ${this.closedWith}`);
      await this.changed();
    }
  }

  async changed(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wakes.push(resolve);
    });
  }

  /** Reports a state of a task that it was told to run. */
  update(run: Extract<MasterToAgent, { type: 'RUN_TASK' }>, state: TaskStatus['state']): void {
    const agentId = run.task.agentId;
    this.link.send({
      type: 'STATUS_UPDATE',
      agentId,
      frameworkId: run.frameworkId,
      status: {
        taskId: run.task.taskId,
        state,
        source: 'SOURCE_EXECUTOR',
        reason: null,
        agentId,
        executorId: run.task.taskId as number as never,
        timestamp: micros(1_700_000_000_000_000),
        uuid: ++this.#updates as never,
        message: null,
        details: null,
      },
      latestState: state,
    });
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }
}

export function agentInfo(resources: string, hostname: string): AgentInfo {
  const parsed = Resources.parse(resources);
  if (!parsed.ok) throw new Error(`The test's own resources are malformed: ${resources}`);
  return {
    id: null,
    hostname,
    ip: '127.0.0.1',
    port: 5_051,
    resources: parsed.value,
    attributes: [{ name: 'rack', type: 'TEXT', text: 'r1' }],
    domain: null,
    capabilities: ALL_AGENT_CAPABILITIES,
    version: '1.12.0',
  };
}
