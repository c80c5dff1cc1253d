/**
 * Operations: the visible, atomic actions of model threads.
 *
 * An operation is an object that is its own one-shot iterator, so model code says `const v = yield* readOnce(cell)`
 * and the value is typed. Its first `next()` announces it to the engine. When the strategy keeps the thread running,
 * the operation is performed at once and the generator is not suspended at all; otherwise the thread is suspended
 * *before* the effect, and the next `next()` performs it.
 */

import { activeEngine } from "./active.ts";
import type { SharedObject } from "./shared-object.ts";
import type { Site } from "./site.ts";
import type { ModelThread } from "./thread.ts";

/**
 * How an operation touches its location. Two operations commute unless they touch one location and one of them is a
 * `write` or an `add`; two of `add` commute as well: each changes the location by an amount of its own and learns nothing
 * of it, as atomic_inc does. `none` commutes with everything; `all` with nothing that writes or adds: its enabledness
 * looks at all memory, and changes by other threads may enable it but never disable it.
 */
export type Access = "none" | "read" | "add" | "write" | "all";

/** One location that an operation touches, and how. */
export interface Touch {
  readonly access: Access;
  readonly object: SharedObject;
}

/**
 * What an operation does when it pairs with another: an ablation removes an `acquire` with its `release`.
 *
 * Partial-order reduction relies on more: a `release` is performed by a thread that holds the object (else the operation
 * reports a violation), and as long as it holds it, an `acquire` of another thread that conflicts with the release and
 * has an `isEnabled` is not enabled. A counting semaphore keeps neither promise and must not use roles.
 */
export type Role = "acquire" | "release";

/**
 * How x86 orders an operation when stores are buffered (memory model `tso`):
 *
 * - `locked`: waits until the CPU's own stores have reached memory, then acts on memory in one step. Atomic
 *   read-modify-writes and fences.
 * - `load`: sees the CPU's own newest buffered store to the object, else memory.
 * - `store`: goes into the CPU's store buffer, and reaches memory later.
 * - `none`: has nothing to do with memory.
 */
export type MemoryOrder = "locked" | "load" | "store" | "none";

/** The answer of a `forward` whose store is to another part of the object: look at the store before it. */
export const PASS: unique symbol = Symbol("pass");

/** The answer of a `perform` that could not finish: the thread waits, as the kind's `thenWait`. */
export const MUST_WAIT: unique symbol = Symbol("must wait");

/** The meaning of one sort of operation, as data. `O` is the object acted on, `A` the argument, `R` the result. */
export interface OperationKind<O extends SharedObject, A, R> {
  /** The kernel's spelling, for example `spin_lock`. Part of a site's address. */
  readonly name: string;
  readonly access: Access;
  /**
   * The access of an operation performed in the present state, where that can be less than `access`: a compare and
   * exchange that would fail only reads. Must not change anything.
   */
  readonly accessNow?: (object: O, argument: A, thread: ModelThread) => Access;
  /** Further locations that it would touch in the present state, besides the object. Must not change anything. */
  readonly touches?: (object: O, argument: A, thread: ModelThread) => readonly Touch[];
  readonly role?: Role;
  /** False for operations that are no scheduling point: they are performed as soon as they are announced. */
  readonly isSchedulingPoint?: boolean;
  /** True when the thread cannot go on without the result, so that no ablation can remove the operation. */
  readonly isIndispensable?: boolean;
  /**
   * What is left of the operation when an ablation removes it, as a step in its place: what it promised, where a property asks
   * whether promises are kept. Absent means that nothing is left.
   */
  readonly remainder?: OperationKind<O, A, void>;
  /** True for a read that waits for what it reads: an ablation skips it, where it answers other reads from memory. */
  readonly isWait?: boolean;
  /** Whether the operation can run now. Absent means always. Must not change anything. */
  readonly isEnabled?: (object: O, argument: A, thread: ModelThread) => boolean;
  /** Whether other CPUs can make the operation wait. Absent means: if there is an `isEnabled`. */
  readonly isBlockable?: (thread: ModelThread) => boolean;
  /** The effect. Runs exactly once, when the thread is picked. `MUST_WAIT` makes the thread wait in a second step. */
  readonly perform: (object: O, argument: A, thread: ModelThread) => R | typeof MUST_WAIT;
  /** The second step of an operation that must wait: enabled when the wait is over. */
  readonly thenWait?: OperationKind<O, A, R>;
  /** How a trace shows the performed operation. Absent means `name(object)`. */
  readonly describe?: (object: O, argument: A, result: R) => string;

  /** Absent means: `locked` for writes, adds and acquires, `load` for other reads, else `none`. */
  readonly order?: MemoryOrder;
  /**
   * Of a `store`: what the thread itself notices when it has issued it. The engine calls it under `tso` only, where
   * `touches` tells what this touches; draining touches the object.
   */
  readonly issue?: (object: O, argument: A, thread: ModelThread) => void;
  /** Of a `store`: its effect on memory, when it gets there. Absent means `perform`. */
  readonly drain?: (object: O, argument: A, thread: ModelThread) => void;
  /**
   * Of a `load`: the value it takes from the CPU's own buffered store to the object, given that store's argument.
   * Absent means that it waits until own stores to the object have reached memory.
   */
  readonly forward?: (argument: A, store: unknown) => R | typeof PASS;
}

/** A kind whose types are forgotten: the engine treats all kinds alike. */
export type AnyKind = OperationKind<SharedObject, unknown, unknown>;

/** One pending or performed operation of one thread. Made by functions such as `readOnce`; used with `yield*` once. */
export class Operation<out R> implements Iterable<Operation<unknown>, R, void> {
  /** What it does. The engine puts the kind of the run's memory model in its place, and that of a wait. */
  kind: AnyKind;
  readonly object: SharedObject;
  readonly argument: unknown;
  /** Where in the model this operation stands; set by the engine when the operation is announced. */
  site: Site | undefined = undefined;
  /** Whose operation this is; set by the engine when the operation is announced. */
  thread: ModelThread | undefined = undefined;
  #announced = false;

  private constructor(kind: AnyKind, object: SharedObject, argument: unknown) {
    this.kind = kind;
    this.object = object;
    this.argument = argument;
  }

  /** An operation of `kind` on `object`. */
  static of<O extends SharedObject, A, R>(
    kind: OperationKind<O, A, R>,
    object: O,
    argument: A,
  ): Operation<R> {
    // `object` and `argument` only ever meet the kind they were made with.
    return new Operation<R>(kind as unknown as AnyKind, object, argument);
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** The iterator protocol, for `yield*` only. */
  next(): IteratorResult<Operation<unknown>, R> {
    const engine = activeEngine();
    if (!this.#announced) {
      this.#announced = true;
      if (!engine.announce(this)) return { done: false, value: this };
    }
    for (;;) {
      const result = engine.perform(this);
      if (result !== MUST_WAIT) return { done: true, value: result as R };
      if (!engine.announceWait(this)) return { done: false, value: this };
    }
  }
}

/** Reduces an operation to what is left of it when an ablation removes it. False where nothing is left. */
export function reduce(operation: Operation<unknown>): boolean {
  const { remainder } = operation.kind;
  if (remainder === undefined) return false;
  operation.kind = remainder as AnyKind;
  return true;
}
