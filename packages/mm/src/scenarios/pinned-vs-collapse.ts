/** A page that is pinned is not collapsed: the table comes back as it was. */

import { sometimes } from "@mmrace/scheduler";
import { USER_BASE } from "../state/geometry.ts";
import { anonWorld, type AnonCast } from "./anon-collapse.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { store, collapseArea, gupAndPut, anonymous } from "../userspace/calls.ts";

/** `collapse_huge_page` of a pinned page | `unpin_user_page`. Clean on every modelled release. */
export const pinnedVsCollapse: ScenarioFamily = defineFamily<AnonCast>({
  name: "pinned-vs-collapse",
  about: "collapse_huge_page of a page whose pin is given back meanwhile",
  kernelDefault: "6.18",
  userspace: anonymous(
    [store("vma", 0, 1)],
    { collapse: { does: [collapseArea("vma")] }, unpin: { does: gupAndPut("vma") } },
    {
      differs: [
        "the reference is taken in the race as well: a page that has one already is refused by the scan, past which the model begins",
      ],
    },
  ),
  setup: (kernel, geometry) => {
    const w = anonWorld(kernel, geometry);
    w.small.refcount.value++;
    w.small.pins.value++;
    w.pins.pin({ mm: w.vma.mm, address: USER_BASE, folio: w.small, pfn: w.small.pfn });
    return w;
  },
  threads: {
    *collapse(w) {
      yield* w.kernel.mmapReadLock(w, w.vma.mm);
      // Past the scan, which would see the pin.
      yield* w.kernel.collapseHugePage(w, w.vma.mm, USER_BASE);
    },
    *unpin(w) {
      yield* w.kernel.unpinUserPage(w, w.small);
    },
  },
  reaches: () => [
    sometimes("the collapse goes through", (w) => w.reached.has("collapse_huge_page installed a huge page")),
    sometimes("the collapse puts the table back", (w) =>
      w.reached.has("collapse_huge_page put the table back: PAGE_COUNT"),
    ),
  ],
});
