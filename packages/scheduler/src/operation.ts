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
 * `write`. `none` commutes with everything; `all` with nothing that writes: its enabledness looks at all memory, and
 * writes of other threads may enable it but never disable it.
 */
export type Access = "none" | "read" | "write" | "all";

/**
 * What an operation does when it pairs with another: an ablation removes an `acquire` with its `release`.
 *
 * Partial-order reduction relies on more: a `release` is performed by a thread that holds the object (else the operation
 * reports a violation), and as long as it holds it, an `acquire` of another thread that conflicts with the release and
 * has an `isEnabled` is not enabled. A counting semaphore keeps neither promise and must not use roles.
 */
export type Role = "acquire" | "release";

/** The meaning of one sort of operation, as data. `O` is the object acted on, `A` the argument, `R` the result. */
export interface OperationKind<O extends SharedObject, A, R> {
  /** The kernel's spelling, for example `spin_lock`. Part of a site's address. */
  readonly name: string;
  readonly access: Access;
  /**
   * The access of an operation performed in the present state, where that can be less than `access`: a compare and
   * exchange that would fail only reads. Must not change anything.
   */
  readonly accessNow?: (object: O, argument: A) => Access;
  readonly role?: Role;
  /** False for operations that are no scheduling point: they are performed as soon as they are announced. */
  readonly isSchedulingPoint?: boolean;
  /** True when the thread cannot go on without the result, so that no ablation can remove the operation. */
  readonly isIndispensable?: boolean;
  /** Whether the operation can run now. Absent means always. Must not change anything. */
  readonly isEnabled?: (object: O, argument: A, thread: ModelThread) => boolean;
  /** The effect. Runs exactly once, when the thread is picked. */
  readonly perform: (object: O, argument: A, thread: ModelThread) => R;
  /** How a trace shows the performed operation. Absent means `name(object)`. */
  readonly describe?: (object: O, argument: A, result: R) => string;
}

/** One pending or performed operation of one thread. Made by functions such as `readOnce`; used with `yield*` once. */
export class Operation<out R> implements Iterable<Operation<unknown>, R, void> {
  readonly kind: OperationKind<SharedObject, unknown, unknown>;
  readonly object: SharedObject;
  readonly argument: unknown;
  /** Where in the model this operation stands; set by the engine when the operation is announced. */
  site: Site | undefined = undefined;
  #announced = false;

  private constructor(
    kind: OperationKind<SharedObject, unknown, unknown>,
    object: SharedObject,
    argument: unknown,
  ) {
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
    // The engine treats all kinds alike; `object` and `argument` only ever meet the kind they were made with.
    return new Operation<R>(
      kind as unknown as OperationKind<SharedObject, unknown, unknown>,
      object,
      argument,
    );
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
    return { done: true, value: engine.perform(this) as R };
  }
}

/** What one operation touches, and how, in the state in which it was or would be performed. */
export interface Footprint {
  readonly access: Access;
  readonly object: SharedObject;
}

/** What a pending operation would touch if it were performed now. */
export function footprintOf(operation: Operation<unknown>): Footprint {
  return { access: accessOf(operation), object: operation.object };
}

/** The most that an operation could touch, whatever the state. */
export function widestFootprintOf({ kind, object }: Operation<unknown>): Footprint {
  return { access: kind.access, object };
}

/** How an operation would touch its object if it were performed now. */
export function accessOf({ kind, object, argument }: Operation<unknown>): Access {
  return kind.accessNow === undefined ? kind.access : kind.accessNow(object, argument);
}

/** Whether the order of two pending operations can matter. The relation that partial-order reduction stands on. */
export function conflicts(a: Operation<unknown>, b: Operation<unknown>): boolean {
  return overlap(accessOf(a), a.object, accessOf(b), b.object);
}

/** The same for footprints, which may come from different states of one execution. */
export function footprintsConflict(a: Footprint, b: Footprint): boolean {
  return overlap(a.access, a.object, b.access, b.object);
}

function overlap(accessA: Access, a: SharedObject, accessB: Access, b: SharedObject): boolean {
  if (accessA !== "none" && accessB !== "none") {
    const writes = accessA === "write" || accessB === "write";
    if (accessA === "all" || accessB === "all") return writes;
    if (writes && a.location === b.location) return true;
  }
  return livesIn(a, accessB, b) || livesIn(b, accessA, a);
}

/** Whether `user` lives in the memory that an operation on `freed` writes. */
function livesIn(user: SharedObject, access: Access, freed: SharedObject): boolean {
  return user.lifetime !== undefined && access === "write" && user.lifetime.location === freed.location;
}
