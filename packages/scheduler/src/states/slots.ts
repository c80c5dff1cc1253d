/** How a state is laid out: one number per thread, per pausing thread, per tracked thing and per shared object. */

import type { SharedObject } from "../shared-object.ts";
import type { Names } from "./names.ts";

/** Numbers the parts of a state, and the values that they have. Number 0 is the value of what does not exist yet. */
export class Slots {
  readonly threads: number;
  /** Parts of the memory come from this slot on. */
  readonly memoryFrom: number;
  readonly #slots = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #values = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #pausing: readonly number[];

  /** @param pausing ids of the threads that pause in spin loops. */
  constructor(threads: number, pausing: readonly number[]) {
    this.threads = threads;
    this.#pausing = pausing;
    this.memoryFrom = threads + pausing.length;
  }

  /** Words that a state has as far as is known. */
  get width(): number {
    return this.memoryFrom + this.#names.length;
  }

  /** How many values there are, and so the highest number of one. */
  get values(): number {
    return this.#values.size;
  }

  /** Where a state says whether others have written since the thread paused last; `undefined` if it never pauses. */
  newsOf(thread: number): number | undefined {
    const at = this.#pausing.indexOf(thread);
    return at < 0 ? undefined : this.threads + at;
  }

  /** The threads that have such a slot. */
  get pausing(): readonly number[] {
    return this.#pausing;
  }

  /** The slot of an object that has a state. */
  ofObject(object: SharedObject, names: Names): number | undefined {
    const name = names.stateful.get(object);
    return name === undefined ? undefined : this.ofName(name);
  }

  /** The slot of a part of the memory; a new one for a new name. */
  ofName(name: string): number {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.memoryFrom + this.#names.push(name) - 1;
      this.#slots.set(name, slot);
    }
    return slot;
  }

  /** The name of a part of the memory. */
  nameAt(slot: number): string | undefined {
    return this.#names[slot - this.memoryFrom];
  }

  /** The text of a value. */
  textOf(value: number): string {
    return this.#texts[value - 1]!;
  }

  /** The number of a value. */
  valueOf(text: string): number {
    let value = this.#values.get(text);
    if (value === undefined) {
      value = this.#texts.push(text);
      this.#values.set(text, value);
    }
    return value;
  }
}
