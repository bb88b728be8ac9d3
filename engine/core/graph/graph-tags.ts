// A graph is written as bytes, breadth first: the root, then the contents of every object in the order in which it was first mentioned. A value is
// one byte that says what it is, and what belongs to it. An object is written where it is mentioned first as its kind alone, and gets the
// next number; later mentions are that number. So nothing is as deep as the graph, and cycles are no special case.

export const NULL = 0;
export const UNDEFINED = 1;
export const TRUE = 2;
export const FALSE = 3;
/** A whole number less than 0, of at most 53 bits: its opposite. */
export const NEGATIVE = 4;
/** A whole number of at most 53 bits. */
export const WHOLE = 5;
export const DOUBLE = 6;
/** Decimal digits. */
export const BIG = 7;
/** A text that gets the next number of the texts. */
export const NEW_TEXT = 8;
export const KNOWN_TEXT = 9;
/** A text without number. */
export const LONG_TEXT = 10;
/** An object mentioned before: its number. */
export const KNOWN = 11;
export const ARRAY = 12;
export const MAP = 13;
export const SET = 14;
/** A plain object, and one without a prototype. */
export const OBJECT = 15;
export const BARE_OBJECT = 16;
/** An object of a class: the number of the class. */
export const INSTANCE = 17;
/** A value of a class: the number of the class, and what it packs. */
export const VALUE = 18;
/** Typed arrays, contents and all. */
export const BYTES = 19;
export const INTEGERS = 20;
export const DOUBLES = 21;
/** An entry that an array does not have. */
export const HOLE = 22;
/** A constant: the text of its name. */
export const CONSTANT = 23;
/** From here on the byte is a whole number from 0. */
export const SMALL = 32;
export const SMALL_COUNT = 256 - SMALL;

/** Longer texts have no number: they hardly come twice. */
export const NUMBERED_TEXT_MAX = 256;
export const NUMBERED_TEXTS_MAX = 2 ** 22;
