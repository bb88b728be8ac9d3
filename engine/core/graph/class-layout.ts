/** What stands behind the `#` names of an object, by name without the `#`. */
export type HiddenFields = Record<string, unknown>;

/**
 * How the objects of a class take part in a graph (`writeGraph`). Public fields need no mention; what stands behind `#` only the class itself can
 * read and set, so that it says here how.
 */
export interface ClassLayout {
  /** An object to be filled in. Null where only the constructor of its owner makes one: that is filled in where it stands. */
  readonly blank: (() => object) | null;
  /** All hidden fields but those of `kept`. */
  readonly take: (from: object) => HiddenFields;
  /** Sets them. What `take` gives and is filled in where it stands need not be set. */
  readonly put: (to: object, fields: HiddenFields) => void;
  /** Fields, hidden ones with their `#`, that are as their constructor made them: options, functions, what may be worked out anew. */
  readonly kept: ReadonlySet<string>;
  /** The whole object as a value in place of all this. */
  readonly value: ValueLayout | null;
}

/** An immutable object, written as a tree of arrays, Maps, plain objects and primitives. */
export interface ValueLayout {
  readonly pack: (value: object) => unknown;
  /** `shared` lasts as long as one graph is read: for parts that equal values are to have in common. */
  readonly unpack: (packed: unknown, shared: Map<string, unknown>) => object;
}

interface Access<T extends object, Fields extends HiddenFields> {
  readonly blank?: () => T;
  /** Absent where no field is hidden. */
  readonly take?: (from: T) => Fields;
  readonly put?: (to: T, fields: Fields) => void;
  readonly kept?: readonly string[];
}

/** The layout of a class whose objects change. */
export function fieldsLayout<T extends object, Fields extends HiddenFields>(
  access: Access<T, Fields>,
): ClassLayout {
  return {
    blank: access.blank ?? null,
    take: (access.take ?? (() => ({}))) as (from: object) => HiddenFields,
    put: (access.put ?? (() => {})) as (to: object, fields: HiddenFields) => void,
    kept: new Set(access.kept),
    value: null,
  };
}

/** The layout of a class whose objects are values. */
export function valueLayout<T extends object, Packed>(codec: {
  readonly pack: (value: T) => Packed;
  readonly unpack: (packed: Packed, shared: Map<string, unknown>) => T;
}): ClassLayout {
  return {
    blank: null,
    take: () => ({}),
    put: () => {},
    kept: new Set(),
    value: codec as unknown as ValueLayout,
  };
}

/** Stands for an argument of a constructor whose object is filled in before anybody sees it. */
export const FILLED_IN_LATER = null as never;
