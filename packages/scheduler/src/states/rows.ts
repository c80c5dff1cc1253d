/** States that wait to be looked at, in typed arrays: a row for each. */

/** Words of a row before the state itself. */
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

/** Numbers in a state that fit into 16 bits. */
const NARROW_MAX = 0xffff;
const CAPACITY_START = 16;

type States = Uint16Array | Int32Array;

/** A stack or queue of rows of one length. States take 16 bits per slot as long as that is enough. */
export class Rows {
  count = 0;
  width: number;
  header: Int32Array = new Int32Array(CAPACITY_START * HEADER);
  states: States;
  #capacity = CAPACITY_START;

  constructor(width: number) {
    this.width = width;
    this.states = new Uint16Array(CAPACITY_START * width);
  }

  get bytes(): number {
    return this.header.byteLength + this.states.byteLength;
  }

  /** Makes room for one more row, whose words may be anything. @returns its number. */
  push(): number {
    if (this.count === this.#capacity) {
      this.#capacity += (this.#capacity >> 1) + CAPACITY_START;
      const header = new Int32Array(this.#capacity * HEADER);
      header.set(this.header);
      this.header = header;
      const states = arrayLike(this.states, this.#capacity * this.width);
      states.set(this.states);
      this.states = states;
    }
    return this.count++;
  }

  /** Appends a copy of a row of another such array. What the row has no slots for does not exist in it. */
  pushFrom(other: Rows, row: number): number {
    const to = this.push();
    this.header.set(other.header.subarray(row * HEADER, (row + 1) * HEADER), to * HEADER);
    const at = to * this.width;
    this.states.fill(0, at, at + this.width);
    this.states.set(other.states.subarray(row * other.width, (row + 1) * other.width), at);
    return to;
  }

  clear(): void {
    this.count = 0;
  }

  /** States have got longer, or have larger numbers in them. What is new did not exist in the rows that are there. */
  fit(width: number, valueMax: number): void {
    const isWide = valueMax > NARROW_MAX || this.states instanceof Int32Array;
    if (width === this.width && isWide === this.states instanceof Int32Array) return;
    const states = isWide ? new Int32Array(this.#capacity * width) : new Uint16Array(this.#capacity * width);
    for (let row = 0; row < this.count; row++)
      states.set(this.states.subarray(row * this.width, (row + 1) * this.width), row * width);
    this.states = states;
    this.width = width;
  }
}

function arrayLike(states: States, length: number): States {
  return states instanceof Int32Array ? new Int32Array(length) : new Uint16Array(length);
}
