/**
 * Grace periods: what RCU waits for. Kernel: Documentation/RCU/Design/Requirements, "Memory-Barrier Guarantees", and
 * kernel/rcu/tree.c, Linux v6.12.
 *
 * Where stores are buffered, every CPU passes a full barrier in a grace period, though no reader executes one: stores
 * that a CPU had buffered when it began, and stores issued inside the sections it waits for, are in memory when it ends.
 */

import { SharedObject, UsageError, type ModelThread, type StoreBuffer, type Touch } from "@mmrace/scheduler";

/** One grace period. As a shared object it is the state that its readers change and its waiter looks at. */
export class GracePeriod extends SharedObject {
  /** Ids of the threads whose read sections it still waits for; for properties. */
  readonly waitsFor: Set<number> = new Set();
  /** By store buffer, how many stores must have reached memory. */
  readonly #stores = new Map<StoreBuffer, number>();

  constructor() {
    super("grace_period");
  }

  /** Nothing of its own: it is part of the state of the RCU that it belongs to. */
  override stateValue(): undefined {
    return undefined;
  }

  /**
   * What it waits for, as a value.
   *
   * @throws {UsageError} where stores are buffered: how many each CPU has issued is no state but a past.
   */
  get content(): unknown {
    if (this.#stores.size > 0)
      throw new UsageError(
        "Grace periods under tso are no states yet; search by replay: dpor(), exhaustive().",
      );
    return [...this.waitsFor].sort((a, b) => a - b);
  }

  /** Begins: it waits for these threads, and for what all CPUs have buffered. `thread` is who asks for it. */
  begin(readers: readonly number[], { storeBuffer }: ModelThread): void {
    for (const id of readers) this.waitsFor.add(id);
    for (const buffer of storeBuffer?.ofAllCpus ?? []) this.#stores.set(buffer, buffer.issued);
  }

  /** A thread has left its outermost read section. */
  noteLeft({ id, storeBuffer }: ModelThread): void {
    if (this.waitsFor.delete(id) && storeBuffer !== undefined) {
      this.#stores.set(storeBuffer, storeBuffer.issued);
    }
  }

  /** Whether it can end. */
  get isOver(): boolean {
    if (this.waitsFor.size > 0) return false;
    for (const [buffer, issued] of this.#stores) if (buffer.drained < issued) return false;
    return true;
  }

  /** What its end depends on: its readers, and the draining of the last store that it waits for, of each CPU. */
  get touchedByEnd(): readonly Touch[] {
    const touches: Touch[] = [{ access: "read", object: this }];
    for (const [buffer, issued] of this.#stores) {
      if (issued > 0) touches.push({ access: "read", object: buffer.slot(issued - 1) });
    }
    return touches;
  }
}

/** What the begin of a grace period looks at besides readers: how much each CPU has stored so far. */
export function touchedByBegin({ storeBuffer }: ModelThread): readonly Touch[] {
  if (storeBuffer === undefined) return [];
  return storeBuffer.ofAllCpus.map((buffer) => ({ access: "read", object: buffer }));
}
