/** MADV_DONTNEED of a whole table, which may take the table away, against a fault that maps a page into it. */

import { sometimes } from "@mmrace/scheduler";
import { PAGE_SIZE, PMD_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import { cacheFolio, populateFile } from "../state/populate.ts";
import { VM_READ, VM_SHARED, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { hasPtReclaim } from "./abilities.ts";
import { defineFamily, type ScenarioFamily, type Situation } from "./family.ts";
import { load, dontneed, only, ofFile } from "../userspace/calls.ts";

interface Cast extends World {
  vma: Vma;
}

const threads: Situation<Cast>["threads"] = {
  *dontneed(w) {
    yield* w.kernel.madviseDontneed(w, w.vma.mm, USER_BASE, USER_BASE + PMD_SIZE);
  },
  *fault(w) {
    yield* w.kernel.doUserAddrFault(w, w.vma.mm, USER_BASE, false);
  },
};

/** @param gatherPagesMax with 1, the PTE lock is dropped after each page, and the table is no longer known to be empty. */
function setup(gatherPagesMax: number): Situation<Cast>["setup"] {
  return (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const file = w.createFile("shmem");
    cacheFolio(w, file, 0);
    cacheFolio(w, file, 1);
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_READ | VM_SHARED);
    populateFile(w, vma, USER_BASE + PAGE_SIZE);
    w.gatherPagesMax = gatherPagesMax;
    return Object.assign(w, { vma });
  };
}

const eitherOrder = [
  sometimes("the fault comes last", (w: World) => w.mms[0]?.counters.values.rss_file === 1),
  sometimes("the zap comes last", (w: World) => w.mms[0]?.counters.values.rss_file === 0),
];

function reached(what: string): (w: World) => boolean {
  return (w) => w.reached.has(what);
}

/** `MADV_DONTNEED` | `handle_mm_fault` in one table of a shared mapping. */
export const dontneedVsFault: ScenarioFamily = defineFamily<Cast>({
  name: "dontneed-vs-fault",
  about: "MADV_DONTNEED of a whole table, with table reclaim since 6.14, against a read fault in it",
  kernelDefault: "6.14",
  userspace: ofFile(2, [only("vma", 1)], {
    dontneed: { does: [dontneed("vma", "all")] },
    fault: { does: [load("vma")] },
  }),
  setup: setup(Infinity),
  threads,
  reaches: (kernel) => [
    ...eitherOrder,
    ...(hasPtReclaim(kernel)
      ? [sometimes("the table is taken away", reached("zap_pte_range took an empty table away at once"))]
      : []),
  ],
});

/** The same where the zap drops the PTE lock before it has finished, so that it must look at the table once more. */
export const slowDontneedVsFault: ScenarioFamily = defineFamily<Cast>({
  name: "slow-dontneed-vs-fault",
  about:
    "MADV_DONTNEED that fills its gather, and reclaims the table in a second attempt, against a read fault",
  kernelDefault: "6.14",
  userspace: ofFile(
    2,
    [only("vma", 1)],
    { dontneed: { does: [dontneed("vma", "all")] }, fault: { does: [load("vma")] } },
    {
      differs: [
        "the gather that is full after one page has no counterpart: put the delay where zap_pte_range() drops its lock",
      ],
    },
  ),
  setup: setup(1),
  threads,
  reaches: (kernel) => [
    ...eitherOrder,
    ...(hasPtReclaim(kernel)
      ? [
          sometimes("the table is taken away", reached("try_to_free_pte took an empty table away")),
          sometimes("the table is filled before", reached("try_to_free_pte found the table filled again")),
        ]
      : []),
  ],
});
