/** Footprints: what operations touch, and which of them commute. The relation that partial-order reduction stands on. */

import type { Access, AnyKind, Operation, Touch } from "./operation.ts";
import type { SharedObject } from "./shared-object.ts";
import type { ModelThread } from "./thread.ts";

/** What one operation touches, and how, in the state in which it was or would be performed. */
export interface Footprint extends Touch {
  /** Further locations; mostly there are none. */
  readonly others: readonly Touch[];
}

const NOTHING_ELSE: readonly Touch[] = [];

/** What a pending operation would touch if it were performed now. */
export function footprintOf(operation: Operation<unknown>): Footprint {
  return { access: accessOf(operation), object: operation.object, others: othersOf(operation) };
}

/**
 * The most that an operation could touch as one of a kind, whatever the state; `undefined` when that is not known
 * beforehand, and it must be taken to conflict with everything.
 */
export function widestFootprintOf(operation: Operation<unknown>, kind: AnyKind): Footprint | undefined {
  const { object } = operation;
  return kind.touches === undefined
    ? { access: kind.access, object, others: othersOf(operation) }
    : undefined;
}

/** Whether what an operation of a kind touches depends on the state. */
export function isStateDependent({ accessNow, touches }: AnyKind): boolean {
  return accessNow !== undefined || touches !== undefined;
}

/** How an operation would touch its object if it were performed now. */
export function accessOf({ kind, object, argument, thread }: Operation<unknown>): Access {
  return kind.accessNow === undefined ? kind.access : kind.accessNow(object, argument, thread!);
}

/** Whether steps of other threads can make the operation wait. */
export function isBlockable(kind: AnyKind, thread: ModelThread | undefined): boolean {
  if (kind.isEnabled === undefined || kind.access === "all") return false;
  return kind.isBlockable === undefined || thread === undefined || kind.isBlockable(thread);
}

/** Whether the order of two pending operations can matter. */
export function conflicts(a: Operation<unknown>, b: Operation<unknown>): boolean {
  if (overlap(accessOf(a), a.object, accessOf(b), b.object)) return true;
  const othersA = othersOf(a);
  const othersB = othersOf(b);
  if (othersA.length === 0 && othersB.length === 0) return false;
  return footprintsConflict(
    { access: accessOf(a), object: a.object, others: othersA },
    { access: accessOf(b), object: b.object, others: othersB },
  );
}

/** The same for footprints, which may come from different states of one execution. */
export function footprintsConflict(a: Footprint, b: Footprint): boolean {
  if (overlap(a.access, a.object, b.access, b.object)) return true;
  for (const touch of a.others) {
    if (overlap(touch.access, touch.object, b.access, b.object)) return true;
    for (const other of b.others)
      if (overlap(touch.access, touch.object, other.access, other.object)) return true;
  }
  for (const other of b.others) if (overlap(a.access, a.object, other.access, other.object)) return true;
  return false;
}

function othersOf({ kind, object, argument, thread }: Operation<unknown>): readonly Touch[] {
  const own = kind.touches === undefined ? NOTHING_ELSE : kind.touches(object, argument, thread!);
  const gate = thread?.gate;
  return gate === undefined ? own : [...own, ...gate.touchedBy(thread!)];
}

function overlap(accessA: Access, a: SharedObject, accessB: Access, b: SharedObject): boolean {
  if (accessA !== "none" && accessB !== "none" && !(accessA === "add" && accessB === "add")) {
    const writes = changes(accessA) || changes(accessB);
    if (accessA === "all" || accessB === "all") return writes;
    if (writes && a.location === b.location) return true;
  }
  return livesIn(a, accessB, b) || livesIn(b, accessA, a);
}

/** Whether an access leaves its location other than it was. */
export function changes(access: Access): boolean {
  return access === "write" || access === "add";
}

/** Whether `user` lives in the memory that an operation on `freed` writes. */
function livesIn(user: SharedObject, access: Access, freed: SharedObject): boolean {
  return user.lifetime !== undefined && access === "write" && user.lifetime.location === freed.location;
}
