/** T1-06: a page is pinned without a lock while it is copied into a huge one. */

import { sometimes } from "@mmrace/scheduler";
import { USER_BASE } from "../state/geometry.ts";
import { anonWorld, madviseCollapseAll, type AnonCast } from "./anon-collapse.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { at, store, collapseArea, NO_FLUSH_IPI, anonymous } from "../userspace/calls.ts";

/**
 * `collapse_huge_page` | `gup_fast` for writing, on CPUs whose flushes do not interrupt. T1-06: fixed by commits
 * 70cbc3cc78a9 and 2ba99c5e0881 (6.1), each of which is enough for it.
 */
export const anonCollapseVsGupFast: ScenarioFamily = defineFamily<AnonCast>({
  name: "anon-collapse-vs-gup-fast",
  about: "collapse_huge_page against a pin that GUP takes without a lock (T1-06)",
  kernelDefault: "6.0",
  userspace: anonymous(
    [store("vma", 0, 1)],
    { collapse: { does: [collapseArea("vma")] }, gup: { does: [{ call: "direct-read", at: at("vma") }] } },
    {
      needs: [NO_FLUSH_IPI, "a file system with O_DIRECT in the directory where the program runs"],
      differs: ["the pin lasts as long as the read; the model's is never given back"],
    },
  ),
  setup: (kernel, geometry) => anonWorld(kernel, geometry, { cpus: 2, flushImpliesIpi: false }),
  threads: {
    *collapse(w) {
      yield* madviseCollapseAll(w, w.vma);
    },
    *gup(w) {
      yield* w.kernel.gupFast(w, w.vma.mm, USER_BASE, { write: true, pin: true });
    },
  },
  reaches: () => [
    sometimes("the collapse goes through", (w) => w.reached.has("collapse_huge_page installed a huge page")),
    sometimes("GUP pins the page", (w) => w.reached.has("gup_fast pinned a page")),
    sometimes("the collapse sees the pin and puts the table back", (w) =>
      w.reached.has("collapse_huge_page put the table back: PAGE_COUNT"),
    ),
    sometimes("the huge page is pinned", (w) => w.pins.all.some(({ folio }) => folio.pages > 1)),
  ],
});
