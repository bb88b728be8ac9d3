/** A plain model of what an agent holds, for tests: amounts by a text, moved by hand. It knows nothing of `Resources`' arithmetic. */
import { assertNever } from '../core/index.ts';
import type { ResourceOfferOperation } from '../protocol/index.ts';
import type { Reservation, Resource, Resources } from '../resources/index.ts';

/** Scalars in thousandths by what they are; volumes are of one size each, and counted. */
export class Pile {
  readonly #amounts = new Map<string, number>();

  static of(resources: Resources): Pile {
    const pile = new Pile();
    for (const entry of resources.entries) pile.#put(textOf(entry), entry.scalar);
    return pile;
  }

  /** Does an operation that must fit; throws if it does not. */
  perform(operation: ResourceOfferOperation): void {
    switch (operation.type) {
      case 'RESERVE':
        for (const entry of operation.resources.entries)
          this.#move(textOf(entry, { drop: 1 }), textOf(entry), entry.scalar);
        break;
      case 'UNRESERVE':
        for (const entry of operation.resources.entries)
          this.#move(textOf(entry), textOf(entry, { drop: 1 }), entry.scalar);
        break;
      case 'CREATE':
        for (const entry of operation.volumes.entries)
          this.#move(textOf(entry, { bare: true }), textOf(entry), entry.scalar);
        break;
      case 'DESTROY':
        for (const entry of operation.volumes.entries)
          this.#move(textOf(entry), textOf(entry, { bare: true }), entry.scalar);
        break;
      case 'GROW_VOLUME': {
        const volume = operation.volume.entries[0]!;
        const { scalar } = operation.addition.entries[0]!;
        this.#take(textOf(operation.addition.entries[0]!), scalar);
        this.#take(textOf(volume), volume.scalar);
        this.#put(textOf(volume, { size: volume.scalar + scalar }), volume.scalar + scalar);
        break;
      }
      case 'SHRINK_VOLUME': {
        const volume = operation.volume.entries[0]!;
        const rest = volume.scalar - operation.subtract;
        this.#take(textOf(volume), volume.scalar);
        this.#put(textOf(volume, { size: rest }), rest);
        this.#put(textOf(volume, { bare: true }), operation.subtract);
        break;
      }
      case 'CREATE_DISK':
      case 'DESTROY_DISK':
        throw new Error('The model has no resource providers');
      default:
        assertNever(operation);
    }
  }

  /** Amounts by name: what no operation changes. */
  sums(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const [text, amount] of this.#amounts) {
      const name = text.slice(0, text.indexOf(' '));
      sums[name] = (sums[name] ?? 0) + amount;
    }
    return sums;
  }

  toString(): string {
    return [...this.#amounts]
      .map(([text, amount]) => `${text} = ${amount}`)
      .sort()
      .join('\n');
  }

  #move(from: string, to: string, amount: number): void {
    this.#take(from, amount);
    this.#put(to, amount);
  }

  #take(text: string, amount: number): void {
    const held = this.#amounts.get(text) ?? 0;
    if (held < amount) throw new Error(`${amount} of '${text}' is taken, but there is ${held}`);
    if (held === amount) this.#amounts.delete(text);
    else this.#amounts.set(text, held - amount);
  }

  #put(text: string, amount: number): void {
    if (amount > 0) this.#amounts.set(text, (this.#amounts.get(text) ?? 0) + amount);
  }
}

interface TextChanges {
  /** Reservations taken off the top. */
  readonly drop?: number;
  /** Without its volume. */
  readonly bare?: boolean;
  /** Of its volume. */
  readonly size?: number;
}

function textOf({ identity, scalar }: Resource, changes: TextChanges = {}): string {
  const { name, reservations, disk, shared } = identity;
  const stack = reservations.slice(0, reservations.length - (changes.drop ?? 0)).map(reservationText);
  const id = changes.bare === true ? undefined : disk?.persistence?.id;
  const volume =
    id === undefined ? '' : ` volume ${id} of ${changes.size ?? scalar}${shared ? ' shared' : ''}`;
  return `${name} [${stack.join()}]${volume}`;
}

function reservationText({ type, role, principal, labels }: Reservation): string {
  return `${type} ${role} ${principal} ${JSON.stringify(labels)}`;
}
