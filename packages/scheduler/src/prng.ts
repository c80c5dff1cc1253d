/** The one source of randomness: xoshiro128** (Blackman and Vigna, 2018), seeded through splitmix32. */

/** A seeded generator. Two generators with equal random seeds give equal draws on every machine. */
export class Prng {
  readonly #state = new Int32Array(4);

  /** @param randomSeed any integer; only its low 32 bits count. */
  constructor(randomSeed: number) {
    let mixer = randomSeed | 0;
    for (let i = 0; i < 4; i++) {
      mixer = (mixer + 0x9e3779b9) | 0;
      let word = Math.imul(mixer ^ (mixer >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[i] = word ^ (word >>> 15);
    }
  }

  /** The next 32 random bits as a signed integer. */
  next(): number {
    const s = this.#state;
    const s1 = s[1]!;
    let result = Math.imul(s1, 5);
    result = Math.imul((result << 7) | (result >>> 25), 9);
    const shifted = s1 << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= shifted;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** A uniform integer in 0 .. bound-1. `bound` is 1 .. 2^30. Bias is below bound / 2^32. */
  below(bound: number): number {
    return Math.floor(((this.next() >>> 0) / 0x1_0000_0000) * bound);
  }

  /** The four state words: enough to continue the sequence elsewhere. */
  save(): readonly number[] {
    return Array.from(this.#state);
  }

  /** Continues a sequence that `save` interrupted. */
  restore(words: readonly number[]): void {
    this.#state.set(words);
  }
}
