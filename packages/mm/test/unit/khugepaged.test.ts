/** Collapse, one thread at a time: what it leaves behind, and why it refuses. */

import {
  cacheFolio,
  kernels,
  type Folio,
  populateAnon,
  populateFile,
  populateTable,
  proposals,
  SMALL,
  USER_BASE,
  VM_NOHUGEPAGE,
  VM_READ_WRITE,
  VM_SHARED,
  VM_UFFD_MISSING,
  VM_UFFD_WP,
  wholePmd,
  World,
  type AddressSpace,
  type KernelOps,
  type Vma,
} from "@mmrace/mm";
import { folioSetLocked, folioUnlock } from "@mmrace/locks";
import {
  bits,
  FLAG,
  isPmdMigrationEntry,
  makeReadableMigrationEntry,
  mkPte,
  PAGE_SIZE,
  pmdBad,
  pmdLeaf,
  pmdNone,
  swpEntryToPmd,
} from "@mmrace/x86-paging";
import { describe, expect, test } from "vitest";
import { alone } from "./alone.ts";

const releases = [...kernels, ...proposals].map(({ id }) => id);

interface Anon extends World {
  readonly vma: Vma;
  readonly small: Folio;
}

function anon(kernel: KernelOps, flags: number = VM_READ_WRITE): Anon {
  const w = new World(kernel, SMALL);
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), flags);
  return Object.assign(w, { vma, small: populateAnon(w, vma, USER_BASE + PAGE_SIZE, 7) });
}

interface Shmem extends World {
  readonly file: AddressSpace;
  readonly vma: Vma;
  readonly small: Folio;
}

/** A page at index 1, and an empty table over it. */
function shmem(kernel: KernelOps, flags: number = VM_SHARED, isShmem = true): Shmem {
  const w = new World(kernel, SMALL);
  const file = w.createFile("file", isShmem);
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), flags);
  populateTable(w, vma);
  const small = cacheFolio(w, file, 1);
  small.data[0]!.value = 7;
  small.dirty.value = isShmem; // Other files have it from the disk.
  return Object.assign(w, { file, vma, small });
}

/** The huge folio of a file, mapped in two pieces. */
function pieces(kernel: KernelOps): Shmem {
  const w = new World(kernel, SMALL);
  const file = w.createFile("file");
  const small = cacheFolio(w, file, 0, true);
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_SHARED);
  populateFile(w, vma, USER_BASE, 2);
  return Object.assign(w, { file, vma, small });
}

/** Somebody holds the page to the end. */
function pinned(folio: Folio): void {
  folio.refcount.value++;
  folio.pins.value++;
}

function* madvise(w: World & { readonly vma: Vma }) {
  const { mm, start, end } = w.vma;
  yield* w.kernel.mmapReadLock(w, mm);
  const result = yield* w.kernel.madviseCollapse(w, mm, start, end);
  yield* w.kernel.mmapReadUnlock(w, mm);
  return result;
}

const scan = (w: Shmem) => w.kernel.hpageCollapseScanFile(w, w.file);

function slotOf(w: World): ReturnType<World["mms"][0]["slotOf"]> {
  return w.mms[0]!.slotOf(USER_BASE);
}

describe.each(releases)("anonymous memory on %s", (kernel) => {
  test("is copied into a huge page, whose table is deposited empty", () => {
    const { w, result } = alone(kernel, anon, madvise);
    expect(result).toBe("SUCCEED");
    expect(pmdLeaf(slotOf(w).value)).toBe(true);
    const huge = w.folios.at(-1)!;
    expect(huge.data.map(({ value }) => value)).toEqual([0, 7, 0, 0]);
    expect([huge.refcount.value, huge.mapcount.value, huge.lru.value]).toEqual([1, 1, true]);
    expect(w.small.isFreed).toBe(true);
    const [deposit] = slotOf(w).pmdTable.deposits.value;
    expect(deposit!.ptes.values.every(({ lo, hi }) => lo === 0 && hi === 0)).toBe(true);
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_anon: 512, nr_ptes: 1 });
  });

  test("with an entry of the page of zeroes, which costs nothing", () => {
    const { w, result } = alone(
      kernel,
      (ops) => {
        const world = anon(ops);
        populateTable(world, world.vma).ptes.values[0] = mkPte(
          world.zeroFolio.pfn,
          bits(FLAG.PRESENT, FLAG.USER),
        );
        return world;
      },
      madvise,
    );
    expect(result).toBe("SUCCEED");
    expect(w.mms[0]!.counters.values.rss_anon).toBe(512);
  });

  test.each([
    ["VMA_CHECK", (w: Anon) => (w.vma.flags.value |= VM_NOHUGEPAGE)],
    ["EXCEED_NONE_PTE", (w: Anon) => (w.vma.flags.value |= VM_UFFD_MISSING)],
    ["PAGE_COUNT", (w: Anon) => pinned(w.small)],
    ["PAGE_LRU", (w: Anon) => (w.small.lru.value = false)],
  ])("is left as it was: %s", (why, change) => {
    const { w, result } = alone(
      kernel,
      (ops) => {
        const world = anon(ops);
        change(world);
        return world;
      },
      // Past the scan, so that the collapse itself must see it.
      function* (world) {
        yield* world.kernel.mmapReadLock(world, world.vma.mm);
        return yield* world.kernel.collapseHugePage(world, world.vma.mm, USER_BASE);
      },
    );
    expect(result).toBe(why);
    expect(w.tables.size).toBe(1);
    expect(w.tableNamedBy(slotOf(w).value, slotOf(w)).ptes.values[1]!.lo).not.toBe(0);
    expect(w.small.isFreed).toBe(false);
    expect(w.small.lru.value).toBe(why !== "PAGE_LRU");
    expect(w.folios.at(-1)!.isFreed).toBe(true);
  });

  test("a page that somebody has locked puts the table back", () => {
    const { w, result } = alone(kernel, anon, function* (world) {
      yield* folioSetLocked(world.small.lock);
      yield* world.kernel.mmapReadLock(world, world.vma.mm);
      const why = yield* world.kernel.collapseHugePage(world, world.vma.mm, USER_BASE);
      yield* folioUnlock(world.small.lock);
      return why;
    });
    expect(result).toBe("PAGE_LOCK");
    expect(w.reached).toContain("collapse_huge_page put the table back: PAGE_LOCK");
  });
});

describe.each(releases)("a file on %s", (kernel) => {
  test("gets a huge folio with the old contents, and the table goes", () => {
    const { w, result } = alone(kernel, shmem, (world) =>
      world.kernel.hpageCollapseScanFile(world, world.file),
    );
    expect(result).toBe("SUCCEED");
    const huge = w.file.iPages.value[0]!;
    expect(huge.data.map(({ value }) => value)).toEqual([0, 7, 0, 0]);
    expect([huge.pages, huge.refcount.value, huge.mapcount.value]).toEqual([512, 512, 0]);
    expect(w.small.isFreed).toBe(true);
    expect(pmdNone(slotOf(w).value)).toBe(true);
    expect([...w.tables.values()].every(({ lifetime }) => lifetime.ended)).toBe(true);
  });

  test("is mapped whole by MADV_COLLAPSE", () => {
    const { w, result } = alone(kernel, shmem, madvise);
    expect(result).toBe("SUCCEED");
    expect(pmdLeaf(slotOf(w).value)).toBe(true);
    expect(w.file.iPages.value[0]!.refcount.value).toBe(513);
  });

  test.each([
    ["PAGE_COUNT", VM_SHARED, true, (w: Shmem) => pinned(w.small)],
    ["PAGE_LRU", VM_SHARED, true, (w: Shmem) => (w.small.lru.value = false)],
    ["TRUNCATED", VM_SHARED, true, (w: Shmem) => (w.small.mapping.value = null)],
    ["FAIL", VM_SHARED, false, () => undefined],
  ])("is rolled back: %s", (why, flags, isShmem, change) => {
    const { w, result } = alone(
      kernel,
      (ops) => {
        const world = shmem(ops, flags, isShmem);
        change(world);
        return world;
      },
      function* (world) {
        const outcome = yield* world.kernel.collapseFile(world, world.file, world.createFolio(512, false));
        world.small.mapping.value = world.file; // What a row has made up is put right.
        return outcome;
      },
    );
    expect(result).toBe(why);
    expect(w.file.iPages.value[1]).toBe(w.small);
    expect(w.small.lock.owner).toBeUndefined();
    expect(w.small.refcount.value).toBe(why === "PAGE_COUNT" ? 2 : 1);
    expect(w.folios.at(-1)!.isFreed).toBe(true);
    expect(pmdNone(slotOf(w).value)).toBe(false);
  });

  test("with a hole that a userfaultfd waits for is left alone since 6.4", () => {
    const { result } = alone(kernel, (ops) => shmem(ops, VM_SHARED | VM_UFFD_MISSING), scan);
    expect(result).toBe(["4.12", "6.0", "6.1"].includes(kernel) ? "SUCCEED" : "EXCEED_NONE_PTE");
  });

  test("keeps the table of a VMA that is write-protected, since there is such a thing (5.7)", () => {
    const { w } = alone(kernel, (ops) => shmem(ops, VM_SHARED | VM_UFFD_WP), scan);
    expect(pmdNone(slotOf(w).value)).toBe(kernel === "4.12");
  });
});

describe.each(releases)("a table that maps pieces on %s", (kernel) => {
  test.each([
    [true, 512, 513],
    [false, 0, 512],
  ])("is replaced; mapped whole: %s", (isWhole, pages, references) => {
    const { w, result } = alone(kernel, pieces, (world) =>
      world.kernel.collapsePteMapped(world, world.vma.mm, USER_BASE, isWhole),
    );
    expect(result).toBe("SUCCEED");
    expect(pmdLeaf(slotOf(w).value)).toBe(isWhole);
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_file: pages, nr_ptes: 0 });
    expect(w.small.refcount.value).toBe(references);
  });

  test("stays when an anonymous page is among them", () => {
    const { w, result } = alone(
      kernel,
      (ops) => {
        const world = pieces(ops);
        populateAnon(world, world.vma, USER_BASE + 2 * PAGE_SIZE);
        return world;
      },
      (world) => world.kernel.collapsePteMapped(world, world.vma.mm, USER_BASE, true),
    );
    expect(result).toBe("FAIL");
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_file: 2, rss_anon: 1, nr_ptes: 1 });
  });

  test("is found by the daemon, and not mapped", () => {
    const { w } = alone(kernel, pieces, (world) => world.kernel.khugepagedScanMmSlot(world, world.vma.mm));
    expect(pmdNone(slotOf(w).value)).toBe(true);
  });
});

test.each(releases)("on %s the daemon leaves an mm alone that is being torn down", (kernel) => {
  const { w } = alone(
    kernel,
    (ops) => {
      const world = anon(ops);
      world.mms[0]!.users.value = 0;
      return world;
    },
    (world) => world.kernel.khugepagedScanMmSlot(world, world.vma.mm),
  );
  expect(w.folios).toHaveLength(1);
});

test("T1-11 cannot happen on x86-64: what is not present is bad there, even without a test of its own", () => {
  const migrating = swpEntryToPmd(makeReadableMigrationEntry({ lo: 512, hi: 0 }));
  expect(isPmdMigrationEntry(migrating)).toBe(true);
  expect([pmdNone(migrating), pmdLeaf(migrating), pmdBad(migrating)]).toEqual([false, false, true]);
  const { result } = alone(
    "6.1",
    (ops) => {
      const world = pieces(ops);
      return world;
    },
    function* (world) {
      const before = slotOf(world).value;
      slotOf(world).value = migrating;
      const state = yield* world.kernel.findPmdOrThpOrNone(world, slotOf(world));
      slotOf(world).value = before;
      return state;
    },
  );
  expect(result).toBe("PMD_NULL");
});
