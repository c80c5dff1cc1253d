/** Zapping, alone: what goes, what stays, and that all counts are right afterwards. The oracles recount. */

import {
  USER_BASE,
  VM_SHARED,
  VM_UFFD_WP,
  wholePmd,
  ZAP_PAGES,
  ZAP_UNMAP,
  type Vma,
  type World,
} from "@mmrace/mm";
import { mkGuardMarker, mkUffdWpMarker, PAGE_SIZE, PMD_SIZE, pmdNone, pteNone } from "@mmrace/x86-paging";
import { describe, expect, test } from "vitest";
import {
  cacheFolio,
  populateAnon,
  populateFile,
  populateHugeAnon,
  populateHugeFile,
  populateTable,
} from "../../src/state/populate.ts";
import { alone, RELEASES } from "../support/alone.ts";

const END = USER_BASE + PMD_SIZE;

function anonymous(w: World): { vma: Vma } {
  return { vma: w.createVma(w.createMm(), wholePmd(USER_BASE, null), 3) };
}

function ofFile(w: World, flags = VM_SHARED): { vma: Vma } {
  const file = w.createFile("shmem");
  for (const index of [0, 1, 2]) cacheFolio(w, file, index);
  return { vma: w.createVma(w.createMm(), wholePmd(USER_BASE, file), flags) };
}

function values({ vma }: { vma: Vma }): object {
  return vma.mm.counters.values;
}

describe.each(RELEASES)("MADV_DONTNEED on %s", (release) => {
  const reclaims = release === "6.14" || release === "6.18";

  test("frees anonymous pages, and the table where the release can", () => {
    const w = alone(
      release,
      (world) => {
        const cast = anonymous(world);
        populateAnon(world, cast.vma, USER_BASE);
        populateAnon(world, cast.vma, USER_BASE + 2 * PAGE_SIZE);
        return cast;
      },
      (cast) => cast.kernel.madviseDontneed(cast, cast.vma.mm, USER_BASE, END),
    );
    expect(w.folios.map(({ isFreed }) => isFreed)).toEqual([true, true]);
    expect(values(w)).toMatchObject({ rss_anon: 0, nr_ptes: reclaims ? 0 : 1 });
    expect(pmdNone(w.vma.mm.slotOf(USER_BASE).value)).toBe(reclaims);
  });

  test("of a part of a table leaves the table", () => {
    const w = alone(
      release,
      (world) => {
        const cast = ofFile(world);
        populateFile(world, cast.vma, USER_BASE, 3);
        return cast;
      },
      (cast) => cast.kernel.madviseDontneed(cast, cast.vma.mm, USER_BASE + PAGE_SIZE, END),
    );
    expect(w.folios.map(({ isFreed }) => isFreed)).toEqual([false, false, false]);
    expect(values(w)).toMatchObject({ rss_file: 1, nr_ptes: 1 });
  });

  test.each([
    ["a file", true],
    ["nobody", false],
  ])("takes a huge page of %s whole, with the table that was deposited for it", (_whose, isFile) => {
    const w = alone(
      release,
      (world) => {
        if (!isFile) {
          const cast = anonymous(world);
          populateHugeAnon(world, cast.vma);
          return cast;
        }
        const file = world.createFile("shmem");
        cacheFolio(world, file, 0, true);
        const vma = world.createVma(world.createMm(), wholePmd(USER_BASE, file), VM_SHARED);
        populateHugeFile(vma);
        return { vma };
      },
      (cast) => cast.kernel.madviseDontneed(cast, cast.vma.mm, USER_BASE, END),
    );
    expect(values(w)).toEqual({ nr_ptes: 0, rss_anon: 0, rss_file: 0, rss_swapents: 0 });
    expect(w.folios[0]?.isFreed).toBe(!isFile);
  });

  test("a marker keeps its table, unless it is dropped", () => {
    const left = (details: typeof ZAP_PAGES): boolean => {
      const w = alone(
        release,
        (world) => {
          const cast = ofFile(world);
          populateTable(world, cast.vma).ptes.values[1] = mkUffdWpMarker();
          return cast;
        },
        (cast) => cast.kernel.zapPageRangeSingle(cast, cast.vma, USER_BASE, END, details),
      );
      const table = [...w.tables.values()][0]!;
      return !table.lifetime.ended && !pteNone(table.ptes.values[1]!);
    };
    expect(left({ ...ZAP_PAGES, reclaimPt: true })).toBe(true);
    expect(left({ ...ZAP_UNMAP, reclaimPt: true })).toBe(false);
  });
});

test("private copies of file pages stay where the caller spares them, and so does the table", () => {
  const w = alone(
    "6.18",
    (world) => {
      const cast = ofFile(world, 3);
      populateAnon(world, cast.vma, USER_BASE);
      populateFile(world, cast.vma, USER_BASE + PAGE_SIZE);
      return cast;
    },
    (cast) =>
      cast.kernel.zapPageRangeSingle(cast, cast.vma, USER_BASE, END, {
        ...ZAP_PAGES,
        evenCows: false,
        reclaimPt: true,
      }),
  );
  expect(values(w)).toMatchObject({ rss_anon: 1, rss_file: 0, nr_ptes: 1 });
});

test("guard markers stay", () => {
  const w = alone(
    "6.18",
    (world) => {
      const cast = anonymous(world);
      populateTable(world, cast.vma).ptes.values[0] = mkGuardMarker();
      populateAnon(world, cast.vma, USER_BASE + PAGE_SIZE);
      return cast;
    },
    (cast) => cast.kernel.madviseDontneed(cast, cast.vma.mm, USER_BASE, END),
  );
  expect(values(w)).toMatchObject({ rss_anon: 0, nr_ptes: 1 });
});

test("a write-protected page of a file leaves a marker", () => {
  const w = alone(
    "6.18",
    (world) => {
      const cast = ofFile(world, VM_SHARED | VM_UFFD_WP);
      populateFile(world, cast.vma, USER_BASE);
      const { values: ptes } = populateTable(world, cast.vma).ptes;
      ptes[0] = { lo: ptes[0]!.lo | 0x400, hi: ptes[0]!.hi }; // Bit 10: uffd-wp.
      return cast;
    },
    (cast) => cast.kernel.madviseDontneed(cast, cast.vma.mm, USER_BASE, END),
  );
  expect([...w.tables.values()][0]?.ptes.values[0]).toEqual(mkUffdWpMarker());
});

test("a full gather flushes and goes on, and the table is looked at once more", () => {
  const w = alone(
    "6.18",
    (world) => {
      world.gatherPagesMax = 1;
      const cast = anonymous(world);
      for (const page of [0, 1, 3]) populateAnon(world, cast.vma, USER_BASE + page * PAGE_SIZE);
      return cast;
    },
    (cast) => cast.kernel.madviseDontneed(cast, cast.vma.mm, USER_BASE, END),
  );
  expect(w.reached).toContain("try_to_free_pte took an empty table away");
  expect(values(w)).toMatchObject({ rss_anon: 0, nr_ptes: 0 });
});

test("dirty pages of files hand their dirty bit to the folio", () => {
  const dirty = (release: string): boolean =>
    alone(
      release,
      (world) => {
        const cast = ofFile(world);
        populateFile(world, cast.vma, USER_BASE);
        const { values: ptes } = populateTable(world, cast.vma).ptes;
        ptes[0] = { lo: ptes[0]!.lo | 0x40, hi: ptes[0]!.hi }; // Bit 6: dirty.
        return cast;
      },
      (cast) => cast.kernel.madviseDontneed(cast, cast.vma.mm, USER_BASE, END),
    ).folios[0]!.dirty.value;
  expect(RELEASES.map(dirty)).toEqual(RELEASES.map(() => true));
});

test.each(RELEASES)("on %s a huge page of which a part is discarded is split", (release) => {
  const w = alone(
    release,
    (world) => {
      const cast = anonymous(world);
      populateHugeAnon(world, cast.vma);
      return cast;
    },
    (cast) => cast.kernel.madviseDontneed(cast, cast.vma.mm, USER_BASE, USER_BASE + PAGE_SIZE),
  );
  expect(w.reached).toContain("a huge page was split");
  expect(values(w)).toMatchObject({ rss_anon: 3, nr_ptes: 1 });
});

test("parts of pages are refused", () => {
  expect(() => {
    alone("6.18", anonymous, (cast) =>
      cast.kernel.madviseDontneed(cast, cast.vma.mm, USER_BASE, USER_BASE + 1),
    );
  }).toThrow(/whole pages/);
});
