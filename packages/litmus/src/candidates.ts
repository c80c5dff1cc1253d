/**
 * Candidate executions: what herd counts. One is a choice, for each read, of the write that it reads from, and for each
 * location of an order of its writes. Executions that differ in the order of steps only are the same candidate.
 * Alglave, Maranget, Tautschnig, "Herding cats", TOPLAS 36(2), 2014.
 */

import {
  drainedBy,
  type MemoryModel,
  type ModelThread,
  type Observer,
  type Operation,
  type SharedObject,
} from "@mmrace/scheduler";

/** A write as `thread.ordinal`; the value at the start is `init`. */
type Write = string;

interface Buffered {
  readonly object: SharedObject;
  readonly write: Write;
}

/** Finds out which candidate each execution is. */
export class CandidateObserver implements Observer {
  readonly #memory: MemoryModel;
  /** By thread: what each of its reads was fed by. */
  #reads: Write[][] = [];
  /** By location: its writes, in the order in which they reached memory. */
  #coherence = new Map<number, Write[]>();
  /** By thread: stores on their way. */
  #buffers: Buffered[][] = [];
  #ordinals: number[] = [];

  constructor(memory: MemoryModel) {
    this.#memory = memory;
  }

  /** The execution that was run last. */
  get candidate(): string {
    const orders = [...this.#coherence]
      .toSorted(([a], [b]) => a - b)
      .map(([at, writes]) => `${at}:${writes.join()}`);
    return `${this.#reads.map((reads) => reads.join()).join("|")} ${orders.join(" ")}`;
  }

  beginExecution(threads: readonly ModelThread[]): void {
    this.#reads = threads.map(() => []);
    this.#buffers = threads.map(() => []);
    this.#ordinals = threads.map(() => 0);
    this.#coherence = new Map();
  }

  onStep({ id }: ModelThread, operation: Operation<unknown>, result: unknown): void {
    const drained = drainedBy(operation);
    if (drained !== undefined) {
      const { object, write } = this.#buffers[drained.thread.id]!.shift()!;
      this.#reach(object, write);
      return;
    }
    const { kind, object, argument } = operation;
    if (kind.order === "load") return this.#read(id, object);
    if (kind.order === "store") return this.#store(id, object);
    if (kind.name !== "xchg" && kind.name !== "update" && kind.name !== "cmpxchg") return;
    this.#read(id, object);
    const isWrite = kind.name !== "cmpxchg" || result === (argument as readonly unknown[])[0];
    if (isWrite) this.#reach(object, this.#newWrite(id));
  }

  #store(thread: number, object: SharedObject): void {
    const write = this.#newWrite(thread);
    if (this.#memory === "tso") this.#buffers[thread]!.push({ object, write });
    else this.#reach(object, write);
  }

  #read(thread: number, object: SharedObject): void {
    const own = this.#buffers[thread]!.findLast((store) => store.object === object)?.write;
    this.#reads[thread]!.push(own ?? this.#coherence.get(object.location)?.at(-1) ?? "init");
  }

  #reach({ location }: SharedObject, write: Write): void {
    const writes = this.#coherence.get(location);
    if (writes === undefined) this.#coherence.set(location, [write]);
    else writes.push(write);
  }

  #newWrite(thread: number): Write {
    return `${thread}.${this.#ordinals[thread]!++}`;
  }
}
