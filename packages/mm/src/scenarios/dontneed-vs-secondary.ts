/** MADV_DONTNEED against a fault of a secondary MMU, such as that of a virtual machine, on the same page. */

import { sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import { secondaryFault, type SecondaryMmu } from "../state/secondary-mmu.ts";
import { defineFamily, type ScenarioFamily } from "./family.ts";
import { happens, mappedFile, type MappedFile } from "./mapped-file.ts";
import { at, dontneed, only, ofFile } from "../userspace/calls.ts";

interface Cast extends MappedFile {
  secondary: SecondaryMmu;
}

/** `MADV_DONTNEED` | `kvm_mmu_page_fault`. */
export const dontneedVsSecondary: ScenarioFamily = defineFamily<Cast>({
  name: "dontneed-vs-secondary",
  about: "MADV_DONTNEED of a page against a secondary MMU that maps it",
  kernelDefault: "6.18",
  userspace: ofFile(
    1,
    [only("vma"), { arrange: "guest", area: "vma" }],
    {
      dontneed: { does: [dontneed("vma")] },
      secondary: {
        does: [{ call: "guest-load", at: at("vma") }],
        provokes: "a fault of a secondary MMU: that of a virtual machine of KVM, whose memory is the mapping",
      },
    },
    { needs: ["/dev/kvm"] },
  ),
  setup: (kernel, geometry) => {
    const w = mappedFile(kernel, geometry, 1, 1);
    return Object.assign(w, { secondary: w.attachSecondaryMmu(w.vma.mm) });
  },
  threads: {
    *dontneed(w) {
      yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, USER_BASE + PAGE_SIZE);
    },
    *secondary(w) {
      yield* secondaryFault(w, w.secondary, USER_BASE);
    },
  },
  reaches: () => [
    sometimes("the secondary MMU maps the page", (w) => w.secondaryMmus[0]?.shadow.value.size === 1),
    happens("its fault comes in the middle", "the secondary fault must try again"),
  ],
});
