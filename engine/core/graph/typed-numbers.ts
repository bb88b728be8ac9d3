import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { GraphMismatch } from './graph-mismatch.ts';

type Numbers = Uint8Array | Int32Array | Float64Array;

/** Tables are made larger than they need be at first: zeros, of which there are long runs, are only counted. */
export function writeNumbers(
  bytes: ByteWriter,
  numbers: Numbers,
  write: (bytes: ByteWriter, value: number) => void,
): void {
  bytes.count(numbers.length);
  for (let index = 0; index < numbers.length; ) {
    const zerosFrom = index;
    while (index < numbers.length && Object.is(numbers[index], 0)) index++;
    bytes.count(index - zerosFrom);
    const others = index;
    while (index < numbers.length && !Object.is(numbers[index], 0)) index++;
    bytes.count(index - others);
    for (let at = others; at < index; at++) write(bytes, numbers[at]!);
  }
}

const ENTRIES_MAX = 2 ** 31;

export function readNumbers<Made extends Numbers>(
  bytes: ByteReader,
  make: (length: number) => Made,
  read: (bytes: ByteReader) => number,
): Made {
  const length = bytes.count();
  if (length > ENTRIES_MAX) throw new GraphMismatch('a table has too many entries');
  const numbers = make(length);
  for (let index = 0; index < length; ) {
    index += bytes.count();
    const end = index + bytes.count();
    if (end > length) throw new GraphMismatch('a table has more entries than it says');
    for (; index < end; index++) numbers[index] = read(bytes);
  }
  return numbers;
}

export function writeByte(bytes: ByteWriter, value: number): void {
  bytes.byte(value);
}

export function readByte(bytes: ByteReader): number {
  return bytes.byte();
}

/** Of 32 bits, the sign at the lowest. */
export function writeInteger(bytes: ByteWriter, value: number): void {
  bytes.count(((value << 1) ^ (value >> 31)) >>> 0);
}

export function readInteger(bytes: ByteReader): number {
  const coded = bytes.count();
  return (coded >>> 1) ^ -(coded & 1);
}

/** Most are whole and greater than 0; 0 comes before any other. */
export function writeDouble(bytes: ByteWriter, value: number): void {
  if (value > 0 && value < 2 ** 52 && Math.floor(value) === value) {
    bytes.count(value);
  } else {
    bytes.count(0);
    bytes.double(value);
  }
}

export function readDouble(bytes: ByteReader): number {
  const whole = bytes.count();
  return whole === 0 ? bytes.double() : whole;
}
