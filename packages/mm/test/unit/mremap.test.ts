/** mremap, one call at a time: entries, tables, trees and labels. */

import {
  cacheFolio,
  populateAnon,
  populateFile,
  populateHugeAnon,
  USER_BASE,
  VM_READ_WRITE,
  VM_SHARED,
  VM_UFFD_WP,
  wholePmd,
  type Vma,
  type World,
} from "@mmrace/mm";
import { PAGE_SIZE, pfnOf, PMD_SIZE, pmdLeaf, pmdNone, pteUffdWp, PUD_SIZE } from "@mmrace/x86-paging";
import { describe, expect, test } from "vitest";
import { alone } from "./alone-in.ts";

const OTHER = USER_BASE + PMD_SIZE;
/** In the second PMD table, under a lock of its own. */
const FAR = USER_BASE + PUD_SIZE;

type Built = World & { vma: Vma };

function anonymous(start: number, end: number, flags = 0): (w: World) => Built {
  return (w) => {
    const vma = w.createVma(w.createMm(2), { start, end, file: null }, VM_READ_WRITE | flags);
    populateAnon(w, vma, start, 7);
    return Object.assign(w, { vma });
  };
}

describe.each(["6.1", "6.6", "6.12", "6.18"])("mremap on %s", (kernel) => {
  test.each([OTHER, FAR])("a whole table goes to 0x%x, and pages are found by their labels", (target) => {
    const { w, result } = alone(kernel, anonymous(USER_BASE, OTHER), (one) =>
      one.kernel.doMremap(one, one.vma, target),
    );
    expect(w.reached.has("move_normal_pmd moved a table")).toBe(true);
    expect(pmdNone(w.vma.mm.slotOf(USER_BASE).value)).toBe(true);
    expect(w.vma.mm.vmas.value).toEqual([result]);
    expect(result.indexOf(target)).toBe(w.vma.indexOf(USER_BASE));
    expect(w.vma.mm.counters.values).toMatchObject({ rss_anon: 1, nr_ptes: 1 });
  });

  test("a part of a table goes entry by entry, and the emptied table is freed", () => {
    const { w } = alone(kernel, anonymous(USER_BASE, USER_BASE + 2 * PAGE_SIZE), (one) =>
      one.kernel.doMremap(one, one.vma, OTHER),
    );
    expect(w.reached.has("move_ptes moved an entry")).toBe(true);
    expect(w.vma.mm.counters.values).toMatchObject({ rss_anon: 1, nr_ptes: 1 });
  });

  test("within one table", () => {
    const { w } = alone(kernel, anonymous(USER_BASE, USER_BASE + PAGE_SIZE), (one) =>
      one.kernel.doMremap(one, one.vma, USER_BASE + 2 * PAGE_SIZE),
    );
    expect(w.vma.mm.counters.values).toMatchObject({ rss_anon: 1, nr_ptes: 1 });
  });

  test.each([OTHER, FAR])("a huge page goes whole to 0x%x", (target) => {
    const build = (w: World): Built => {
      const vma = w.createVma(w.createMm(2), wholePmd(USER_BASE, null), VM_READ_WRITE);
      populateHugeAnon(w, vma);
      return Object.assign(w, { vma });
    };
    const { w } = alone(kernel, build, (one) => one.kernel.doMremap(one, one.vma, target));
    expect(pmdLeaf(w.vma.mm.slotOf(target).value)).toBe(true);
    expect(pmdNone(w.vma.mm.slotOf(USER_BASE).value)).toBe(true);
  });

  test("a file's mapping stays in the file's tree, at its new place", () => {
    const build = (w: World): Built => {
      const file = w.createFile("shmem");
      cacheFolio(w, file, 0);
      const place = { start: USER_BASE, end: USER_BASE + PAGE_SIZE, file };
      const vma = w.createVma(w.createMm(), place, VM_READ_WRITE | VM_SHARED);
      populateFile(w, vma, USER_BASE);
      return Object.assign(w, { vma });
    };
    const { w, result } = alone(kernel, build, (one) => one.kernel.doMremap(one, one.vma, OTHER));
    expect(w.files[0]!.vmas.value).toEqual([result]);
  });

  test("who did not ask to hear of moves loses the protection with the registration", () => {
    const build = anonymous(USER_BASE, OTHER, VM_UFFD_WP);
    const { w, result } = alone(kernel, build, function* (one) {
      yield* one.kernel.userfaultfdWriteprotect(one, one.vma, USER_BASE, USER_BASE + PAGE_SIZE, true);
      return yield* one.kernel.doMremap(one, one.vma, OTHER);
    });
    expect(result.uffdCtx.value).toBeNull();
    const slot = w.vma.mm.slotOf(OTHER);
    const [pte] = w.tableNamedBy(slot.value, slot).ptes.values;
    expect(pteUffdWp(pte!)).toBe(false);
    expect(pfnOf(pte!)).toBe(w.folios[0]!.pfn);
  });
});
