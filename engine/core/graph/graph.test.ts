import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvariantError } from '../assert.ts';
import { fieldsLayout, valueLayout } from './class-layout.ts';
import { GraphClasses } from './graph-classes.ts';
import { GraphMismatch } from './graph-mismatch.ts';
import { readGraph } from './graph-reader.ts';
import { writeGraph } from './graph-writer.ts';
import { layoutFaults } from './hidden-names.ts';

class Amount {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
  static readonly layout = valueLayout({
    pack: ({ cents }: Amount) => [{ cents }, new Map([['cents', cents]])] as const,
    unpack: ([{ cents }, map]) => new Amount(map.get('cents') === cents ? cents : -1),
  });
}

class Shelf {
  readonly label: string;
  #books: unknown[] = [];
  #library: Library | null = null;

  constructor(label: string) {
    this.label = label;
  }

  put(library: Library, ...books: unknown[]): this {
    this.#library = library;
    this.#books.push(...books);
    return this;
  }

  get books(): readonly unknown[] {
    return this.#books;
  }

  get library(): Library | null {
    return this.#library;
  }

  static readonly layout = fieldsLayout({
    blank: () => new Shelf(''),
    take: (it: Shelf) => ({ books: it.#books, library: it.#library }),
    put: (it, fields) => {
      it.#books = fields.books;
      it.#library = fields.library;
    },
  });
}

/** Made by its owner, and has a function that knows it. */
class Catalogue {
  readonly library: Library;
  #count = 0;
  readonly grow = () => ++this.#count;

  constructor(library: Library) {
    this.library = library;
  }

  static readonly layout = fieldsLayout({
    take: (it: Catalogue) => ({ count: it.#count }),
    put: (it, fields) => {
      it.#count = fields.count;
    },
    kept: ['grow'],
  });
}

class Library {
  readonly name: string;
  readonly catalogue = new Catalogue(this);
  content: unknown = null;
  #grow = this.catalogue.grow;

  constructor(name: string) {
    this.name = name;
  }

  grow(): number {
    return this.#grow();
  }

  static readonly layout = fieldsLayout({ kept: ['name', '#grow'] });
}

const CLASSES = new GraphClasses([Amount, Catalogue, Library, Shelf]);

function written(content: unknown): Uint8Array {
  const library = new Library('old');
  library.content = content;
  return writeGraph(library, CLASSES);
}

function read(bytes: Uint8Array): Library {
  const library = new Library('new');
  readGraph(bytes, library, CLASSES);
  return library;
}

function copyOf<T>(content: T): T {
  return read(written(content)).content as T;
}

/** Numbers, texts and the like, NaN, -0 and half pairs of characters among them. */
const leaf = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    null,
    undefined,
    true,
    false,
    -0,
    0,
    223,
    224,
    2 ** 31,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    2 ** 60,
    '\ud800',
  ),
  fc.bigInt(),
  fc.uint8Array(),
  fc.int32Array(),
  fc.float64Array(),
);

const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { withCrossShrink: true, maxDepth: 4 },
    leaf,
    fc.array(tie('node'), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie('node'), { maxKeys: 5 }),
    fc.array(fc.tuple(tie('node'), tie('node')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('node'), { maxLength: 4 }).map((entries) => new Set(entries)),
    fc.nat(99).map((cents) => new Amount(cents)),
    fc.sparseArray(tie('node'), { maxLength: 8 }),
  ),
})).node;

test('any data comes back as it was, and is written as the same bytes again', () => {
  fc.assert(
    fc.property(tree, (content) => {
      const bytes = written(content);
      const again = read(bytes);
      expect(again.content).toStrictEqual(content);
      expect(writeGraph(again, CLASSES)).toEqual(bytes);
    }),
    { numRuns: 300 },
  );
});

test('objects that are one stay one, and those that are equal stay two', () => {
  const shared = { n: 1 };
  const amount = new Amount(5);
  const copy = copyOf({
    objects: [shared, shared, { n: 1 }],
    amounts: [amount, amount, new Amount(5)],
    map: new Map([[shared, amount]]),
  });
  expect(copy.objects[0]).toBe(copy.objects[1]);
  expect(copy.objects[2]).not.toBe(copy.objects[0]);
  expect(copy.amounts[0]).toBe(copy.amounts[1]);
  expect(copy.amounts[2]).not.toBe(copy.amounts[0]);
  expect(copy.map.get(copy.objects[0]!)).toBe(copy.amounts[0]);
});

test('a chain of a million objects and a cycle are nothing special', () => {
  interface Link {
    next: Link | null;
  }
  const first: Link = { next: null };
  let last = first;
  for (let n = 0; n < 1_000_000; n++) {
    last.next = { next: null };
    last = last.next;
  }
  last.next = first;
  const start = copyOf(first);
  let at = start;
  for (let n = 0; n < 1_000_000; n++) at = at.next!;
  expect(at.next).toBe(start);
});

test('hidden fields, and objects that know their owner, are filled in', () => {
  const library = new Library('old');
  library.content = [new Shelf('a').put(library, 'x', library), new Shelf('b')];
  library.grow();
  const again = new Library('new');
  readGraph(writeGraph(library, CLASSES), again, CLASSES);
  const [a, b] = again.content as [Shelf, Shelf];
  expect(a.label).toBe('a');
  expect(a.library).toBe(again);
  expect(a.books).toEqual(['x', again]);
  expect(b.library).toBe(null);
  expect(again.name).toBe('new');
  // The function is the new one's.
  expect(again.grow()).toBe(2);
  expect(library.grow()).toBe(2);
});

describe('what has no place in a graph is refused, with its path', () => {
  class Unknown {
    readonly known = false;
  }
  test.each([
    [{ a: [1, () => 0] }, '.content.a[1]', 'a function has no place in a graph'],
    [new Map([['k', Symbol('x')]]), '.content[k]', 'a symbol has no place in a graph'],
    [[[new Unknown()]], '.content[0][0]', 'class Unknown is not known'],
    [new Shelf('a').put(new Library('x'), new Unknown()), '.content.#books[0]', 'class Unknown is not known'],
    [new Date(0), '.content', 'class Date is not known'],
    [new Float32Array(1), '.content', 'class Float32Array is not known'],
    [new (class extends Library {})('x'), '.content', 'is not known'],
  ])('%o', (content, path, why) => {
    const act = () => written(content);
    expect(act).toThrow(InvariantError);
    expect(act).toThrow(why);
    expect(act).toThrow(new RegExp(`: ${path.replace(/[.[\]#]/g, '\\$&')}$`));
  });
});

test('a value is packed as plain data only', () => {
  class Odd {
    readonly isOdd = true;
    static readonly layout = valueLayout({ pack: () => [new Date(0)], unpack: () => new Odd() });
  }
  const library = new Library('old');
  library.content = [new Odd()];
  expect(() => writeGraph(library, new GraphClasses([Catalogue, Library, Odd]))).toThrow(
    'a value is packed as arrays, Maps and plain objects',
  );
});

describe('bytes that do not fit are refused', () => {
  test('cut short, or with something behind', () => {
    const bytes = written({ a: ['text', 1.5, new Int32Array(3).fill(1)] });
    for (let length = 0; length < bytes.length; length++)
      expect(() => read(bytes.subarray(0, length))).toThrow(GraphMismatch);
    expect(() => read(Uint8Array.of(...bytes, 0))).toThrow(GraphMismatch);
  });

  test('of a class that there is not, or has other fields', () => {
    const bytes = written(new Shelf('a'));
    const without = new GraphClasses([Amount, Catalogue, Library]);
    expect(() => readGraph(bytes, new Library('x'), without)).toThrow('there is no class Shelf here');
    const renamed = {
      name: 'Shelf',
      prototype: Object.prototype,
      layout: fieldsLayout({
        blank: () => new Shelf(''),
        take: (it: Shelf) => ({ ...Shelf.layout.take(it), dust: 0 }),
      }),
    };
    const other = new GraphClasses([Amount, Catalogue, Library, { ...renamed, prototype: Shelf.prototype }]);
    expect(() => readGraph(bytes, new Library('x'), other)).toThrow('the field #dust of Shelf is missing');
  });

  test('of an object that only its owner makes, where there is none', () => {
    const library = new Library('old');
    library.content = new Library('another').catalogue;
    const bytes = writeGraph(library, CLASSES);
    expect(() => readGraph(bytes, new Library('new'), CLASSES)).toThrow(
      'there is no Catalogue where one was',
    );
  });
});

test('a layout that forgets a hidden field, or has one too many, is found out', () => {
  class Forgetful {
    #kept = 1;
    #lost = 2;
    sum(): number {
      return this.#kept + this.#lost;
    }
    static readonly layout = fieldsLayout({ take: (it: Forgetful) => ({ kept: it.#kept, extra: 0 }) });
  }
  expect(layoutFaults(Forgetful, new Forgetful())).toEqual([
    'Forgetful forgets #lost',
    'Forgetful has no #extra',
  ]);
  expect(new Forgetful().sum()).toBe(3);
  const library = new Library('x');
  expect(layoutFaults(Library, library)).toEqual([]);
  expect(layoutFaults(Catalogue, library.catalogue)).toEqual([]);
  expect(layoutFaults(Shelf, new Shelf('x'))).toEqual([]);
});
