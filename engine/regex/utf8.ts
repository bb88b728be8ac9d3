/** Appends the UTF-8 of a code point. Halves of surrogate pairs get the three bytes that they would have. */
export function appendUtf8(bytes: number[], rune: number): void {
  if (rune < 0x80) bytes.push(rune);
  else if (rune < 0x800) bytes.push(0xc0 | (rune >> 6), continuation(rune));
  else if (rune < 0x10000) bytes.push(0xe0 | (rune >> 12), continuation(rune >> 6), continuation(rune));
  else bytes.push(0xf0 | (rune >> 18), continuation(rune >> 12), continuation(rune >> 6), continuation(rune));
}

/** A text in UTF-8; half a surrogate pair becomes U+FFFD, as every encoder has it. */
export function utf8(text: string): readonly number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const rune = character.codePointAt(0)!;
    appendUtf8(bytes, rune >= 0xd800 && rune <= 0xdfff ? 0xfffd : rune);
  }
  return bytes;
}

function continuation(rune: number): number {
  return 0x80 | (rune & 0x3f);
}
