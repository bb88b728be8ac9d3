/**
 * Rolling hash over outputs: two 32-bit lanes mixed by multiplication, fed field by field.
 * Not cryptographic; it tells two runs apart and is the same on every machine and Node version.
 */
export class RollingHash {
  #low = 0x811c9dc5 | 0;
  #high = 0x9747b28c | 0;

  /** The hash that had this digest, to go on with it. */
  static from(digest: string): RollingHash {
    const hash = new RollingHash();
    hash.#high = Number.parseInt(digest.slice(0, 8), 16) | 0;
    hash.#low = Number.parseInt(digest.slice(8), 16) | 0;
    return hash;
  }

  /** Mixes an integer of up to 53 bits; a double with a fraction is not accepted by contract. */
  add(value: number): void {
    const upper = (value / 4294967296) | 0;
    const lower = value | 0;
    this.#low = Math.imul(this.#low ^ lower, 0x85ebca6b);
    this.#low ^= this.#low >>> 13;
    this.#high = Math.imul(this.#high ^ (upper + this.#low), 0xc2b2ae35);
    this.#high ^= this.#high >>> 16;
  }

  /** Mixes a string, its length included. */
  addText(text: string): void {
    this.add(text.length);
    for (let index = 0; index < text.length; index++) this.add(text.charCodeAt(index));
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return (this.#high >>> 0).toString(16).padStart(8, '0') + (this.#low >>> 0).toString(16).padStart(8, '0');
  }
}
