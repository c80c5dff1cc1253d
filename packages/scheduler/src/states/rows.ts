/** States that wait to be looked at, in one typed array: a row of words for each. */

/** Words before the state itself. */
export const HEADER = 7;
/** Number of the state, or of the one before it as long as it has none. */
export const INDEX = 0;
/** The edge by which it was reached. */
export const EDGE = 1;
/** Its hash, and that of its memory alone. */
export const LOW = 2;
export const HIGH = 3;
export const MEMORY_LOW = 4;
export const MEMORY_HIGH = 5;
/** The thread that ran last, where that matters. */
export const LAST = 6;

const ROWS_START = 16;

/** A stack or queue of rows of one length. */
export class Rows {
  count = 0;
  stride: number;
  words: Int32Array;

  constructor(width: number) {
    this.stride = HEADER + width;
    this.words = new Int32Array(ROWS_START * this.stride);
  }

  get bytes(): number {
    return this.words.byteLength;
  }

  /** Makes room for one more row, filled with nothing. @returns where it begins. */
  push(): number {
    const at = this.count++ * this.stride;
    if (at + this.stride > this.words.length) {
      const words = new Int32Array(2 * this.words.length);
      words.set(this.words);
      this.words = words;
    }
    return at;
  }

  clear(): void {
    this.count = 0;
  }

  /** States have got longer: what is new did not exist in those that wait. */
  widen(width: number): void {
    const stride = HEADER + width;
    if (stride === this.stride) return;
    const words = new Int32Array(Math.max(ROWS_START, this.words.length / this.stride) * stride);
    for (let row = 0; row < this.count; row++)
      words.set(this.words.subarray(row * this.stride, (row + 1) * this.stride), row * stride);
    this.words = words;
    this.stride = stride;
  }
}
