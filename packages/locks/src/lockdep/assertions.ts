/** What a procedure demands of its caller: the kernel's lockdep_assert_held() and might_sleep(), as no step of their own. */

import { Operation, SharedObject, type OperationKind } from "@mmrace/scheduler";
import type { Lock } from "../lock.ts";
import type { Lockdep } from "./lockdep.ts";

const heldKind: OperationKind<Lock, "any" | "exclusive", void> = {
  name: "lockdep_assert_held",
  access: "none",
  isSchedulingPoint: false,
  perform: (lock, mode, thread) => lock.lockdep.assertHeld(thread, lock, mode),
};

/** Where no lock is in sight. */
class Place extends SharedObject {
  override stateValue(): undefined {
    return undefined;
  }
}

const sleepKind: OperationKind<Place, Lockdep, void> = {
  name: "might_sleep",
  access: "none",
  isSchedulingPoint: false,
  perform: ({ name }, lockdep, thread) => lockdep.mightSleep(thread, name),
  describe: () => "might_sleep()",
};

/** Reports it when the thread does not hold the lock, in any mode. */
export function lockdepAssertHeld(lock: Lock): Operation<void> {
  return Operation.of(heldKind, lock, "any");
}

/** Reports it when the thread does not hold the lock for writing. */
export function lockdepAssertHeldWrite(lock: Lock): Operation<void> {
  return Operation.of(heldKind, lock, "exclusive");
}

/** Reports it when the thread may not sleep here. @param where names the place, for the report. */
export function mightSleep(lockdep: Lockdep, where: string): Operation<void> {
  return Operation.of(sleepKind, new Place("context", where), lockdep);
}
