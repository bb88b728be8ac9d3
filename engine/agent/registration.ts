import { type Micros, Rng } from '../core/index.ts';
import { NEVER } from './agent-task.ts';
import type { AgentSettings } from './options.ts';

/** `detached`: a new link is awaited. `registering`: asked, no answer yet. */
export type RegistrationPhase = 'detached' | 'registering' | 'registered';

/** Where the agent stands with its master, and when it asks again (spec 13 §5). */
export class Registration {
  readonly #backoffFirst: Micros;
  readonly #backoffMax: Micros;
  readonly #rng: Rng;
  #phase: RegistrationPhase = 'detached';
  #backoff = 0;
  #deadline = NEVER;

  constructor(settings: AgentSettings, seed: number) {
    this.#backoffFirst = settings.registrationBackoff;
    this.#backoffMax = settings.registrationBackoffMax;
    this.#rng = Rng.forPurpose(seed, 'registration');
  }

  get phase(): RegistrationPhase {
    return this.#phase;
  }

  /** When the next attempt is due; NEVER unless registering. */
  get deadline(): number {
    return this.#deadline;
  }

  /** A fresh link: the first attempt goes out now. */
  begin(now: Micros): void {
    this.#phase = 'registering';
    this.#backoff = this.#backoffFirst;
    this.#wait(now);
  }

  /** Another attempt goes out now; the bound of the wait after it doubles, to its maximum (bug ledger B31). */
  repeat(now: Micros): void {
    this.#backoff = Math.min(2 * this.#backoff, this.#backoffMax);
    this.#wait(now);
  }

  succeed(): void {
    this.#phase = 'registered';
    this.#deadline = NEVER;
  }

  detach(): void {
    this.#phase = 'detached';
    this.#deadline = NEVER;
  }

  /** A random wait in [0, bound], whole microseconds. */
  #wait(now: Micros): void {
    this.#deadline = now + this.#rng.below(this.#backoff + 1);
  }
}
