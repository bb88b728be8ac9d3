const BYTES_MAX = 255;

/** What is wrong with an id that a framework chose (spec 01 §4), or null. */
export function idFault(text: string): string | null {
  if (text === '') return 'an ID must not be empty';
  if (text === '.' || text === '..') return `'${text}' is disallowed as an ID`;
  // Every character has at most four bytes.
  if (text.length > BYTES_MAX / 4 && Buffer.byteLength(text) > BYTES_MAX) {
    return `an ID must not be longer than ${BYTES_MAX} bytes; this one has ${Buffer.byteLength(text)}`;
  }
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return `${JSON.stringify(text)} contains control characters`;
    if (code === 0x2f || code === 0x5c) return `'${text}' contains '/' or '\\'`;
  }
  return null;
}
