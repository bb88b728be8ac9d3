import type { GraphClasses } from './graph-classes.ts';

/** Where two graphs differ first, breadth first, as a path and both values; null where they are alike. For tests: bytes say that they differ, not where. */
export function graphDifference(a: object, b: object, classes: GraphClasses): string | null {
  const pairs: { readonly a: object; readonly b: object; readonly path: string }[] = [];
  const counterparts = new Map<object, object>();
  let found: string | null = null;
  const meet = (one: unknown, other: unknown, path: string) => {
    if (typeof one === 'object' && one !== null && typeof other === 'object' && other !== null) {
      if (!counterparts.has(one) && !counterparts.has(other)) {
        counterparts.set(one, other);
        counterparts.set(other, one);
        pairs.push({ a: one, b: other, path });
      } else if (counterparts.get(one) !== other && one !== other) {
        found ??= `${path}: an object that is elsewhere too is not the same as there`;
      }
    } else if (!Object.is(one, other) && typeof one !== 'function') {
      found ??= `${path}: ${String(one)} is ${String(other)}`;
    }
  };
  meet(a, b, '');
  for (let index = 0; index < pairs.length; index++) {
    if (found !== null) break;
    const { a: one, b: other, path } = pairs[index]!;
    const parts = [partsOf(one, classes), partsOf(other, classes)] as const;
    if (parts[0].length !== parts[1].length)
      return `${path}: ${parts[0].length} parts are ${parts[1].length}`;
    parts[0].forEach(([name, value], at) => {
      const [otherName, otherValue] = parts[1][at]!;
      meet(name, otherName, `${path} name`);
      meet(value, otherValue, `${path}${typeof name === 'string' ? name : '[…]'}`);
    });
  }
  return found;
}

/** One object of each class that can be reached from `root`, by the name of its class; for tests. */
export function reachedClasses(root: object, classes: GraphClasses): Map<string, object> {
  const found = new Map<string, object>();
  const seen = new Set<object>();
  const meet = (value: unknown) => {
    if (typeof value === 'object' && value !== null) seen.add(value);
  };
  meet(root);
  for (const object of seen) {
    const known = classes.ofPrototype(Object.getPrototypeOf(object) as object);
    if (known !== null) found.set(known.name, object);
    for (const [name, value] of partsOf(object, classes)) {
      meet(name);
      meet(value);
    }
  }
  return found;
}

function partsOf(object: object, classes: GraphClasses): (readonly [unknown, unknown])[] {
  if (object instanceof Map) return [...object];
  if (object instanceof Set) return [...object].map((entry, index) => [`(${index})`, entry] as const);
  if (Array.isArray(object)) return Array.from(object, (entry, index) => [`[${index}]`, entry] as const);
  if (ArrayBuffer.isView(object))
    return Array.from(object as Uint8Array, (entry, index) => [`[${index}]`, entry] as const);
  const layout = classes.ofPrototype(Object.getPrototypeOf(object) as object)?.layout ?? null;
  if (layout !== null && layout.value !== null) return [['', JSON.stringify(layout.value.pack(object))]];
  const hidden = layout === null ? [] : Object.entries(layout.take(object));
  const shown = Object.entries(object).filter(([name]) => layout?.kept.has(name) !== true);
  return [
    ...hidden.map(([name, value]) => [`.#${name}`, value] as const),
    ...shown.map(([name, value]) => [`.${name}`, value] as const),
  ];
}
