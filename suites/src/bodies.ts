/** Pieces of threads that several programs share. */

import { update, type Operation } from "@mmrace/scheduler";
import { lock, unlock } from "./mutex.ts";
import type { Body, Memory } from "./program.ts";

/** A body under one mutex. */
export function guarded(mutex: string, body: Body): Body {
  return function* (memory, self) {
    yield* lock(memory.mutex(mutex));
    yield* body(memory, self);
    yield* unlock(memory.mutex(mutex));
  };
}

/** A body several times in a row. */
export function repeated(count: number, body: Body): Body {
  return function* (memory, self) {
    for (let i = 0; i < count; i++) yield* body(memory, self);
  };
}

/** Adds to a cell in one step; the result is the old value. */
export function increment(memory: Memory, name: string, by: number): Operation<number> {
  return update(memory.at(name), (value) => value + by);
}
