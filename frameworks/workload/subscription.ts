import { type FrameworkId, MICROS_PER_SECOND, type Micros } from '../../engine/core/index.ts';
import type { WorkloadOptions } from './options.ts';

const NEVER = Number.POSITIVE_INFINITY;
const BACKOFF_DOUBLINGS_MAX = 6;

/** What `Subscription.tick` asks for. */
export type SubscriptionStep = 'subscribe' | 'reconnect' | null;

/**
 * The framework's standing with the master: no connection, waiting to subscribe, waiting for SUBSCRIBED, or subscribed.
 *
 * Lost messages: a SUBSCRIBE without answer leads to a new connection after `subscribeWait`; a stream without any event for several
 * heartbeats counts as broken (spec 03 §1.4). A refused subscription (ERROR) is tried again with a back-off that doubles, so that two
 * schedulers with one id do not throw each other out without end at the speed of the network.
 */
export class Subscription {
  /** As the master gave it; null until the first SUBSCRIBED. */
  frameworkId: FrameworkId | null = null;
  /** Counts subscriptions that the master confirmed. */
  number = 0;
  readonly #options: WorkloadOptions;
  #state: 'closed' | 'waiting' | 'subscribing' | 'subscribed' | 'refused' = 'closed';
  #deadline = NEVER;
  #since = 0;
  #lastHeard = 0;
  #silenceMax = NEVER;
  #refusals = 0;
  #notBefore = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  get isSubscribed(): boolean {
    return this.#state === 'subscribed';
  }

  /** Whether an event may come now. */
  get isOpen(): boolean {
    return this.#state === 'subscribed' || this.#state === 'subscribing';
  }

  get deadline(): number {
    return this.#deadline;
  }

  /** Whether to subscribe at once. */
  connected(now: Micros): boolean {
    if (now < this.#notBefore) {
      this.#enter('waiting', this.#notBefore);
      return false;
    }
    this.#enter('subscribing', now + this.#options.subscribeWait);
    return true;
  }

  disconnected(): void {
    this.#enter('closed', NEVER);
  }

  confirmed(now: Micros, frameworkId: FrameworkId, heartbeatSeconds: number): void {
    const missedMax = this.#options.heartbeatsMissedMax;
    this.frameworkId = frameworkId;
    this.number++;
    this.#since = now;
    this.#lastHeard = now;
    this.#silenceMax =
      missedMax === null || heartbeatSeconds <= 0 ? NEVER : missedMax * heartbeatSeconds * MICROS_PER_SECOND;
    this.#enter('subscribed', now + this.#silenceMax);
  }

  heard(now: Micros): void {
    this.#lastHeard = now;
  }

  /** The master ended the stream. It closes the connection too; should that not be seen, a new one is asked for after the back-off. */
  refused(now: Micros): void {
    const backoff = this.#options.subscribeBackoff * 2 ** Math.min(this.#refusals, BACKOFF_DOUBLINGS_MAX);
    const longest = this.#options.subscribeBackoff * 2 ** BACKOFF_DOUBLINGS_MAX;
    const lasted = this.#state === 'subscribed' && now - this.#since > longest;
    this.#refusals = lasted ? 1 : this.#refusals + 1;
    this.#notBefore = now + (lasted ? this.#options.subscribeBackoff : backoff);
    this.#enter('refused', this.#notBefore);
  }

  /** The next subscription is that of a new framework: the master has removed the old one for good. */
  forgetId(): void {
    this.frameworkId = null;
  }

  tick(now: Micros): SubscriptionStep {
    if (now < this.#deadline) return null;
    switch (this.#state) {
      case 'waiting':
        this.#enter('subscribing', now + this.#options.subscribeWait);
        return 'subscribe';
      case 'subscribed':
        // The deadline does not move with every event; it is checked when it comes.
        if (now < this.#lastHeard + this.#silenceMax) {
          this.#deadline = this.#lastHeard + this.#silenceMax;
          return null;
        }
        break;
      case 'subscribing':
      case 'refused':
      case 'closed':
        break;
    }
    this.#enter('closed', NEVER);
    return 'reconnect';
  }

  #enter(state: 'closed' | 'waiting' | 'subscribing' | 'subscribed' | 'refused', deadline: number): void {
    this.#state = state;
    this.#deadline = deadline;
  }
}
