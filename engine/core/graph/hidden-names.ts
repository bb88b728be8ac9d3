import type { GraphClass } from './graph-classes.ts';

/** The fields behind `#` that the source text of a class declares, methods apart; for tests. */
export function hiddenNames(known: GraphClass): string[] {
  // A class is its source text. Fields stand each on a line of its own, as the compiler and the formatter put them.
  const source = Function.prototype.toString.call(known);
  const names = [...source.matchAll(/^\s*#(\w+)\s*(?:;|=|$)/gm)].map((match) => match[1]!);
  return [...new Set(names)].sort();
}

/** What is wrong with a layout: hidden fields that it neither takes nor keeps, or that there are none of. `sample` is an object of the class. */
export function layoutFaults(known: GraphClass, sample: object): string[] {
  const { layout, name } = known;
  if (layout.value !== null) return [];
  const declared = hiddenNames(known);
  const kept = [...layout.kept].flatMap((field) => (field.startsWith('#') ? [field.slice(1)] : []));
  const listed = [...Object.keys(layout.take(sample)), ...kept];
  return [
    ...declared.filter((field) => !listed.includes(field)).map((field) => `${name} forgets #${field}`),
    ...listed.filter((field) => !declared.includes(field)).map((field) => `${name} has no #${field}`),
  ];
}
