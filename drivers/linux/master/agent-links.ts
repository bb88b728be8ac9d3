import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Micros, MICROS_PER_MILLISECOND } from '../../../engine/core/index.ts';
import type { LinkId, MasterOutput } from '../../../engine/master/index.ts';
import { agentRecordFromWire, type FromMaster, masterRecordToWire } from '../codec/agent-link.ts';
import { readBinary, writeBinary } from '../codec/message/binary.ts';
import { AGENT_LINK_PROTOCOL } from '../http/agent-link-protocol.ts';
import { SocketRecords } from '../http/socket-records.ts';
import { AgentRecordSchema, MasterRecordSchema } from '../proto/generated/orrery/agent_link_pb.ts';
import type { MasterContext } from './master-context.ts';

interface AgentLinkState {
  readonly id: LinkId;
  readonly records: SocketRecords;
  /** Rounds of pings that were sent on it and answered. */
  pingSent: number;
  pingAnswered: number;
}

/** The master's ends of the agents' links. */
export class AgentLinks {
  readonly #context: MasterContext;
  readonly #pingTimeout: Micros;
  readonly #links = new Map<LinkId, AgentLinkState>();
  #nextLink = 0;
  #round = 0;
  #missedLast = 0;
  #timers = new Set<NodeJS.Timeout>();
  /** Records from agents that were not understood. */
  malformed = 0;

  constructor(context: MasterContext, pingTimeout: Micros) {
    this.#context = context;
    this.#pingTimeout = pingTimeout;
  }

  get count(): number {
    return this.#links.size;
  }

  /** An agent asked for a link, and may have one. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, principal: string | null): void {
    const { ids, loop, limits, log } = this.#context;
    const id = ++this.#nextLink as LinkId;
    const peer = request.socket.remoteAddress ?? '';
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${AGENT_LINK_PROTOCOL}\r\n\r\n`,
    );
    // Nothing is read before the next turn of the event loop: the link is on the books by then.
    if (head.length > 0) socket.unshift(head);
    const link: AgentLinkState = {
      id,
      pingSent: 0,
      pingAnswered: 0,
      records: new SocketRecords(
        socket,
        { bufferMax: limits.streamBufferMax, recordMax: limits.recordMax },
        {
          record: (bytes) => {
            const message = agentRecordFromWire(ids, readBinary(AgentRecordSchema, bytes));
            if (message.type === 'PONG') link.pingAnswered = Math.max(link.pingAnswered, message.round);
            else loop.deliver({ kind: 'agentMessage', link: id, message, principal });
          },
          closed: (reason) => {
            this.#links.delete(id);
            log.info({ peer, reason }, 'an agent’s link is closed');
            loop.deliver({ kind: 'linkClosed', link: id });
          },
        },
      ),
    };
    this.#links.set(id, link);
  }

  readonly toAgent = (output: Extract<MasterOutput, { kind: 'toAgent' }>): void => {
    const link = this.#links.get(output.link);
    if (link !== undefined) link.records.write(this.#bytes(output.message));
  };

  readonly closeLink = (output: Extract<MasterOutput, { kind: 'closeLink' }>): void => {
    const link = this.#links.get(output.link);
    if (link === undefined) return;
    this.#links.delete(output.link);
    link.records.end();
  };

  /** All links are pinged; those that have not answered after the ping timeout have missed it. */
  readonly pingAgents = (): void => {
    const round = ++this.#round;
    const bytes = this.#bytes({ type: 'PING', round });
    for (const link of this.#links.values()) {
      link.records.write(bytes);
      link.pingSent = round;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const missed: LinkId[] = [];
      for (const link of this.#links.values()) {
        if (link.pingSent >= round && link.pingAnswered < round) missed.push(link.id);
      }
      // Where nobody missed one, now or last time, there is nothing to tell.
      if (missed.length === 0 && this.#missedLast === 0) return;
      this.#missedLast = missed.length;
      this.#context.loop.deliver({ kind: 'pingsMissed', links: missed });
    }, this.#pingTimeout / MICROS_PER_MILLISECOND);
    this.#timers.add(timer);
  };

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const link of this.#links.values()) link.records.destroy();
    this.#links.clear();
  }

  #bytes(message: FromMaster): Uint8Array {
    return writeBinary(MasterRecordSchema, masterRecordToWire(this.#context.ids, message));
  }
}
