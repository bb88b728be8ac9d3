import type { Logger } from 'pino';
import type { AgentToMaster, MasterToAgent } from '../../../engine/protocol/index.ts';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import { AgentLink, AgentLinkError, type AgentLinkOptions } from '../http/agent-link.ts';

/** Where a master listens. */
export interface MasterPlace {
  readonly host: string;
  readonly port: number;
}

export interface MasterConnectionOptions {
  readonly ids: IdTexts;
  readonly log: Logger;
  /** Who leads, as far as is known; asked before each attempt. A master that does not lead says itself who does. */
  leader(): Promise<MasterPlace>;
  readonly link: Omit<AgentLinkOptions, 'host' | 'port'>;
  /** Without a ping for so long the master is taken for lost (spec 13 §5). */
  readonly pingTimeoutMs: number;
  /** Between two attempts, doubling. */
  readonly retryMs: { readonly first: number; readonly max: number };
}

export interface MasterConnectionOwner {
  opened(): void;
  message(message: MasterToAgent): void;
  closed(): void;
  pingsMissed(): void;
}

const REDIRECTS_MAX = 4;

/** The agent's way to the master that leads: one link at a time, opened anew until there is one. */
export class MasterConnection {
  readonly #options: MasterConnectionOptions;
  readonly #owner: MasterConnectionOwner;
  #link: AgentLink | null = null;
  /** Counts links and attempts: what an older one says is not heard. */
  #turn = 0;
  #retryMs = 0;
  #retry: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** The master that the link is to. */
  master: MasterPlace | null = null;

  constructor(options: MasterConnectionOptions, owner: MasterConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  /** Closes the link, if there is one, and opens another. */
  reconnect(): void {
    if (this.#isClosed) return;
    this.#drop();
    this.#retryMs = this.#options.retryMs.first;
    void this.#attempt(++this.#turn);
  }

  /** Lost without a link: the machine makes up for it when it registers anew. */
  send(message: AgentToMaster): void {
    this.#link?.send(message);
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
    this.#turn++;
  }

  #drop(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#retry = null;
    this.#silence = null;
    this.#link?.close();
    this.#link = null;
    this.master = null;
  }

  async #attempt(turn: number): Promise<void> {
    try {
      await this.#open(turn, await this.#options.leader(), 0);
    } catch (error) {
      if (turn !== this.#turn) return;
      const why = error instanceof Error ? error.message : String(error);
      this.#options.log.warn({ why, retryMs: this.#retryMs }, 'no link to a master yet');
      this.#retry = setTimeout(() => {
        void this.#attempt(turn);
      }, this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, this.#options.retryMs.max);
    }
  }

  async #open(turn: number, place: MasterPlace, redirects: number): Promise<void> {
    const { ids, link } = this.#options;
    // What comes with the answer to the request comes before the link is known here.
    let isOpen = false;
    let early: MasterToAgent[] | null = [];
    try {
      const opened = await AgentLink.open(
        ids,
        { ...link, ...place },
        {
          message: (message) => {
            if (turn !== this.#turn) return;
            if (isOpen) this.#owner.message(message);
            else early?.push(message);
          },
          pinged: () => {
            if (turn === this.#turn) this.#heard(turn);
          },
          closed: (reason) => {
            if (turn !== this.#turn || !isOpen) return;
            this.#options.log.warn({ reason }, 'the link to the master is closed');
            this.#drop();
            this.#turn++;
            this.#owner.closed();
          },
        },
      );
      if (turn !== this.#turn) {
        opened.close();
        return;
      }
      if (!opened.isOpen) throw new AgentLinkError('the master closed the link at once');
      this.#link = opened;
      this.master = place;
      isOpen = true;
    } catch (error) {
      const elsewhere = error instanceof AgentLinkError ? error.leader : null;
      if (elsewhere === null || redirects === REDIRECTS_MAX || turn !== this.#turn) throw error;
      await this.#open(turn, masterPlace(elsewhere), redirects + 1);
      return;
    }
    this.#options.log.info(place, 'linked to the master');
    this.#heard(turn);
    this.#owner.opened();
    const messages = early;
    early = null;
    for (const message of messages) this.#owner.message(message);
  }

  /** The master is there; if it is not heard again in time it is given up. */
  #heard(turn: number): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      if (turn !== this.#turn) return;
      this.#options.log.warn('the master has not been heard for the ping timeout');
      this.#owner.pingsMissed();
    }, this.#options.pingTimeoutMs);
  }
}

/** `host:port`, with an IPv6 address in brackets. Throws for anything else. */
export function masterPlace(text: string): MasterPlace {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s/]+)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port === 0 || port > 65_535)
    throw new Error(`expected the master as host:port, got ${JSON.stringify(text)}`);
  return { host: (parts[1] ?? parts[2])!, port };
}
