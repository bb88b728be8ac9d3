/** What one entry costs beside its text: the entry, its key, its place in a map. An estimate. */
const ENTRY_BYTES = 250;
/** Of the bound, what is made free at once: a look at everything is worth it then. */
const FREED_PART = 1 / 8;

interface Entry {
  readonly kept: unknown;
  readonly bytes: number;
  /** The poll that used it last. */
  polled: number;
}

/** Rendered parts of answers, of one kind each, by what they are of. */
export class Shelf<Of, Kept> {
  readonly #texts: RenderedTexts;
  readonly #entries = new Map<Of, Entry>();

  constructor(texts: RenderedTexts) {
    this.#texts = texts;
  }

  /** What is kept of it, perhaps out of date; null if nothing is. */
  find(of: Of, poll: number): Kept | null {
    const entry = this.#entries.get(of);
    if (entry === undefined) return null;
    entry.polled = poll;
    return entry.kept as Kept;
  }

  /** In place of what was kept; nothing is, if there is no room. */
  keep(of: Of, poll: number, kept: Kept, textBytes: number): void {
    this.drop(of);
    const bytes = textBytes + ENTRY_BYTES;
    if (!this.#texts.takeRoom(bytes, poll)) return;
    this.#entries.set(of, { kept, bytes, polled: poll });
  }

  drop(of: Of): void {
    const entry = this.#entries.get(of);
    if (entry === undefined) return;
    this.#entries.delete(of);
    this.#texts.giveBack(entry.bytes);
  }

  /** After a poll that looked at all there is: what it did not use is gone. */
  sweep(poll: number): void {
    for (const [of, { polled }] of this.#entries) if (polled < poll) this.drop(of);
  }

  /** For `RenderedTexts`. */
  *unusedBy(poll: number): Generator<{ readonly polled: number; drop(): void }> {
    for (const [of, { polled }] of this.#entries)
      if (polled < poll) yield { polled, drop: () => this.drop(of) };
  }

  clear(): void {
    for (const of of this.#entries.keys()) this.drop(of);
  }
}

/**
 * Rendered parts of answers that are polled, up to a bound in bytes. Beyond it what was polled least recently goes; what the poll itself uses stays,
 * so that a cluster that does not fit is rendered anew in part, not as a whole.
 */
export class RenderedTexts {
  readonly bytesMax: number;
  readonly #shelves: Shelf<never, unknown>[] = [];
  #bytes = 0;
  #polls = 0;
  #books: object | null = null;
  #epoch = 0;
  /** The poll that last made room. */
  #freedBy = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  shelf<Of, Kept>(): Shelf<Of, Kept> {
    const shelf = new Shelf<Of, Kept>(this);
    this.#shelves.push(shelf as Shelf<never, unknown>);
    return shelf;
  }

  /**
   * The number of a poll that begins.
   *
   * @param books whose records the texts are of: nothing of other books is kept
   * @param epoch in which they are written
   */
  begin(books: object, epoch: number): number {
    if (this.#books !== books || this.#epoch !== epoch) this.clear();
    this.#books = books;
    this.#epoch = epoch;
    return ++this.#polls;
  }

  clear(): void {
    for (const shelf of this.#shelves) shelf.clear();
  }

  /** For shelves. */
  takeRoom(bytes: number, poll: number): boolean {
    if (this.#bytes + bytes > this.bytesMax && this.#freedBy !== poll) this.#free(bytes, poll);
    if (this.#bytes + bytes > this.bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Once in a poll: what is left afterwards is its own. */
  #free(bytes: number, poll: number): void {
    this.#freedBy = poll;
    const unused = this.#shelves.flatMap((shelf) => [...shelf.unusedBy(poll)]);
    unused.sort((a, b) => a.polled - b.polled);
    const aim = Math.max(0, this.bytesMax - Math.max(bytes, this.bytesMax * FREED_PART));
    for (const entry of unused) {
      if (this.#bytes <= aim) return;
      entry.drop();
    }
  }
}
