/** User code stores to a page while it is copied into a huge one. */

import { sometimes, type Steps } from "@mmrace/scheduler";
import { pmdLeaf } from "@mmrace/x86-paging";
import { userAccess } from "../hardware/user-access.ts";
import { USER_BASE } from "../state/geometry.ts";
import { anonWorld, type AnonCast } from "./anon-collapse.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";

/**
 * An access up to its end. A fault waits for whoever has taken the table away, under mmap_lock, and tries again: all that
 * a fault comes to whose entry is there again.
 */
function* access(w: AnonCast, store: number | undefined): Steps<void> {
  const { tlb } = w.current;
  while ((yield* userAccess(tlb, { w, vma: w.vma, address: USER_BASE, store })).kind === "fault") {
    w.reached.add("user code faulted");
    yield* w.kernel.mmapReadLock(w, w.vma.mm);
    yield* w.kernel.mmapReadUnlock(w, w.vma.mm);
  }
}

/** `collapse_huge_page` | a load and a store of user code. Clean on every modelled release. */
export const anonCollapseVsStore: ScenarioFamily = defineFamily<AnonCast>({
  name: "anon-collapse-vs-store",
  about: "collapse_huge_page against a load and a store of user code, which faults and waits",
  kernelDefault: "6.18",
  setup: (kernel, geometry) => {
    const w = anonWorld(kernel, geometry);
    w.runOn(1, w.vma.mm);
    return w;
  },
  threads: {
    *collapse(w) {
      yield* w.kernel.mmapReadLock(w, w.vma.mm);
      yield* w.kernel.collapseHugePage(w, w.vma.mm, USER_BASE);
    },
    *user(w) {
      yield* access(w, undefined);
      yield* access(w, 2);
      yield* access(w, undefined);
    },
  },
  reaches: () => [
    sometimes("the collapse goes through", (w) => pmdLeaf(w.mms[0]!.pmds[0]!.value)),
    sometimes("user code waits for the collapse", (w) => w.reached.has("user code faulted")),
  ],
});
