import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AgentToMaster, MasterToAgent } from '../../../engine/protocol/index.ts';
import { agentRecordToWire, type FromAgent, masterRecordFromWire } from '../codec/agent-link.ts';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import { readBinary, writeBinary } from '../codec/message/binary.ts';
import { AgentRecordSchema, MasterRecordSchema } from '../proto/generated/orrery/agent_link_pb.ts';
import { AGENT_LINK_PATH, AGENT_LINK_PROTOCOL } from './agent-link-protocol.ts';
import { DEFAULT_HTTP_LIMITS } from './limits.ts';
import { SocketRecords } from './socket-records.ts';

export interface AgentLinkOptions {
  readonly host: string;
  readonly port: number;
  /** With TLS. */
  readonly secure?: boolean;
  /** Certificates to trust, in PEM; those of the system without. */
  readonly ca?: string;
  readonly credential?: { readonly principal: string; readonly secret: string };
  /** Milliseconds until the link must be open. */
  readonly timeoutMs?: number;
}

export interface AgentLinkOwner {
  message(message: MasterToAgent): void;
  /** The master asks whether the agent is there; the link has answered. */
  pinged(): void;
  /** Once. The link is of no use any more; where a new one is to be had, its owner knows. */
  closed(reason: string): void;
}

/** Why there is no link. */
export class AgentLinkError extends Error {
  /** Where another master leads: `host:port`. */
  readonly leader: string | null;

  constructor(message: string, leader: string | null = null) {
    super(message);
    this.leader = leader;
  }
}

/** An agent's end of its link to the master (drivers/linux/http/README.md): one connection, messages both ways, pings answered. */
export class AgentLink {
  readonly #ids: IdTexts;
  readonly #records: SocketRecords;

  private constructor(ids: IdTexts, records: SocketRecords) {
    this.#ids = ids;
    this.#records = records;
  }

  /** Rejects with AgentLinkError. */
  static async open(ids: IdTexts, options: AgentLinkOptions, owner: AgentLinkOwner): Promise<AgentLink> {
    const { host, port, credential, timeoutMs = 10_000 } = options;
    const headers: Record<string, string> = {
      Connection: 'Upgrade',
      Upgrade: AGENT_LINK_PROTOCOL,
    };
    if (credential !== undefined) {
      const { principal, secret } = credential;
      headers['Authorization'] = `Basic ${Buffer.from(`${principal}:${secret}`).toString('base64')}`;
    }
    return await new Promise((resolve, reject) => {
      const make = options.secure === true ? httpsRequest : httpRequest;
      const request = make({
        host,
        port,
        path: AGENT_LINK_PATH,
        method: 'POST',
        headers,
        agent: false,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
      });
      request.setTimeout(timeoutMs, () => {
        request.destroy(new Error(`no answer within ${timeoutMs} ms`));
      });
      request.on('error', (error) => {
        reject(new AgentLinkError(`No link to the master at ${host}:${port}: ${error.message}`));
      });
      request.on('response', (response) => {
        const location = response.headers.location ?? '';
        const leader = response.statusCode === 307 ? (/^\/\/([^/]+)\//.exec(location)?.[1] ?? null) : null;
        response.resume();
        request.destroy();
        reject(
          new AgentLinkError(
            `The master at ${host}:${port} gives no link: ${response.statusCode ?? 0}`,
            leader,
          ),
        );
      });
      request.on('upgrade', (_response, socket, head) => {
        socket.setTimeout(0);
        socket.setNoDelay(true);
        let link: AgentLink | null = null;
        const records = new SocketRecords(
          socket,
          { bufferMax: DEFAULT_HTTP_LIMITS.recordMax * 2, recordMax: DEFAULT_HTTP_LIMITS.recordMax },
          {
            record: (bytes) => {
              const message = masterRecordFromWire(ids, readBinary(MasterRecordSchema, bytes));
              if (message.type === 'PING') {
                link!.#send({ type: 'PONG', round: message.round });
                owner.pinged();
              } else {
                owner.message(message);
              }
            },
            closed: (reason) => {
              owner.closed(reason);
            },
          },
        );
        link = new AgentLink(ids, records);
        if (head.length > 0) socket.unshift(head);
        resolve(link);
      });
      request.end();
    });
  }

  get isOpen(): boolean {
    return this.#records.isOpen;
  }

  /** Lost if the link is closed: the agent's machine makes up for it when it registers anew. */
  send(message: AgentToMaster): void {
    this.#send(message);
  }

  /** Ends it without telling the owner. */
  close(): void {
    this.#records.end();
  }

  #send(message: FromAgent): void {
    this.#records.write(writeBinary(AgentRecordSchema, agentRecordToWire(this.#ids, message)));
  }
}
