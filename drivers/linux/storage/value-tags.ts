/**
 * The binary form of the engine's values: plain data, maps, bytes, resources. One byte says what follows. Names of fields, short texts and
 * identities of resources are written once and named by number from then on, so that what repeats costs a byte or two.
 */
export const TAG_NULL = 0;
export const TAG_TRUE = 1;
export const TAG_FALSE = 2;
/** A zigzag varint: whole numbers up to 2^53. */
export const TAG_INTEGER = 3;
/** Eight bytes, little endian: fractions, infinities, NaN, negative zero. */
export const TAG_DOUBLE = 4;
/** Length and UTF-8. */
export const TAG_TEXT = 5;
/** Like `TAG_TEXT`, and the next number of the dictionary. */
export const TAG_NEW_TEXT = 6;
/** A number of the dictionary. */
export const TAG_KNOWN_TEXT = 7;
export const TAG_ARRAY = 8;
/** Number of fields, then name and value of each. */
export const TAG_OBJECT = 9;
export const TAG_MAP = 10;
export const TAG_BYTES = 11;
export const TAG_RESOURCES = 12;
export const TAG_QUANTITIES = 13;
export const TAG_LIMITS = 14;
export const TAG_UNDEFINED = 15;
/** Number of fields, then name and value of each; the shape gets the next number of its own dictionary. */
export const TAG_NEW_SHAPE = 16;
/** Number of a shape, then the values of its fields. */
export const TAG_KNOWN_SHAPE = 17;
export const TAG_SET = 18;

/** Texts up to this many characters go into the dictionary, names of fields always. */
export const DICTIONARY_TEXT_MAX = 40;
/** Texts in a dictionary at most; what comes later is written out. */
export const DICTIONARY_SIZE_MAX = 4_096;
