import { assert } from '../assert.ts';
import type { ClassLayout } from './class-layout.ts';

/** A class as it stands in the code. */
export interface GraphClass {
  readonly name: string;
  readonly prototype: object;
  readonly layout: ClassLayout;
}

/** Objects of the code itself that many others refer to, by a name: each is the same one wherever it stands. */
export type GraphConstants = Readonly<Record<string, object>>;

/** What a graph may have beside data: objects of these classes, and constants. */
export class GraphClasses {
  readonly #byPrototype = new Map<object, GraphClass>();
  readonly #byName = new Map<string, GraphClass>();
  readonly #constants: GraphConstants;
  readonly #constantNames: ReadonlyMap<object, string>;

  constructor(classes: Iterable<GraphClass>, constants: GraphConstants = {}) {
    for (const known of classes) {
      const namesake = this.#byName.get(known.name);
      if (namesake === known) continue;
      assert(namesake === undefined, `two classes of a graph are named ${known.name}`);
      this.#byName.set(known.name, known);
      this.#byPrototype.set(known.prototype, known);
    }
    this.#constants = constants;
    this.#constantNames = new Map(Object.entries(constants).map(([name, constant]) => [constant, name]));
  }

  ofPrototype(prototype: object): GraphClass | null {
    return this.#byPrototype.get(prototype) ?? null;
  }

  named(name: string): GraphClass | null {
    return this.#byName.get(name) ?? null;
  }

  *[Symbol.iterator](): Iterator<GraphClass> {
    yield* this.#byName.values();
  }

  constantName(object: object): string | null {
    return this.#constantNames.get(object) ?? null;
  }

  constant(name: string): object | null {
    return Object.hasOwn(this.#constants, name) ? this.#constants[name]! : null;
  }
}
