/** A growing array of 32-bit numbers. */
export class Words {
  length = 0;
  #words = new Int32Array(1 << 10);

  push(word: number): number {
    if (this.length === this.#words.length) {
      const words = new Int32Array(this.length + (this.length >> 1));
      words.set(this.#words);
      this.#words = words;
    }
    this.#words[this.length] = word;
    return this.length++;
  }

  at(index: number): number {
    return this.#words[index]!;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }
}
