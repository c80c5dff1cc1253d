/** A growing hash table from two 32-bit numbers to a third, in typed arrays: what transitions are looked up in. */

/** The answer for a pair that is not there. */
export const ABSENT = -1;

const CAPACITY_START = 1 << 10;

/** Values must not be negative. */
export class PairTable {
  #mask = CAPACITY_START - 1;
  /** Three words per entry: the pair, and the value plus one; 0 is free. */
  #words = new Int32Array(3 * CAPACITY_START);
  #size = 0;

  get bytes(): number {
    return this.#words.byteLength;
  }

  get(a: number, b: number): number {
    const words = this.#words;
    const mask = this.#mask;
    for (let at = spread(a, b) & mask; ; at = (at + 1) & mask) {
      const word = 3 * at;
      const value = words[word + 2]!;
      if (value === 0) return ABSENT;
      if (words[word] === a && words[word + 1] === b) return value - 1;
    }
  }

  /** Puts a pair in that is not there yet. */
  add(a: number, b: number, value: number): void {
    if (2 * ++this.#size > this.#mask) this.#grow();
    this.#put(a, b, value + 1);
  }

  #put(a: number, b: number, stored: number): void {
    let at = spread(a, b) & this.#mask;
    while (this.#words[3 * at + 2] !== 0) at = (at + 1) & this.#mask;
    this.#words.set([a, b, stored], 3 * at);
  }

  #grow(): void {
    const old = this.#words;
    this.#mask = 2 * this.#mask + 1;
    this.#words = new Int32Array(3 * (this.#mask + 1));
    for (let word = 0; word < old.length; word += 3) {
      if (old[word + 2] !== 0) this.#put(old[word]!, old[word + 1]!, old[word + 2]!);
    }
  }
}

function spread(a: number, b: number): number {
  const mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 7;
}
