/** What `locateJson` finds in a document that is to be complained about. */
export interface JsonLines {
  /** The first thing that is no JSON; null if the document is well formed. */
  readonly error: { readonly line: number; readonly problem: string } | null;
  /** Line of each element of the list under the wanted key of the outermost object. */
  readonly elements: readonly number[];
}

const DEPTH_MAX = 1_000;

/** Characters below stand in no text of JSON; past the end there is none at all (NaN). */
const SPACE = 32;

/**
 * Walks a document only to say where things stand: `JSON.parse` gives neither the line of an error nor that of a value.
 * Called when something is wrong, not for reading.
 */
export function locateJson(text: string, key: string): JsonLines {
  const walker = new JsonWalker(text, key);
  return { error: walker.walk(), elements: walker.elements };
}

class Misplaced extends Error {}

class JsonWalker {
  readonly elements: number[] = [];
  readonly #text: string;
  readonly #key: string;
  #at = 0;
  #line = 1;

  constructor(text: string, key: string) {
    this.#text = text;
    this.#key = key;
  }

  walk(): JsonLines['error'] {
    try {
      this.#value(0, false);
      this.#blanks();
      if (this.#at < this.#text.length) this.#refuse('the end of the document');
      return null;
    } catch (problem) {
      if (problem instanceof Misplaced) return { line: this.#line, problem: problem.message };
      throw problem;
    }
  }

  #value(depth: number, wanted: boolean): void {
    this.#blanks();
    if (depth > DEPTH_MAX) this.#refuse(`at most ${DEPTH_MAX} levels`);
    const first = this.#text[this.#at];
    if (first === '{') this.#object(depth);
    else if (first === '[') this.#list(depth, wanted);
    else if (first === '"') this.#string();
    else this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y, 'a value');
  }

  #object(depth: number): void {
    this.#at++;
    if (this.#skips('}')) return;
    do {
      this.#blanks();
      const start = this.#at;
      this.#string();
      const name = this.#text.slice(start + 1, this.#at - 1);
      if (!this.#skips(':')) this.#refuse('":"');
      this.#value(depth + 1, depth === 0 && name === this.#key);
    } while (this.#skips(','));
    if (!this.#skips('}')) this.#refuse('"," or "}"');
  }

  #list(depth: number, wanted: boolean): void {
    this.#at++;
    if (this.#skips(']')) return;
    do {
      this.#blanks();
      if (wanted) this.elements.push(this.#line);
      this.#value(depth + 1, false);
    } while (this.#skips(','));
    if (!this.#skips(']')) this.#refuse('"," or "]"');
  }

  #string(): void {
    if (this.#text[this.#at] !== '"') this.#refuse('a text in quotes');
    this.#at++;
    while (this.#text[this.#at] !== '"') {
      if (this.#text[this.#at] === '\\')
        this.#match(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y, 'a valid escape after "\\"');
      else if (this.#text.charCodeAt(this.#at) >= SPACE) this.#at++;
      else this.#refuse('the closing quote of a text');
    }
    this.#at++;
  }

  #match(pattern: RegExp, expected: string): void {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) this.#refuse(expected);
    this.#at = pattern.lastIndex;
  }

  #skips(mark: string): boolean {
    this.#blanks();
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #blanks(): void {
    for (;;) {
      const character = this.#text[this.#at];
      if (character === '\n') this.#line++;
      else if (character !== ' ' && character !== '\t' && character !== '\r') return;
      this.#at++;
    }
  }

  #refuse(expected: string): never {
    const rest = this.#text.slice(this.#at, this.#at + 20).split('\n', 1)[0]!;
    const found =
      this.#at >= this.#text.length
        ? 'the document ends'
        : `the document goes on with ${JSON.stringify(rest)}`;
    throw new Misplaced(`${found}, expected ${expected}`);
  }
}
