import type { SyntaxFault } from './regex-error.ts';

/** Unwinds the reading of a pattern; never leaves this folder. */
export class SyntaxRefused extends Error {
  readonly fault: SyntaxFault;
  readonly position: number;
  readonly found: string;

  constructor(fault: SyntaxFault, position: number, found: string) {
    super(fault);
    this.fault = fault;
    this.position = position;
    this.found = found;
  }
}

/** Most characters of a pattern that an error quotes. */
const QUOTE_MAX = 40;

/** A pattern by code points, and where its reader is. */
export class PatternReader {
  readonly #runes: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#runes = Array.from(pattern);
  }

  /** In code points. */
  get length(): number {
    return this.#runes.length;
  }

  get position(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#runes.length;
  }

  /** The character here, or the one `ahead` of it; '' beyond the end. */
  peek(ahead = 0): string {
    return this.#runes[this.#at + ahead] ?? '';
  }

  /** Takes the code point here. The end is not reached. */
  rune(): number {
    const rune = this.peek().codePointAt(0)!;
    if (rune >= 0xd800 && rune <= 0xdfff) this.refuse('NOT_UNICODE', this.#at, this.#at + 1);
    this.#at++;
    return rune;
  }

  skip(count: number): void {
    this.#at += count;
  }

  skipIf(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#at++;
    return true;
  }

  rewind(position: number): void {
    this.#at = position;
  }

  /** Whether the pattern goes on with `text`, which is ASCII. */
  startsWith(text: string): boolean {
    for (let at = 0; at < text.length; at++) {
      if (this.peek(at) !== text[at]) return false;
    }
    return true;
  }

  /** What stands from `position` to `end`, by default to the reader. */
  text(position: number, end = this.#at): string {
    return this.#runes.slice(position, end).join('');
  }

  /** Refuses what stands from `position` to `end`, by default to the reader. */
  refuse(fault: SyntaxFault, position: number, end = this.#at): never {
    const cut = Math.min(end, position + QUOTE_MAX);
    throw new SyntaxRefused(fault, position, this.text(position, cut) + (cut < end ? '…' : ''));
  }
}
