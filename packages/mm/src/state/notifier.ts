/** MMU notifiers: callbacks to secondary MMUs around an invalidation. Kernel: mm/mmu_notifier.c. */

import type { Lockdep } from "@mmrace/locks";
import { Operation, SharedObject, type OperationKind } from "@mmrace/scheduler";

/** Reduced: no secondary MMU is modelled; the start may sleep, and that is checked. */
export class Notifier extends SharedObject {
  readonly lockdep: Lockdep;

  constructor(lockdep: Lockdep) {
    super("mmu_notifier");
    this.lockdep = lockdep;
  }

  override stateValue(): undefined {
    return undefined;
  }
}

const startKind: OperationKind<Notifier, void, void> = {
  name: "invalidate_range_start",
  access: "none",
  perform: (notifier, _argument, thread) =>
    notifier.lockdep.mightSleep(thread, "mmu_notifier_invalidate_range_start"),
  describe: () => "mmu_notifier_invalidate_range_start()",
};

const endKind: OperationKind<Notifier, void, void> = {
  name: "invalidate_range_end",
  access: "none",
  perform: () => {},
  describe: () => "mmu_notifier_invalidate_range_end()",
};

/** Before entries of a range change. May sleep. */
export function invalidateRangeStart(notifier: Notifier): Operation<void> {
  return Operation.of(startKind, notifier, undefined);
}

/** After they have changed. */
export function invalidateRangeEnd(notifier: Notifier): Operation<void> {
  return Operation.of(endKind, notifier, undefined);
}
