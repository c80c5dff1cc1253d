/**
 * The work-stealing queue of SCTBench, from the tests of CHESS: the THE protocol (Frigo, Leiserson and Randall, PLDI 1998)
 * over an array that grows. The owner pushes and pops at the tail without a lock, stealers take from the head under one.
 * Each access is one step, and each item must be taken exactly once.
 */

import { cmpxchg, cpuRelax, readOnce, writeOnce, type Steps } from "@mmrace/scheduler";
import { lock, unlock } from "./mutex.ts";
import { program, times, type Body, type Expected, type Memory, type Program } from "./program.ts";

/** What the programs of the family differ in. */
export interface WorkStealing {
  readonly items: number;
  readonly stealers: number;
  /** How often each stealer tries. */
  readonly attempts: number;
  /** The bug: the owner fills the last free slot, which a stealer that has moved the head may still have to read. */
  readonly fillsLastSlot: boolean;
  /** The stealers' lock blocks, or spins. */
  readonly lock: "mutex" | "spin";
  /** The owner pushes two and pops one by turns, and pops the rest; or it pushes all first. */
  readonly order: "by turns" | "all first";
}

/** The array with number 0 has two slots, each further one twice as many as the one before. */
const sizeOf = (array: number): number => 2 << array;

/** The program of a shape. */
export function workStealing(id: string, shape: WorkStealing, expected: Expected): Program<Memory> {
  const queue = new Queue(shape);
  let arrays = 1;
  while (sizeOf(arrays - 1) <= shape.items) arrays++;
  const slots = Array.from({ length: arrays }, (_, array) =>
    Array.from({ length: sizeOf(array) }, (_slot, at) => [`slot ${array}/${at}`, 0] as const),
  ).flat();
  return program({
    id,
    cells: { head: 0, tail: 0, array: 0, lock: 0, ...Object.fromEntries(slots) },
    mutexes: ["m"],
    threads: { owner: owner(queue, shape), ...times(shape.stealers, () => stealer(queue, shape)) },
    check: (memory) => {
      const taken = Object.values(memory.seen)
        .flat()
        .toSorted((a, b) => a - b);
      return taken.length === shape.items && taken.every((item, at) => item === at + 1);
    },
    expected,
  });
}

function owner(queue: Queue, { items, order }: WorkStealing): Body {
  return function* (memory, self) {
    let popped = 0;
    for (let item = 1; item <= items; item++) {
      yield* queue.push(memory, item);
      if (order === "all first" || item % 2 === 1) continue;
      take(memory, self, yield* queue.pop(memory));
      popped++;
    }
    for (; popped < items; popped++) take(memory, self, yield* queue.pop(memory));
  };
}

function stealer(queue: Queue, { attempts }: WorkStealing): Body {
  return function* (memory, self) {
    for (let i = 0; i < attempts; i++) take(memory, self, yield* queue.steal(memory));
  };
}

function take(memory: Memory, self: string, item: number | undefined): void {
  if (item !== undefined) memory.note(self, item);
}

/** The procedures. All state is in the cells `head`, `tail`, `array` and `slot array/index` of a memory. */
class Queue {
  readonly #lock: WorkStealing["lock"];
  /** How many slots the owner leaves free. */
  readonly #spare: number;

  constructor({ fillsLastSlot, lock: kind }: WorkStealing) {
    this.#lock = kind;
    this.#spare = fillsLastSlot ? 0 : 1;
  }

  *push(memory: Memory, item: number): Steps<void> {
    const tail = yield* readOnce(memory.at("tail"));
    const size = sizeOf(yield* readOnce(memory.at("array")));
    if (tail < (yield* readOnce(memory.at("head"))) + size - this.#spare) {
      yield* this.#append(memory, tail, item);
    } else {
      yield* this.#acquire(memory);
      yield* this.#grow(memory);
      yield* this.#append(memory, yield* readOnce(memory.at("tail")), item);
      yield* this.#release(memory);
    }
  }

  *pop(memory: Memory): Steps<number | undefined> {
    const tail = (yield* readOnce(memory.at("tail"))) - 1;
    yield* writeOnce(memory.at("tail"), tail);
    if ((yield* readOnce(memory.at("head"))) <= tail) return yield* this.#slot(memory, tail);
    yield* writeOnce(memory.at("tail"), tail + 1);
    yield* this.#acquire(memory);
    const item = yield* this.#popAlone(memory);
    yield* this.#release(memory);
    return item;
  }

  *steal(memory: Memory): Steps<number | undefined> {
    yield* this.#acquire(memory);
    const head = yield* readOnce(memory.at("head"));
    yield* writeOnce(memory.at("head"), head + 1);
    let item: number | undefined;
    if (head < (yield* readOnce(memory.at("tail")))) item = yield* this.#slot(memory, head);
    else yield* writeOnce(memory.at("head"), head);
    yield* this.#release(memory);
    return item;
  }

  /** No stealer is at work. An empty queue starts again at index 0. */
  *#popAlone(memory: Memory): Steps<number | undefined> {
    const tail = (yield* readOnce(memory.at("tail"))) - 1;
    yield* writeOnce(memory.at("tail"), tail);
    if ((yield* readOnce(memory.at("head"))) <= tail) return yield* this.#slot(memory, tail);
    yield* writeOnce(memory.at("head"), 0);
    yield* writeOnce(memory.at("tail"), 0);
    return undefined;
  }

  /** No stealer is at work. Indices start again below the size; where that leaves too little room, the array doubles. */
  *#grow(memory: Memory): Steps<void> {
    const array = yield* readOnce(memory.at("array"));
    const size = sizeOf(array);
    const head = yield* readOnce(memory.at("head"));
    const count = (yield* readOnce(memory.at("tail"))) - head;
    const first = head % size;
    yield* writeOnce(memory.at("head"), first);
    yield* writeOnce(memory.at("tail"), first + count);
    if (count < size - 1) return;
    for (let i = 0; i < count; i++) {
      const item = yield* readOnce(memory.at(`slot ${array}/${(first + i) % size}`));
      yield* writeOnce(memory.at(`slot ${array + 1}/${i}`), item);
    }
    yield* writeOnce(memory.at("array"), array + 1);
    yield* writeOnce(memory.at("head"), 0);
    yield* writeOnce(memory.at("tail"), count);
  }

  *#append(memory: Memory, tail: number, item: number): Steps<void> {
    const array = yield* readOnce(memory.at("array"));
    yield* writeOnce(memory.at(`slot ${array}/${tail % sizeOf(array)}`), item);
    yield* writeOnce(memory.at("tail"), tail + 1);
  }

  *#slot(memory: Memory, index: number): Steps<number> {
    const array = yield* readOnce(memory.at("array"));
    return yield* readOnce(memory.at(`slot ${array}/${index % sizeOf(array)}`));
  }

  *#acquire(memory: Memory): Steps<void> {
    if (this.#lock === "mutex") return yield* lock(memory.mutex("m"));
    // The original exchanges. That would write 1 over 1, and two threads that wait would wake each other for ever.
    while ((yield* cmpxchg(memory.at("lock"), 0, 1)) === 1) yield* cpuRelax();
  }

  *#release(memory: Memory): Steps<void> {
    if (this.#lock === "mutex") yield* unlock(memory.mutex("m"));
    else yield* writeOnce(memory.at("lock"), 0);
  }
}
