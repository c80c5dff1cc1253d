/**
 * The set of states that were seen: 64 bits of hash for each, in a typed array (hash compaction: Wolper and Leroy, CAV
 * 1993; Stern and Dill, CHARME 1995). Two states of one hash are taken for one, and what only the second leads to is missed:
 * for n states with a probability of about n^2 / 2^65, which is 3 in 100 million for a million states.
 */

const CAPACITY_START = 1 << 12;

/** A set of 64-bit hashes, given as two 32-bit halves. */
export class HashSet64 {
  #mask = CAPACITY_START - 1;
  #words = new Int32Array(2 * CAPACITY_START);
  #size = 0;
  #hasZero = false;

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  has(low: number, high: number): boolean {
    if (low === 0 && high === 0) return this.#hasZero;
    const words = this.#words;
    const mask = this.#mask;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const first = words[2 * at]!;
      const second = words[2 * at + 1]!;
      if (first === low && second === high) return true;
      if (first === 0 && second === 0) return false;
    }
  }

  /** Puts a hash in; false when it was there already. */
  add(low: number, high: number): boolean {
    if (low === 0 && high === 0) {
      if (this.#hasZero) return false;
      this.#hasZero = true;
      this.#size++;
      return true;
    }
    const words = this.#words;
    const mask = this.#mask;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const first = words[2 * at]!;
      const second = words[2 * at + 1]!;
      if (first === low && second === high) return false;
      if (first !== 0 || second !== 0) continue;
      words[2 * at] = low;
      words[2 * at + 1] = high;
      // Three quarters full at most.
      if (4 * ++this.#size > 3 * mask) this.#grow();
      return true;
    }
  }

  #grow(): void {
    const old = this.#words;
    const mask = (this.#mask = 2 * this.#mask + 1);
    const words = (this.#words = new Int32Array(2 * (mask + 1)));
    for (let word = 0; word < old.length; word += 2) {
      const low = old[word]!;
      const high = old[word + 1]!;
      if (low === 0 && high === 0) continue;
      let at = low & mask;
      while (words[2 * at] !== 0 || words[2 * at + 1] !== 0) at = (at + 1) & mask;
      words[2 * at] = low;
      words[2 * at + 1] = high;
    }
  }
}
