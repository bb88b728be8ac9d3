import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RenderedTexts } from './rendered-texts.ts';

const BOOKS = {};

test('no more is kept than the bound allows, and what is found is what was kept last', () => {
  const deed = fc.record({
    poll: fc.boolean(),
    shelf: fc.nat(1),
    of: fc.nat(9),
    bytes: fc.nat(4_000),
    what: fc.constantFrom('keep', 'keep', 'find', 'drop', 'sweep'),
  });
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 100 }), (deeds) => {
      const texts = new RenderedTexts(10_000);
      const shelves = [texts.shelf<number, number>(), texts.shelf<number, number>()] as const;
      const model = [new Map<number, number>(), new Map<number, number>()] as const;
      let poll = texts.begin(BOOKS, 1);
      let number = 0;
      for (const { poll: begins, shelf: which, of, bytes, what } of deeds) {
        if (begins) poll = texts.begin(BOOKS, 1);
        const shelf = shelves[which]!;
        if (what === 'keep') {
          shelf.keep(of, poll, ++number, bytes);
          model[which]!.set(of, number);
        } else if (what === 'find') {
          expect([null, model[which]!.get(of)]).toContain(shelf.find(of, poll));
        } else if (what === 'drop') {
          shelf.drop(of);
          expect(shelf.find(of, poll)).toBeNull();
        } else shelf.sweep(poll);
        expect(texts.bytes).toBeLessThanOrEqual(10_000);
        expect(texts.bytes).toBeGreaterThanOrEqual(0);
      }
      texts.clear();
      expect(texts.bytes).toBe(0);
    }),
  );
});

test('what was polled least recently goes first, and what the poll itself uses stays', () => {
  const texts = new RenderedTexts(10_000);
  const shelf = texts.shelf<string, string>();
  const keep = (of: string, poll: number) => {
    shelf.keep(of, poll, of, 2_750);
  };
  const first = texts.begin(BOOKS, 1);
  for (const of of ['a', 'b', 'c']) keep(of, first);
  const second = texts.begin(BOOKS, 1);
  expect(shelf.find('a', second)).toBe('a');
  expect(shelf.find('c', second)).toBe('c');
  const third = texts.begin(BOOKS, 1);
  expect(shelf.find('c', third)).toBe('c');
  keep('d', third);
  const kept = () => ['a', 'b', 'c', 'd', 'e', 'f'].filter((of) => shelf.find(of, third) !== null);
  expect(kept()).toEqual(['a', 'c', 'd']);
  // All is in use by this poll now: there is no room for more.
  keep('e', third);
  expect(kept()).toEqual(['a', 'c', 'd']);
  const fourth = texts.begin(BOOKS, 1);
  keep('f', fourth);
  expect(kept()).toContain('f');
});

test('what is gone is swept by a poll that looked at everything', () => {
  const texts = new RenderedTexts(10_000);
  const shelf = texts.shelf<string, string>();
  shelf.keep('gone', texts.begin(BOOKS, 1), 'gone', 100);
  const poll = texts.begin(BOOKS, 1);
  shelf.keep('there', poll, 'there', 100);
  shelf.sweep(poll);
  expect([shelf.find('gone', poll), shelf.find('there', poll)]).toEqual([null, 'there']);
});

test('nothing of other books, or of another epoch, is kept', () => {
  const texts = new RenderedTexts(10_000);
  const shelf = texts.shelf<string, string>();
  shelf.keep('a', texts.begin(BOOKS, 1), 'a', 100);
  expect(shelf.find('a', texts.begin(BOOKS, 1))).toBe('a');
  expect(shelf.find('a', texts.begin(BOOKS, 2))).toBeNull();
  shelf.keep('a', texts.begin(BOOKS, 2), 'a', 100);
  expect(shelf.find('a', texts.begin({}, 2))).toBeNull();
});
